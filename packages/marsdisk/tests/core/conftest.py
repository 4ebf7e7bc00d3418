"""Problems small enough to run in every test."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from marsdisk.parameters import (
    BlowOut,
    Collisions,
    Disk,
    Drivers,
    Execution,
    InitialState,
    Numerics,
    Parameters,
    Phase,
    Radiation,
    Sinks,
    SizeGrid,
    Strength,
    Sublimation,
    Supply,
    SupplyKind,
    SupplySegment,
    Temperature,
    TemperatureMode,
)
from marsdisk.physics.constants import DAY, MARS_RADIUS

BASALT = Strength(
    np.array([3.0, 5.0]), np.array([[3.5e7, 0.38, 0.3, 1.36], [9.0e7, 0.36, 0.5, 1.36]])
)
RAMP = Phase(enabled=True, t_condense=2162.0, t_vaporize=2163.0, use_grain_temperature=True)
DRIVERS = Drivers(
    temperature=Temperature(TemperatureMode.SLAB, 3000.0),
    radiation=Radiation(np.array([1e-6]), np.array([2000.0]), np.array([[0.65]])),
    blow_out=BlowOut(),
    phase=RAMP,
    sublimation=Sublimation(),
)
PROBLEM = Parameters(
    disk=Disk(1.1 * MARS_RADIUS, 2.7 * MARS_RADIUS, 4),
    grid=SizeGrid(1e-7, 3.0, 24, 3270.0),
    initial=InitialState(),
    drivers=DRIVERS,
    collisions=Collisions(BASALT),
    supply=Supply(enabled=True, segments=(SupplySegment(SupplyKind.CONSTANT),), mu_orbit=1.0),
    sinks=Sinks(),
    numerics=Numerics(np.array([1.0, 5.0, 20.0]) * DAY),
    execution=Execution(),
)


def build_problem(**changes: object) -> Parameters:
    """Four cells, 24 bins, everything on, 20 days; `changes` replace whole groups."""
    inner = {name: group for name, group in changes.items() if hasattr(DRIVERS, name)}
    outer = {name: group for name, group in changes.items() if name not in inner}
    drivers = replace(DRIVERS, **inner)  # type: ignore[arg-type]
    return replace(PROBLEM, drivers=drivers, **outer)  # type: ignore[arg-type]


@pytest.fixture
def problem() -> Callable[..., Parameters]:
    """Return the builder of small problems."""
    return build_problem
