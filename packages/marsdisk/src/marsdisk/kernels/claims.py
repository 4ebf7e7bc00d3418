"""How threads share cells: each takes the next ones that nobody has yet.

Cells need one to four steps between two outputs, nobody knows which in advance, so equal shares
leave one thread waiting for the other.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from numba import types
from numba.extending import intrinsic

from marsdisk.kernels._jit import COMPILED

if TYPE_CHECKING:
    from collections.abc import Callable

    from marsdisk.typing import IntArray

__all__ = ["claim"]

_LOCK = threading.Lock()


def _interpreted(counter: IntArray, count: int) -> int:
    with _LOCK:
        first = int(counter[0])
        counter[0] = first + count
    return first


def _compiled(
    _context: Any, counter: Any, count: Any
) -> tuple[Any, Callable[[Any, Any, Any, Any], Any]]:
    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        array = context.make_array(signature.args[0])(context, builder, arguments[0])
        return builder.atomic_rmw("add", array.data, arguments[1], "monotonic")

    return types.int64(counter, count), generate


claim: Any = intrinsic(_compiled) if COMPILED else _interpreted
"""`claim(counter, count)` returns `counter[0]` and adds `count` in one indivisible step.

Both are 64-bit integers, `counter` an array of one.
"""
