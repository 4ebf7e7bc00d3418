"""Fit the constants of the elementary functions and write coefficients.rs.

`python packages/quantforge/tools/fit_coefficients.py` writes the file of the core crate anew;
`--check` only compares and exits with 1 if a digit differs. Chebyshev series in 60-digit arithmetic
(mpmath), converted to monomials and rounded once; takes about ten seconds.
"""

import argparse
import math
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import mpmath as mp  # type: ignore[import-untyped]
import numpy as np

TARGET = Path(__file__).parents[1] / "crates/quantforge-core/src/coefficients.rs"

MILLS_SHIFT, MILLS_SCALE = mp.mpf(6), mp.mpf(79) / 8
MILLS_RANGE = (mp.mpf(-1) / 2, mp.mpf(40))
ROUGH_SHIFT, ROUGH_SCALE = mp.mpf(17) / 4, mp.mpf(55) / 8
ROUGH_DEGREE = 11
MILLS_DEGREE, LOG_DEGREE, EXP_DEGREE, INVERSE_DEGREE = 24, 8, 4, 10
POINTS = 80  # nodes of every fit: many more than coefficients
HEAD_BITS = 41  # leading parts are multiples of 2^-41, so that integer multiples of them are exact

Function = Callable[[Any], Any]


def chebyshev(f: Function, low: Any, high: Any, degree: int) -> list[Any]:
    """Return monomial coefficients, lowest first, of the Chebyshev series of `f` on [low, high]."""
    angles = [mp.pi * (i + mp.mpf(1) / 2) / POINTS for i in range(POINTS)]
    values = [f(low + (high - low) * (mp.cos(angle) + 1) / 2) for angle in angles]
    series = [
        sum(v * mp.cos(j * angle) for v, angle in zip(values, angles, strict=True)) * 2 / POINTS
        for j in range(degree + 1)
    ]
    series[0] /= 2
    slope, shift = 2 / (high - low), -(high + low) / (high - low)
    return _monomials(series, slope, shift)


def _monomials(series: list[Any], slope: Any, shift: Any) -> list[Any]:
    """Return the coefficients in w of a Chebyshev series in `slope w + shift`."""
    before, now = [mp.mpf(1)], [shift, slope]
    result = [mp.mpf(0)] * len(series)
    for weight in series:
        for power, coefficient in enumerate(before):
            result[power] += weight * coefficient
        following = [mp.mpf(0)] * (len(now) + 1)
        for power, coefficient in enumerate(now):
            following[power] += 2 * shift * coefficient
            following[power + 1] += 2 * slope * coefficient
        for power, coefficient in enumerate(before):
            following[power] -= coefficient
        before, now = now, following
    return result


def mills_ratio(z: Any) -> Any:
    """Return `N(-z) / n(z)`."""
    return mp.sqrt(mp.pi / 2) * mp.exp(z * z / 2) * mp.erfc(z / mp.sqrt(2))


def mills_coefficients() -> list[Any]:
    """Return `P` with `M(z) = u P(w)`, whose derivative is what is fitted."""
    low, high = (1 - MILLS_SCALE / (z + MILLS_SHIFT) for z in MILLS_RANGE)

    def slope(w: Any) -> Any:
        z = MILLS_SCALE / (1 - w) - MILLS_SHIFT
        ratio = mills_ratio(z)
        by_z = (z * ratio - 1) * (z + MILLS_SHIFT) + ratio
        return by_z * (z + MILLS_SHIFT) ** 2 / MILLS_SCALE

    derivative = chebyshev(slope, low, high, MILLS_DEGREE - 1)
    constant = mills_ratio(MILLS_SCALE - MILLS_SHIFT) * MILLS_SCALE
    return [constant] + [c / (k + 1) for k, c in enumerate(derivative)]


def rough_mills_coefficients() -> list[Any]:
    """Return `P` with `M(z) = u P(w)` for eight digits."""
    low, high = (1 - ROUGH_SCALE / (z + ROUGH_SHIFT) for z in MILLS_RANGE)

    def value(w: Any) -> Any:
        shifted = ROUGH_SCALE / (1 - w)
        return mills_ratio(shifted - ROUGH_SHIFT) * shifted

    return chebyshev(value, low, high, ROUGH_DEGREE)


def log_tail(x: Any) -> Any:
    """Return `(ln(1 + x) - x + x^2/2) / x^3`."""
    return mp.mpf(1) / 3 - x / 4 if abs(x) < 1e-12 else (mp.log1p(x) - x + x * x / 2) / x**3


def exp_tail(x: Any) -> Any:
    """Return `(exp(x) - 1 - x) / x^2`."""
    return mp.mpf(1) / 2 + x / 6 if abs(x) < 1e-12 else (mp.expm1(x) - x) / x**2


def bachelier_inverse() -> list[float]:
    """Return the fitted ratio of moneyness to `L / sqrt(1 + L/2)` in `(L - 5) / (L + 5)`.

    `L = ln(1 + z / (sqrt(2 pi) (n(z) - z N(-z))))`. Least squares of the relative error, rounded to
    nine decimals: it only starts an iteration, and its last digits depend on the solver.
    """
    moneyness = np.concatenate([np.logspace(-6, 0, 400), np.linspace(1, 39, 2000)[1:]])
    exact = [mp.mpf(float(z)) for z in moneyness]
    prices = [mp.exp(-z * z / 2) * (1 - z * mills_ratio(z)) for z in exact]
    logs = np.array([float(mp.log1p(z / p)) for z, p in zip(exact, prices, strict=True)])
    ratio = moneyness / (logs / np.sqrt(1 + logs / 2))
    place = (logs - 5) / (logs + 5)
    series = np.polynomial.chebyshev.chebfit(place, ratio, INVERSE_DEGREE, w=1 / ratio)
    return [round(float(c), 9) for c in np.polynomial.chebyshev.cheb2poly(series)]


