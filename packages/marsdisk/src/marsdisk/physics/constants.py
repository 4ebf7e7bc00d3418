"""Constants of nature and of Mars, SI units. One home for all of them."""

from __future__ import annotations

__all__ = [
    "DAY",
    "GAS_CONSTANT",
    "GRAVITATION",
    "LIGHT_SPEED",
    "MARS_MASS",
    "MARS_RADIUS",
    "STEFAN_BOLTZMANN",
    "YEAR",
]

GRAVITATION = 6.67430e-11
"""G [m^3 kg^-1 s^-2], CODATA 2018."""
LIGHT_SPEED = 2.99792458e8
"""c [m s^-1], exact."""
STEFAN_BOLTZMANN = 5.670374419e-8
"""sigma [W m^-2 K^-4], CODATA 2018."""
GAS_CONSTANT = 8.314462618
"""R [J mol^-1 K^-1], CODATA 2018."""
MARS_MASS = 6.4171e23
"""M [kg]."""
MARS_RADIUS = 3.3895e6
"""R [m], volumetric mean."""
DAY = 86400.0
"""[s]."""
YEAR = 365.25 * DAY
"""Julian year [s]."""
