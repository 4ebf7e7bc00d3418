"""Kernels that other kernels call by their address.

A scheme is compiled alone, and the loop over the cells serves all of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import numba
from numba import types
from numba.core.cgutils import if_unlikely
from numba.extending import intrinsic

from marsdisk.kernels._jit import COMPILED

if TYPE_CHECKING:
    from collections.abc import Callable

    Address = int | Callable[..., float]
    Call = tuple[Any, tuple[Any, ...]]
    """A kernel and arguments that it will be called with."""

__all__ = ["NOWHERE", "address", "call_step", "signature_of"]

NOWHERE = 0
"""The address of no kernel, for a loop that has nothing to do."""


def address(call: Call) -> Address:
    """Return where the machine code of a separate kernel lies; the function if interpreted."""
    kernel, arguments = call
    if not COMPILED:
        function: Address = kernel
        return function
    signature = signature_of(arguments)
    kernel.compile(signature)
    compiled = kernel.overloads[signature]
    return int(compiled.library.get_pointer_to_function(compiled.fndesc.llvm_func_name))


def signature_of(arguments: tuple[Any, ...]) -> tuple[Any, ...]:
    """Return the type of each argument, as a kernel is compiled for."""
    typeof = cast("Any", numba.typeof)
    return tuple(typeof(argument) for argument in arguments)


def _interpreted(function: Callable[..., float], *arguments: object) -> float:
    return function(*arguments)


def _compiled(
    _context: Any,
    address: Any,
    fresh: Any,
    mass: Any,
    deep: Any,
    deep_rate: Any,
    step: Any,
    grid: Any,
    pairs: Any,
    injection: Any,
    control: Any,
    scratch: Any,
) -> tuple[Any, Callable[[Any, Any, Any, Any], Any]]:
    passed = (fresh, mass, deep, deep_rate, step, grid, pairs, injection, control, scratch)

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        convention, unlikely = context.call_conv, cast("Any", if_unlikely)
        kernel = convention.get_function_type(signature.return_type, signature.args[1:])
        pointer = builder.inttoptr(arguments[0], kernel.as_pointer())
        status, error = convention.call_function(
            builder, pointer, signature.return_type, signature.args[1:], arguments[1:]
        )
        with unlikely(builder, status.is_error):
            convention.return_status_propagate(builder, status)
        return error

    return types.float64(address, *passed), generate


call_step: Any = intrinsic(_compiled) if COMPILED else _interpreted
"""`call_step(address, fresh, mass, ...)` takes a step with the scheme at `address`.

See `kernels.steps` for the arguments that all schemes share.
"""
