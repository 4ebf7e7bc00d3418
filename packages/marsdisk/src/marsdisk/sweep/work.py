"""One run of a sweep, as a function of plain values that any worker can call."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, Any

from marsdisk.config import Config
from marsdisk.config.translate import parameters
from marsdisk.environment import execution
from marsdisk.errors import MarsdiskError
from marsdisk.kernels import CHANNELS
from marsdisk.physics.constants import MARS_MASS, YEAR
from marsdisk.simulation import Simulation

if TYPE_CHECKING:
    from marsdisk.snapshot import Snapshot

__all__ = ["run_point"]


def run_point(index: int, identity: str, tree: dict[str, Any], threads: int = 1) -> dict[str, Any]:
    """Return the row of one run: results, or why it failed.

    A run that raises one of this package's errors is recorded, not repeated: it would fail again.
    """
    begin = time.perf_counter()
    row: dict[str, Any] = {"run": index, "identity": identity, "status": "failed", "error": ""}
    try:
        row |= _results(Config.from_tree(tree), threads)
        row["status"] = "finished"
    except MarsdiskError as error:
        row["error"] = str(error)
    return row | {"wall_time_s": time.perf_counter() - begin, "worker": f"pid-{os.getpid()}"}


def _results(config: Config, threads: int) -> dict[str, Any]:
    cells = config.geometry.Nr if config.geometry.mode == "1D" else 1
    simulation = Simulation(parameters(config, execution(cells, threads=threads, configured=None)))
    worst = 0.0
    last: Snapshot | None = None
    for last in simulation.snapshots():
        worst = max(worst, float(abs(last.ledger_residual).max()))
    if last is None:
        return {}
    area = simulation.plan.area / MARS_MASS
    years = last.time / YEAR
    lost = {
        f"lost_{channel}_Mmars": float((last.lost[:, i] * area).sum())
        for i, channel in enumerate(CHANNELS)
    }
    return {
        "stop_reason": simulation.stop_reason,
        "t_reached_years": years,
        "mass_initial_Mmars": float((last.initial * area).sum()),
        "mass_supplied_Mmars": float((last.supplied * area).sum()),
        "mass_on_disk_Mmars": float((last.sigma * area).sum()),
        "mass_lost_Mmars": sum(lost.values()),
        **lost,
        "loss_rate_Mmars_s": float((last.loss_rate.sum(axis=1) * area).sum()),
        "T_M_final_K": last.temperature,
        "a_blow_final_m": last.a_blow,
        "tau_max": float(last.tau.max()),
        "steps_per_cell_and_year": float(last.steps.sum()) / cells / years if years > 0 else 0.0,
        "ledger_residual_max": worst,
    }
