"""The state of a run at an output time, in a form that survives a file."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from marsdisk.errors import CheckpointError
from marsdisk.kernels.records import CHANNELS, State

if TYPE_CHECKING:
    from marsdisk.plan import RunPlan
    from marsdisk.typing import FloatArray

__all__ = ["Checkpoint", "copy_state", "initial_state", "pack", "unpack"]

VERSION = 1


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """Everything needed to go on: `arrays` by name, JSON-able `scalars`, identity of the run.

    `scalars` holds at least "time" [s] and "output_index".
    """

    arrays: dict[str, np.ndarray]
    scalars: dict[str, int | float | str]
    fingerprint: str
    version: int = field(default=VERSION)


def initial_state(plan: RunPlan, feedback: float) -> State:
    """Return the state at t = 0."""
    cells = plan.n_cells
    return State(
        mass=plan.sigma0[:, None] * plan.initial_fraction,
        deep=np.zeros(cells),
        supplied=np.zeros(cells),
        transported=np.zeros(cells),
        lost=np.zeros((cells, len(CHANNELS))),
        carry=np.zeros((cells, len(CHANNELS) + 1)),
        defect=np.zeros(cells),
        step=np.zeros(cells),
        eccentricity=plan.eccentricity.copy(),
        inclination=plan.inclination.copy(),
        feedback=np.full(cells, feedback),
        reservoir=plan.reservoir.copy(),
        counts=np.zeros((cells, 3), np.int64),
        active=np.ones(cells, np.bool_),
        stop=np.full((cells, 2), np.nan),
        energy=np.zeros((cells, 5)),
    )


def copy_state(state: State) -> State:
    """Return a deep copy."""
    return State._make(array.copy() for array in state)


def pack(state: State, initial: FloatArray, plan: RunPlan, time: float, index: int) -> Checkpoint:
    """Return `state` as a checkpoint; `initial` (cells,) [kg m^-2] is the mass at t = 0."""
    arrays = {name: array.copy() for name, array in state._asdict().items()}
    arrays["initial"] = initial.copy()
    return Checkpoint(arrays, {"time": time, "output_index": index}, plan.fingerprint)


def unpack(checkpoint: Checkpoint, plan: RunPlan) -> tuple[State, FloatArray, float, int]:
    """Return state, initial mass, time [s] and output index of a checkpoint of this run.

    Raises
    ------
    CheckpointError
        If it belongs to another format, another problem or another grid.
    """
    if checkpoint.version != VERSION:
        detail = f"checkpoint format {checkpoint.version} is not {VERSION}"
        raise CheckpointError(detail, "resume with the version of marsdisk that wrote it")
    if checkpoint.fingerprint != plan.fingerprint:
        raise CheckpointError(
            "the checkpoint belongs to a run with other parameters",
            "resume with the configuration stored beside it, or start a new run",
        )
    model = initial_state(plan, 1.0)
    fields = {}
    for name, array in model._asdict().items():
        stored = checkpoint.arrays.get(name)
        if stored is None or stored.shape != array.shape or stored.dtype != array.dtype:
            raise CheckpointError(
                f"array {name!r} of the checkpoint is missing or has the wrong shape",
                "use an earlier checkpoint",
            )
        fields[name] = np.array(stored, order="C")
    initial = np.array(checkpoint.arrays["initial"])
    scalars = checkpoint.scalars
    return State(**fields), initial, float(scalars["time"]), int(scalars["output_index"])
