"""Sums over the whole disk, output by output, from the parts of a finished or running series."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from marsdisk.errors import OutputError
from marsdisk.io.series import column_values, read_part
from marsdisk.kernels import CHANNELS
from marsdisk.physics.constants import MARS_MASS
from marsdisk.typing import FloatArray

if TYPE_CHECKING:
    from pathlib import Path


__all__ = ["Totals", "read_totals"]

SUMMED = {
    "on_disk": "sigma_kg_m2",
    "deep": "sigma_deep_kg_m2",
    "initial": "initial_kg_m2",
    "supplied": "supplied_kg_m2",
    **{f"lost_{channel}": f"lost_{channel}_kg_m2" for channel in CHANNELS},
    **{f"rate_{channel}": f"loss_rate_{channel}_kg_m2_s" for channel in CHANNELS},
}
"""Sums over cells, weighted with their area."""

WHOLE = {"time": "time_s", "temperature": "T_M_K", "a_blow": "a_blow_m", "beta_s_min": "beta_s_min"}
"""Values that are the same in every cell."""


@dataclass(frozen=True, slots=True)
class Totals:
    """Arrays over the outputs: masses in M_Mars, rates in M_Mars/s, times in s."""

    time: FloatArray
    temperature: FloatArray
    a_blow: FloatArray
    beta_s_min: FloatArray
    on_disk: FloatArray
    deep: FloatArray
    initial: FloatArray
    supplied: FloatArray
    lost: dict[str, FloatArray]
    rate: dict[str, FloatArray]
    tau: FloatArray
    ledger_residual: FloatArray
    steps: FloatArray
    n_cells: int

    @property
    def all_lost(self) -> FloatArray:
        """Mass lost through all channels [M_Mars]."""
        return np.asarray(np.sum(list(self.lost.values()), axis=0))

    @property
    def all_rates(self) -> FloatArray:
        """Rate of mass loss through all channels [M_Mars s^-1]."""
        return np.asarray(np.sum(list(self.rate.values()), axis=0))


def read_totals(directory: Path) -> Totals:
    """Return the totals of the parts in `directory`, reading one part at a time.

    Raises
    ------
    OutputError
        If there is no finished part.
    """
    names = ["output", "area_m2", "tau", "ledger_residual", "steps", *SUMMED.values()]
    names += WHOLE.values()
    parts: list[dict[str, FloatArray]] = []
    n_cells = 0
    for path in sorted(directory.glob("part-*.parquet")):
        table = read_part(path, names)
        columns = {name: column_values(table[name]) for name in names}
        n_cells = int(np.count_nonzero(columns["output"] == columns["output"][0]))
        parts.append(_sums(columns, n_cells))
    if not parts:
        raise OutputError(directory, "holds no finished part", "run or resume first")
    merged = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    lost = {channel: merged.pop(f"lost_{channel}") for channel in CHANNELS}
    rate = {channel: merged.pop(f"rate_{channel}") for channel in CHANNELS}
    return Totals(**merged, lost=lost, rate=rate, n_cells=n_cells)


def _sums(columns: dict[str, FloatArray], n_cells: int) -> dict[str, FloatArray]:
    """Return sums and means over the cells of each output of one part."""
    cube = {name: values.reshape(-1, n_cells) for name, values in columns.items()}
    area = cube["area_m2"] / MARS_MASS
    result = {key: (cube[name] * area).sum(axis=1) for key, name in SUMMED.items()}
    result |= {key: cube[name][:, 0] for key, name in WHOLE.items()}
    result["tau"] = (cube["tau"] * area).sum(axis=1) / area.sum(axis=1)
    result["ledger_residual"] = np.abs(cube["ledger_residual"]).max(axis=1)
    result["steps"] = cube["steps"].sum(axis=1).astype(np.float64)
    return result
