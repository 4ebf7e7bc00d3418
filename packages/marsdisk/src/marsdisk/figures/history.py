"""Arrays that the pictures show, read from the parts of a series one at a time."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow.parquet as pq

from marsdisk.io.series import column_values, list_values, part_range, read_part
from marsdisk.io.totals import Totals, read_totals
from marsdisk.kernels import CHANNELS
from marsdisk.physics.constants import YEAR
from marsdisk.typing import FloatArray

if TYPE_CHECKING:
    from pathlib import Path


__all__ = ["History", "read_history"]

CURVES = 9
"""Size distributions drawn in one picture."""


@dataclass(frozen=True, slots=True)
class History:
    """A run as arrays: `maps` by name (outputs, cells); `distributions` (curves, bins)."""

    totals: Totals
    radius_edges_RM: FloatArray  # noqa: N815 -- carries its unit, like the column
    maps: dict[str, FloatArray]
    size_edges: FloatArray
    distributions: FloatArray
    distribution_times: FloatArray

    @property
    def years(self) -> FloatArray:
        """Times of the outputs [yr]."""
        return np.asarray(self.totals.time / YEAR)


MAPPED = {
    "sigma": "sigma_kg_m2",
    "tau": "tau",
    **{channel: f"loss_rate_{channel}_kg_m2_s" for channel in CHANNELS},
}


def read_history(directory: Path) -> History:
    """Return the arrays of the series in `directory`.

    Raises
    ------
    OutputError
        If there is no finished part.
    """
    totals = read_totals(directory)
    paths = sorted(directory.glob("part-*.parquet"))
    metadata = pq.read_schema(paths[0]).metadata
    size_edges = np.array(json.loads(metadata[b"size_edges_m"]))
    chosen = _chosen_outputs(totals.time)
    blocks: dict[str, list[FloatArray]] = {name: [] for name in MAPPED}
    curves: dict[int, FloatArray] = {}
    radius = np.empty(0)
    for path in paths:
        table = read_part(path, ["r_RM", *MAPPED.values()])
        radius = column_values(table["r_RM"])[: totals.n_cells]
        for name, column in MAPPED.items():
            blocks[name].append(column_values(table[column]).reshape(-1, totals.n_cells))
        curves |= _curves(path, chosen, totals.n_cells)
    picked = sorted(curves)
    return History(
        totals=totals,
        radius_edges_RM=_edges(radius),
        maps={name: np.concatenate(parts) for name, parts in blocks.items()},
        size_edges=size_edges,
        distributions=np.array([curves[k] for k in picked]),
        distribution_times=totals.time[picked],
    )


def _chosen_outputs(times: FloatArray) -> set[int]:
    """Return the outputs whose distribution is drawn: the start, then evenly in log time."""
    if times.size <= CURVES:
        return set(range(times.size))
    wanted = np.geomspace(times[1], times[-1], CURVES - 1)
    return {0, *(int(np.argmin(np.abs(times - t))) for t in wanted)}


def _curves(path: Path, chosen: set[int], n_cells: int) -> dict[int, FloatArray]:
    """Return the area-weighted mean mass per bin [kg m^-2] of the chosen outputs of one part."""
    first, last = part_range(path)
    wanted = [k for k in chosen if first <= k <= last]
    if not wanted or "mass_kg_m2" not in pq.read_schema(path).names:
        return {}
    table = read_part(path, ["area_m2", "mass_kg_m2"])
    area = column_values(table["area_m2"])[:n_cells]
    mass = list_values(table["mass_kg_m2"])
    cube = mass.reshape(last - first + 1, n_cells, -1)
    return {k: area @ cube[k - first] / area.sum() for k in wanted}


def _edges(centres: FloatArray) -> FloatArray:
    if centres.size == 1:
        return np.array([centres[0] * 0.98, centres[0] * 1.02])
    middle = 0.5 * (centres[1:] + centres[:-1])
    first, last = 2.0 * centres[0] - middle[0], 2.0 * centres[-1] - middle[-1]
    return np.concatenate(([first], middle, [last]))
