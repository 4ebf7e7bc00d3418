"""Published methods for American options under their own names, for comparison.

Each returns its own number, which is not the converged price of :mod:`quantforge.american`. All
take numbers and arrays s, k, t, r, q, sigma and `is_call` that broadcast together, and the options
of :mod:`quantforge.black_scholes`; a row with two exercise boundaries (a put with ``q < r < 0``, a
call with ``r < q < 0``) is refused by those that know one only.

| function | source |
|---|---|
| `barone_adesi_whaley` | Barone-Adesi and Whaley (1987) |
| `ju_zhong` | Ju and Zhong (1999) |
| `bjerksund_stensland_1993`, `bjerksund_stensland_2002` | Bjerksund and Stensland |
| `qd_plus`, `qd_plus_boundary` | Li (2010), with eight Chebyshev nodes |
| `leisen_reimer` | Leisen and Reimer (1996) |
| `cox_ross_rubinstein` | Cox, Ross and Rubinstein (1979) |
"""

from typing import Any, Unpack

from numpy.typing import ArrayLike

from quantforge._batch import Options, evaluate

__all__ = [
    "barone_adesi_whaley",
    "bjerksund_stensland_1993",
    "bjerksund_stensland_2002",
    "cox_ross_rubinstein",
    "ju_zhong",
    "leisen_reimer",
    "qd_plus",
    "qd_plus_boundary",
]

_NAMES = ("s", "k", "t", "r", "q", "sigma")


def barone_adesi_whaley(
    s: ArrayLike,
    k: ArrayLike,
    t: ArrayLike,
    r: ArrayLike,
    q: ArrayLike,
    sigma: ArrayLike,
    is_call: ArrayLike = True,
    **options: Unpack[Options],
) -> Any:
    """Return prices by the quadratic approximation of Barone-Adesi and Whaley.

    Examples
    --------
    >>> round(barone_adesi_whaley(100.0, 100.0, 0.5, 0.1, 0.1, 0.25), 3)  # Haug (1998): 6.8015
    6.801
    """
    return evaluate("barone_adesi_whaley", _NAMES, (s, k, t, r, q, sigma), options, is_call=is_call)


def ju_zhong(
    s: ArrayLike,
    k: ArrayLike,
    t: ArrayLike,
    r: ArrayLike,
    q: ArrayLike,
    sigma: ArrayLike,
    is_call: ArrayLike = True,
    **options: Unpack[Options],
) -> Any:
    """Return prices by the corrected quadratic approximation of Ju and Zhong."""
    return evaluate("ju_zhong", _NAMES, (s, k, t, r, q, sigma), options, is_call=is_call)


def bjerksund_stensland_1993(
    s: ArrayLike,
    k: ArrayLike,
    t: ArrayLike,
    r: ArrayLike,
    q: ArrayLike,
    sigma: ArrayLike,
    is_call: ArrayLike = True,
    **options: Unpack[Options],
) -> Any:
    """Return prices with one flat exercise boundary, a lower bound.

    Examples
    --------
    >>> row = (42.0, 40.0, 0.75, 0.04, 0.08, 0.35)
    >>> round(bjerksund_stensland_1993(*row), 4)  # Haug (2007), p. 101
    5.2704
    """
    arguments = (s, k, t, r, q, sigma)
    return evaluate("bjerksund_stensland_1993", _NAMES, arguments, options, is_call=is_call)


def bjerksund_stensland_2002(
    s: ArrayLike,
    k: ArrayLike,
    t: ArrayLike,
    r: ArrayLike,
    q: ArrayLike,
    sigma: ArrayLike,
    is_call: ArrayLike = True,
    **options: Unpack[Options],
) -> Any:
    """Return prices with two flat exercise boundaries, a better lower bound."""
    arguments = (s, k, t, r, q, sigma)
    return evaluate("bjerksund_stensland_2002", _NAMES, arguments, options, is_call=is_call)


def qd_plus(
    s: ArrayLike,
    k: ArrayLike,
    t: ArrayLike,
    r: ArrayLike,
    q: ArrayLike,
    sigma: ArrayLike,
    is_call: ArrayLike = True,
    **options: Unpack[Options],
) -> Any:
    """Return prices by the QD+ exercise boundary and the exact integral of the premium."""
    return evaluate("qd_plus", _NAMES, (s, k, t, r, q, sigma), options, is_call=is_call)


def qd_plus_boundary(
    k: ArrayLike,
    t: ArrayLike,
    r: ArrayLike,
    q: ArrayLike,
    sigma: ArrayLike,
    is_call: ArrayLike = True,
    **options: Unpack[Options],
) -> Any:
    """Return the spots at which exercise is due today by the QD+ equation."""
    names, arguments = ("k", *_NAMES[1:]), (k, k, t, r, q, sigma)
    return evaluate("qd_plus_boundary", names, arguments, options, is_call=is_call)


def leisen_reimer(
    s: ArrayLike,
    k: ArrayLike,
    t: ArrayLike,
    r: ArrayLike,
    q: ArrayLike,
    sigma: ArrayLike,
    is_call: ArrayLike = True,
    steps: ArrayLike = 501,
    **options: Unpack[Options],
) -> Any:
    """Return prices by the tree of Leisen and Reimer; `steps` 1 to 20000, made odd."""
    names, arguments = (*_NAMES, "steps"), (s, k, t, r, q, sigma, steps)
    return evaluate("leisen_reimer", names, arguments, options, is_call=is_call)


def cox_ross_rubinstein(
    s: ArrayLike,
    k: ArrayLike,
    t: ArrayLike,
    r: ArrayLike,
    q: ArrayLike,
    sigma: ArrayLike,
    is_call: ArrayLike = True,
    steps: ArrayLike = 500,
    **options: Unpack[Options],
) -> Any:
    """Return prices by the tree of Cox, Ross and Rubinstein; `steps` 1 to 20000."""
    names, arguments = (*_NAMES, "steps"), (s, k, t, r, q, sigma, steps)
    return evaluate("cox_ross_rubinstein", names, arguments, options, is_call=is_call)