def head_and_rest(x: Any, bits: int = HEAD_BITS) -> tuple[float, float]:
    """Return the multiple of `2^-bits` next to `x`, and the rest."""
    head = mp.nint(x * 2**bits) / 2**bits
    return float(head), float(x - head)


def rounded_and_rest(x: Any) -> tuple[float, float]:
    """Return the double next to `x`, and the rest."""
    return float(x), float(x - mp.mpf(float(x)))


def reciprocal(interval: int) -> float:
    """Return the eight-bit reciprocal of the centre of an interval of the logarithm."""
    if interval == 0:
        return 1.0
    eighth = mp.mpf(interval) / 16
    centre = 1 + eighth if interval < 8 else mp.mpf(3) / 4 + (mp.mpf(interval) - 8) / 32
    return round(float(1 / centre) * 256) / 256


def constants() -> dict[str, list[float]]:
    """Return every constant of the file by name."""
    mills, rough = mills_coefficients(), rough_mills_coefficients()
    reciprocals = [reciprocal(interval) for interval in range(16)]
    logs = [head_and_rest(-mp.log(mp.mpf(r))) for r in reciprocals]
    divisors = [head_and_rest(-mp.log(1 + mp.mpf(j) / 16)) for j in range(16)]
    powers = [rounded_and_rest(mp.mpf(2) ** (mp.mpf(j) / 16)) for j in range(16)]
    half_step = mp.log(2) / 32 * mp.mpf("1.001")
    ln_2, sixteenth = head_and_rest(mp.log(2)), head_and_rest(mp.log(2) / 16, HEAD_BITS + 1)
    found = {
        "MILLS_SHIFT": [MILLS_SHIFT],
        "MILLS_SCALE": [MILLS_SCALE],
        "MILLS_EVEN": mills[0::2],
        "MILLS_ODD": mills[1::2],
        "ROUGH_SHIFT": [ROUGH_SHIFT],
        "ROUGH_SCALE": [ROUGH_SCALE],
        "ROUGH_EVEN": rough[0::2],
        "ROUGH_ODD": rough[1::2],
        "LOG_TAIL": chebyshev(log_tail, -mp.mpf(1) / 31, mp.mpf(1) / 31, LOG_DEGREE),
        "LOG_RECIPROCAL": reciprocals,
        "LOG_TABLE_HIGH": [head for head, _ in logs],
        "LOG_TABLE_LOW": [rest for _, rest in logs],
        "DIVISOR_TABLE_HIGH": [head for head, _ in divisors],
        "DIVISOR_TABLE_LOW": [rest for _, rest in divisors],
        "LN_2_HIGH": [ln_2[0]],
        "LN_2_LOW": [ln_2[1]],
        "EXP_TAIL": chebyshev(exp_tail, -half_step, half_step, EXP_DEGREE),
        "EXP_TABLE_HIGH": [head for head, _ in powers],
        "EXP_TABLE_LOW": [rest for _, rest in powers],
        "SIXTEENTHS_PER_LN_2": [16 / mp.log(2)],
        "LN_2_SIXTEENTH_HIGH": [sixteenth[0]],
        "LN_2_SIXTEENTH_LOW": [sixteenth[1]],
        "INV_SQRT_2_PI": [1 / mp.sqrt(2 * mp.pi)],
        "SQRT_2_PI": [mp.sqrt(2 * mp.pi)],
        "LN_SQRT_2_PI": [mp.log(2 * mp.pi) / 2],
        "BACHELIER_INVERSE": bachelier_inverse(),
    }
    return {name: [float(x) for x in values] for name, values in found.items()}


def differences(text: str, found: dict[str, list[float]]) -> list[str]:
    """Return the names whose numbers in the Rust file `text` are others, or are missing."""
    known = text.replace("std::f64::consts::SQRT_2", repr(math.sqrt(2)))
    written = {
        name: [float(number) for number in body.strip("[],").replace(",", " ").split()]
        for name, body in re.findall(r"pub const (\w+): [^=]+= ([^;]+);", known)
    }
    return sorted(name for name in written | found if written.get(name) != found.get(name))


def rewritten(text: str, found: dict[str, list[float]]) -> str:
    """Return the Rust file `text` with the numbers found."""
    for name, values in found.items():
        numbers = [repr(x).replace(repr(math.sqrt(2)), "std::f64::consts::SQRT_2") for x in values]
        body = numbers[0] if len(numbers) == 1 else f"[{', '.join(numbers)}]"
        text = re.sub(rf"(pub const {name}: [^=]+= )[^;]+;", rf"\g<1>{body};", text)
    return text


def main(argv: list[str] | None = None) -> int:
    """Run the command line and return the exit code: 0 equal or written, 1 different."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--check", action="store_true", help="compare only; exit 1 if different")
    is_check = parser.parse_args(argv).check
    with mp.workdps(60):
        found = constants()
    text = TARGET.read_text(encoding="utf-8")
    changed = differences(text, found)
    sys.stdout.write(f"{len(found)} constants, {len(changed)} different: {', '.join(changed)}\n")
    if is_check:
        return int(bool(changed))
    TARGET.write_text(rewritten(text, found), encoding="utf-8")
    subprocess.run(["rustfmt", "--edition", "2024", TARGET], check=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
