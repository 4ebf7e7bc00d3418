"""Evolution of the debris disk inside the Roche limit of Mars.

>>> from marsdisk import Config
>>> Config.preset("minimal").sizes.n_bins
40
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from marsdisk.api import simulate
    from marsdisk.config import Config, preset_names
    from marsdisk.errors import ConfigurationError, MarsdiskError

__all__ = ["Config", "ConfigurationError", "MarsdiskError", "preset_names", "simulate"]

_HOMES = {
    "Config": "marsdisk.config",
    "ConfigurationError": "marsdisk.errors",
    "MarsdiskError": "marsdisk.errors",
    "preset_names": "marsdisk.config",
    "simulate": "marsdisk.api",
}


def __getattr__(name: str) -> Any:
    # The compiled kernels take a second to load; `marsdisk --help` must not wait for them.
    if name in _HOMES:
        return getattr(importlib.import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'marsdisk' has no attribute {name!r}")
