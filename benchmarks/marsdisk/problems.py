"""The problems that are timed: the baseline of the package at several resolutions."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from marsdisk import environment
from marsdisk.config import Config
from marsdisk.config.translate import parameters
from marsdisk.parameters import Execution, Integrator, Parameters
from marsdisk.physics.constants import YEAR

__all__ = ["baseline", "with_scheme"]


def baseline(
    bins: int,
    *,
    cells: int = 32,
    years: float = 2.0,
    outputs: int = 100,
    threads: int = 1,
    rtol: float = 1e-3,
) -> Parameters:
    """Return the `baseline` preset with another resolution, span and tolerance."""
    settled = environment.execution(cells, threads=1, configured=None, environ={})
    problem = parameters(Config.preset("baseline"), settled)
    times = np.linspace(years / outputs, years, outputs) * YEAR
    numerics = replace(problem.numerics, output_times=times, rtol=rtol)
    return replace(
        problem,
        grid=replace(problem.grid, n_bins=bins),
        disk=replace(problem.disk, n_cells=cells),
        numerics=numerics,
        execution=Execution(threads=threads),
    )


def with_scheme(problem: Parameters, integrator: Integrator) -> Parameters:
    """Return `problem` solved with another scheme."""
    return replace(problem, numerics=replace(problem.numerics, integrator=integrator))
