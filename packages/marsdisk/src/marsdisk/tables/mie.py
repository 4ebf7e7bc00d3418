"""Planck-mean radiation-pressure efficiency of spheres by Mie theory.

Q_pr = Q_ext - g Q_sca comes from ``miepython``.  Spheres with a size parameter beyond ``X_MAX``
are replaced by one of size parameter ``X_MAX`` with the same absorption depth: in geometric optics
Q_pr depends on the refractive index and on the absorption along the path only, so k is raised by
x / X_MAX until the sphere is opaque.  Limitations: homogeneous spheres, no temperature dependence
of the optical constants.
"""

from __future__ import annotations

import importlib
import os

import numpy as np

# miepython reads its documented switch for compiled code when it is imported.
os.environ.setdefault("MIEPYTHON_USE_JIT", "1")

from typing import TYPE_CHECKING

miepython = importlib.import_module("miepython")

if TYPE_CHECKING:
    from collections.abc import Callable

    from marsdisk.tables.optics import OpticalConstants
    from marsdisk.typing import FloatArray

__all__ = ["X_MAX", "planck_mean_qpr", "radiation_pressure_efficiency"]

X_MAX = 1.0e4
"""Largest size parameter computed as a wave; see docs/guide/marsdisk-optics.md for its effect."""

OPAQUE_DEPTH = 20.0
"""Absorption depth 4 k x of an opaque sphere; more absorption changes nothing."""

SECOND_RADIATION_CONSTANT = 1.438776877e-2
"""h c / k_B [m K]; CODATA 2018."""

POINTS_PER_DECADE = 400
"""Wavelengths per decade of the Planck integral; fewer miss the resonances of clear spheres."""


def radiation_pressure_efficiency(
    size: float, wavelength: FloatArray, n: FloatArray, k: FloatArray
) -> FloatArray:
    """Return Q_pr of a sphere at each wavelength.

    Parameters
    ----------
    size : float
        Radius [m], > 0.
    wavelength : (n_w,) float64
        Vacuum wavelength [m], > 0.
    n, k : (n_w,) float64
        Refractive index and extinction coefficient, k >= 0.

    Returns
    -------
    (n_w,) float64
        Q_ext - g Q_sca.

    Notes
    -----
    Source: Bohren & Huffman (1983), section 4.5; van de Hulst (1957), section 12.5.
    """
    x = 2.0 * np.pi * size / wavelength
    capped = np.minimum(x, X_MAX)
    opaque = OPAQUE_DEPTH / (4.0 * X_MAX)
    effective_k = np.maximum(k, np.minimum(k * x / capped, opaque))
    extinction, scattering, _, asymmetry = miepython.efficiencies_mx(n - 1j * effective_k, capped)
    return np.asarray(extinction - asymmetry * scattering, dtype=np.float64)


def planck_weights(wavelength: FloatArray, temperature: FloatArray) -> FloatArray:
    """Return the share of black-body flux of each wavelength, (n_T, n_w), rows sum to one.

    The wavelengths [m] must be evenly spaced in the logarithm; temperatures in K.
    """
    exponent = SECOND_RADIATION_CONSTANT / (wavelength[None, :] * temperature[:, None])
    # wavelength^-5 times wavelength (d ln lambda); expm1 overflows harmlessly to a zero weight.
    with np.errstate(over="ignore"):
        weight = wavelength[None, :] ** -4.0 / np.expm1(exponent)
    weight[:, [0, -1]] *= 0.5
    return np.asarray(weight / weight.sum(axis=1, keepdims=True))


def planck_mean_qpr(
    constants: OpticalConstants,
    sizes: FloatArray,
    temperatures: FloatArray,
    on_progress: Callable[[int, int], None] | None = None,
) -> FloatArray:
    """Return the Planck-mean Q_pr.

    Parameters
    ----------
    constants : OpticalConstants
        n and k over wavelength.
    sizes : (n_s,) float64
        Radii [m].
    temperatures : (n_T,) float64
        Temperatures of the source [K].
    on_progress : callable, optional
        Called with finished and total number of sizes.

    Returns
    -------
    (n_T, n_s) float64

    Notes
    -----
    Source: integral Q_pr B d lambda over integral B d lambda (Burns, Lamy & Soter 1979, Eq. 19).
    """
    span = np.log10(constants.wavelength[-1] / constants.wavelength[0])
    wavelength = np.geomspace(
        constants.wavelength[0], constants.wavelength[-1], int(span * POINTS_PER_DECADE) + 1
    )
    n, k = constants.at(wavelength)
    weights = planck_weights(wavelength, temperatures)
    result = np.empty((temperatures.size, sizes.size))
    for i, size in enumerate(sizes):
        # One matrix-vector product per size keeps the result independent of the other sizes.
        result[:, i] = weights @ radiation_pressure_efficiency(float(size), wavelength, n, k)
        if on_progress is not None:
            on_progress(i + 1, sizes.size)
    return result
