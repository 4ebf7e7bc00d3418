"""Rows of four numbers, moved as one: Numba does not join four neighbours into a vector itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from marsdisk.kernels._jit import COMPILED

if TYPE_CHECKING:
    from collections.abc import Callable

    from marsdisk.typing import FloatArray

__all__ = ["add_quad"]

_QUAD = ir.VectorType(ir.DoubleType(), 4)
_EVERY = ir.Constant(ir.VectorType(ir.IntType(32), 4), [0, 0, 0, 0])


def _interpreted(out: FloatArray, k: int, table: FloatArray, o: int, factor: float) -> None:
    out[k] += table[o] * factor


def _compiled(
    _context: Any, out: Any, k: Any, table: Any, o: Any, factor: Any
) -> tuple[Any, Callable[[Any, Any, Any, Any], Any]]:
    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        def row(which: int) -> Any:
            array = context.make_array(signature.args[which])(context, builder, arguments[which])
            first = builder.mul(arguments[which + 1], ir.Constant(ir.IntType(64), 4))
            pointer = builder.gep(array.data, [first], inbounds=True)
            return builder.bitcast(pointer, _QUAD.as_pointer())

        none = ir.Constant(_QUAD, ir.Undefined)
        scale = builder.insert_element(none, arguments[4], ir.Constant(ir.IntType(32), 0))
        scale = builder.shuffle_vector(scale, none, _EVERY)
        target, source = row(0), row(2)
        added = builder.fmul(builder.load(source, align=8), scale, flags=("contract",))
        total = builder.fadd(builder.load(target, align=8), added, flags=("contract",))
        builder.store(total, target, align=8)
        return context.get_dummy_value()

    return types.void(out, k, table, o, factor), generate


add_quad: Any = intrinsic(_compiled) if COMPILED else _interpreted
"""`add_quad(out, k, table, o, factor)` adds `factor * table[o]` to `out[k]`.

Both arrays are (rows, 4) and contiguous; `k` and `o` are not negative.
"""
