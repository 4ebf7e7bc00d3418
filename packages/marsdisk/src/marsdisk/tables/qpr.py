"""Tables of the Planck-mean radiation-pressure efficiency: build, keep on disk, look up.

The table of fused silica comes with the package, computed by ``marsdisk tables build``; tables of
other materials are computed when first asked for and kept in the user's cache directory, together
with the source of the optical constants, their digest and the versions that computed them.
"""

from __future__ import annotations

import hashlib
import importlib
import json
import os
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from marsdisk.errors import OutputError, TableError
from marsdisk.io.files import atomic_file
from marsdisk.physics import radiation
from marsdisk.tables.columns import read_columns, require_rectangle
from marsdisk.tables.optics import OpticalConstants, database_page, nk_file
from marsdisk.typing import FloatArray

if TYPE_CHECKING:
    from collections.abc import Callable


__all__ = [
    "QprTable",
    "build_table",
    "cached_table",
    "read_table",
    "write_table",
]

SIZES = np.concatenate((np.geomspace(1e-8, 1e-4, 161), np.geomspace(1e-4, 10.0, 51)[1:]))
"""Radii of computed tables [m]: 40 per decade where Q_pr turns, 10 where it is smooth."""

TEMPERATURES = np.geomspace(300.0, 6500.0, 100)
"""Temperatures of computed tables [K]."""

SILICA_PAGE = "main/SiO2/Franta"
"""Fused silica, 0.025 to 125 um: Franta et al. 2016, CC0 through refractiveindex.info."""


@dataclass(frozen=True, slots=True)
class QprTable:
    """Q_pr (n_T, n_s) over temperature [K] and radius [m], both ascending, with its origin."""

    temperatures: FloatArray
    sizes: FloatArray
    qpr: FloatArray
    provenance: dict[str, Any] = field(default_factory=dict)

    @property
    def _columns(self) -> tuple[FloatArray, FloatArray, FloatArray]:
        return self.sizes, self.temperatures, self.qpr

    def at(self, size: FloatArray | float, temperature: float) -> FloatArray:
        """Return Q_pr by linear interpolation in T and ln s, end values held."""
        return radiation.interpolate_qpr(np.asarray(size), temperature, *self._columns)

    def critical_sizes(self, temperature: float, density: float) -> FloatArray:
        """Return every radius [m], ascending, at which beta of a grain of the table is 1/2."""
        roots = radiation.critical_sizes(temperature, density, *self._columns)
        # Below the table Q_pr is held, which ends in one more root that no table vouches for.
        return np.asarray(roots[roots >= self.sizes[0]])


def build_table(
    constants: OpticalConstants, on_progress: Callable[[int, int], None] | None = None
) -> QprTable:
    """Compute the table of a material by Mie theory; takes about a minute."""
    mie = importlib.import_module("marsdisk.tables.mie")
    qpr = mie.planck_mean_qpr(constants, SIZES, TEMPERATURES, on_progress)
    provenance = {
        "source": constants.source,
        "optical_constants_sha256": constants.digest,
        "wavelength_um": [float(w) * 1e6 for w in constants.wavelength[[0, -1]]],
        "method": f"Mie theory, Planck mean; size parameters above {mie.X_MAX:g} by equal "
        "absorption depth",
        "versions": {name: metadata.version(name) for name in ("miepython", "refractiveindex")},
    }
    return QprTable(TEMPERATURES.copy(), SIZES.copy(), qpr, provenance)


def cache_directory() -> Path:
    """Return the directory of computed tables: MARSDISK_CACHE_DIR, or the user's cache."""
    configured = os.environ.get("MARSDISK_CACHE_DIR")
    if configured:
        return Path(configured)
    return Path(importlib.import_module("platformdirs").user_cache_dir("marsdisk"))


def cached_table(
    optics: str, location: str | None = None, on_progress: Callable[[int, int], None] | None = None
) -> QprTable:
    """Return the table of a material, computed once and then read from disk.

    Parameters
    ----------
    optics : {'sio2', 'refractiveindex', 'nk_file'}
        Kind of source.
    location : str, optional
        Page of the database or path of the file.
    on_progress : callable, optional
        Called with finished and total number of sizes while a table is computed.

    Raises
    ------
    ConfigurationError, TableError
        If the optical constants cannot be used.
    """
    if optics == "sio2":
        return read_table(Path(__file__).parent / "data" / "qpr_sio2.npz")
    constants = nk_file(location or "") if optics == "nk_file" else database_page(location or "")
    identity = f"{constants.digest} {metadata.version('miepython')} {SIZES.size}"
    name = f"qpr_{hashlib.sha256(identity.encode()).hexdigest()[:16]}.npz"
    path = cache_directory() / name
    if path.is_file():
        return read_table(path)
    table = build_table(constants, on_progress)
    try:
        write_table(path, table)
    except OutputError:
        # A cache that cannot be written costs time, never the run.
        return table
    return table


def write_table(path: Path, table: QprTable) -> None:
    """Write `table` atomically as npz, with its provenance as JSON inside.

    Raises
    ------
    OutputError
        If the file cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(path, str(error), "choose another directory") from error
    with atomic_file(path) as stream:
        np.savez_compressed(
            stream,
            temperatures=table.temperatures,
            sizes=table.sizes,
            qpr=table.qpr,
            provenance=np.array(json.dumps(table.provenance)),
        )


def read_table(path: str | Path) -> QprTable:
    """Return a table written by :func:`write_table`, or a user's CSV or Parquet table.

    A user's table has columns ``T_M`` [K], ``s`` [m] and ``Q_pr`` on a full rectangle.

    Raises
    ------
    TableError
        If the file cannot be used.
    """
    path = Path(path)
    if path.suffix == ".npz":
        try:
            with path.open("rb") as stream, np.load(stream, allow_pickle=False) as data:
                provenance = json.loads(str(data["provenance"]))
                return QprTable(data["temperatures"], data["sizes"], data["qpr"], provenance)
        except (OSError, ValueError, KeyError) as error:
            raise TableError(path, f"cannot be read ({error})", "delete it") from error
    columns = read_columns(path, {"T_M": "K", "s": "m", "Q_pr": ""})
    temperatures, sizes, qpr = require_rectangle(path, *columns.values())
    if sizes[0] <= 0.0 or temperatures[0] <= 0.0 or qpr.min() < 0.0:
        raise TableError(path, "s and T_M must be > 0 and Q_pr >= 0", "check units and columns")
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return QprTable(temperatures, sizes, qpr, {"source": path.name, "sha256": digest})
