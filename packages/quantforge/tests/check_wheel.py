"""Test an installed wheel with nothing but NumPy beside it: `python -I check_wheel.py`."""

import sys
from importlib.metadata import files, version
from pathlib import Path

import numpy as np

import quantforge
from quantforge import _core, american, black_scholes, merton


def main() -> None:
    """Check values, errors and what the wheel holds; say which instructions it found."""
    place = Path(quantforge.__file__).resolve()
    assert Path(sys.prefix).resolve() in place.parents, f"{place} is not the installed package"
    library = Path(_core.__file__).name
    assert "abi3" in library or library.endswith(".pyd"), library
    shipped = {Path(str(file)).name for file in files("quantforge") or ()}
    assert {"py.typed", "_core.pyi"} <= shipped

    # Hull, Options, Futures and Other Derivatives: S=42, K=40, T=0.5, r=0.1, sigma=0.2.
    call = black_scholes.call_price_batch(np.full(300_000, 42.0), 40.0, 0.5, 0.1, 0.2)
    assert np.abs(call - 4.759422).max() < 5e-7
    assert abs(black_scholes.implied_volatility(call[0], 42.0, 40.0, 0.5, 0.1) - 0.2) < 1e-14
    # Andersen, Lake and Offengenden (2016), table 2.
    row = (100.0, 100.0, 1.0, 0.05, 0.05, 0.25)
    premium = american.put_price(*row, "high") - merton.put_price(*row)
    assert abs(premium - 0.1069527028) < 1e-8
    assert "row 1: spots is -1" in refusal()
    unwanted = {"scipy", "pandas", "polars", "pyarrow"} & set(sys.modules)
    assert not unwanted, unwanted
    sys.stdout.write(
        f"quantforge {version('quantforge')} works on CPython {sys.version.split()[0]}, "
        f"instruction set {_core.instruction_set()}, {_core.thread_limit()} threads\n"
    )


def refusal() -> str:
    """Return what a bad row is answered with."""
    try:
        black_scholes.call_price_batch([42.0, -1.0], 40.0, 0.5, 0.1, 0.2)
    except ValueError as error:
        return str(error)
    return "nothing"


if __name__ == "__main__":
    main()
