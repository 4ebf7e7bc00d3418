"""Prices as Polars expressions, for `select` and `with_columns`, lazy or not.

Columns are given by name or as expressions, numbers as they are. Rows are independent, so that
expressions work in groups and in the streaming engine, too (where a row that an error names is
counted within its batch). Needs Polars: ``pip install quantforge[polars]``.
"""

from collections.abc import Callable
from typing import Any, Literal, TypeAlias, Unpack

from quantforge import api
from quantforge._batch import Options

try:
    import polars as pl
except ModuleNotFoundError as error:
    message = "quantforge.polars needs Polars; install quantforge[polars]"
    raise ModuleNotFoundError(message, name="polars") from error

__all__ = ["apply", "price"]

Column: TypeAlias = pl.Expr | str | float | bool


def price(
    spot: Column,
    strike: Column,
    *,
    years: Column,
    volatility: Column,
    rate: Column = 0.0,
    dividend_yield: Column = 0.0,
    is_call: Column = True,
    style: Literal["european", "american"] = "european",
    **options: Unpack[Options],
) -> pl.Expr:
    """Return option prices; :func:`quantforge.price` of columns.

    Parameters
    ----------
    spot, strike, years, volatility, rate, dividend_yield : str, Expr or float
        As for :func:`quantforge.price`.
    is_call : str, Expr or bool, optional
        True for calls (default), False for puts.
    style : {"european", "american"}
        When the option may be exercised.
    **options
        ``on_error`` and ``threads``; a null is a row that cannot be computed.

    Examples
    --------
    >>> import polars as pl
    >>> import quantforge.polars as qp
    >>> chain = pl.DataFrame({"strike": [90.0, 110.0], "call": [False, True]})
    >>> priced = chain.select(
    ...     qp.price(100.0, "strike", years=1.0, volatility=0.2, is_call="call")
    ... )
    >>> priced["price"].round(4).to_list()
    [3.5891, 4.292]
    """

    def priced(*columns: Any, **chosen: Unpack[Options]) -> Any:
        s, k, t, r, q, sigma, calls = columns
        return api.price(
            s,
            k,
            years=t,
            volatility=sigma,
            rate=r,
            dividend_yield=q,
            is_call=calls,
            style=style,
            **chosen,
        )

    columns = (spot, strike, years, rate, dividend_yield, volatility, is_call)
    return apply(priced, *columns, **options).alias("price")


def apply(function: Callable[..., Any], *columns: Column, **options: Unpack[Options]) -> pl.Expr:
    """Return an expression of any batch function of quantforge over columns.

    Parameters
    ----------
    function : callable
        For example ``quantforge.merton.greeks_batch``.
    *columns : str, Expr, float or bool
        Its arguments in order.
    **options
        ``on_error`` and ``threads``.

    Returns
    -------
    Expr
        Float64, or a struct of the names if the function returns a dict (``.struct.unnest()``);
        a struct ``value``, ``status`` with ``on_error="status"``.

    Examples
    --------
    >>> import polars as pl
    >>> import quantforge.polars as qp
    >>> from quantforge import merton
    >>> chain = pl.DataFrame({"strike": [90.0, 110.0]})
    >>> greeks = qp.apply(merton.greeks_batch, 100.0, "strike", 1.0, 0.03, 0.01, 0.2)
    >>> chain.select(greeks.struct.field("delta")).to_series().round(4).to_list()
    [0.7587, 0.3872]
    """
    if "out" in options:
        message = "out is not for expressions; Polars holds their results"
        raise TypeError(message)
    inputs = {
        f"{position}": pl.col(column) if isinstance(column, str) else column
        for position, column in enumerate(columns)
        if isinstance(column, (str, pl.Expr))
    }
    if not inputs:
        message = "no argument is a column; call the function itself"
        raise TypeError(message)

    def evaluate(given: pl.Series) -> pl.Series:
        fields = given.struct
        arguments = (
            fields.field(f"{position}") if f"{position}" in inputs else column
            for position, column in enumerate(columns)
        )
        return _one_series(function(*arguments, **options))

    # Given no rows, the function tells what it returns; truth values are read as numbers, too.
    no_rows = pl.Series([], dtype=pl.Boolean)
    sample = function(
        *(no_rows if isinstance(column, (str, pl.Expr)) else column for column in columns),
        **options,
    )
    together = pl.struct(*(column.alias(name) for name, column in inputs.items()))
    return together.map_batches(
        evaluate, return_dtype=_one_series(sample).dtype, is_elementwise=True
    )


def _one_series(result: Any) -> pl.Series:
    if isinstance(result, tuple):
        result = dict(zip(("value", "status"), result, strict=True))
    if isinstance(result, dict):
        return pl.DataFrame(result).to_struct()
    return pl.Series(result)
