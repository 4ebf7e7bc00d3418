"""What other modules may import from ``tighten.parameters``."""

from __future__ import annotations

import tighten.parameters


def test_exported_names() -> None:
    assert tighten.parameters.__all__ == [
        "Binding", "Configuration", "Domain", "Expression", "Parameter", "Place", "Reading",
        "Space", "Value", "arguments", "configuration_key", "edited_files", "environment",
    ]  # fmt: skip
    assert all(hasattr(tighten.parameters, name) for name in tighten.parameters.__all__)
