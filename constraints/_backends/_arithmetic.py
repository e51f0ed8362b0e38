"""Arithmetic of the kernels: an exponential that the compiler vectorises, and floats ordered by their bits.

The exponential is a polynomial (Cody-Waite reduction to |r| <= ln(2)/2; 2^n through the exponent bits), within two
units in the last place. Knows nothing of automata.
"""

# mypy: disable-error-code="untyped-decorator"
from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.extending import intrinsic, overload
from numpy.typing import NDArray

FloatArray = NDArray[np.floating[Any]]
DoubleArray = NDArray[np.float64]
IntArray = NDArray[np.int32]
ByteArray = NDArray[np.uint8]

REORDER = {"nnan", "nsz", "reassoc", "contract"}  # lets sums run in vector lanes; infinities keep
_KEEP_ORDER = {"nnan", "nsz", "contract"}  # the exponential rounds by adding and subtracting a large number


@intrinsic
def float_of_bits(typing_context: Any, bits: Any) -> Any:
    """Reinterpret int32 as float32, int64 as float64."""
    target, kind = {32: (types.float32, ir.FloatType()), 64: (types.float64, ir.DoubleType())}[bits.bitwidth]
    return target(bits), lambda context, builder, signature, args: builder.bitcast(args[0], kind)


@intrinsic
def bits_of_float(typing_context: Any, value: Any) -> Any:
    """Reinterpret float32 as int32, float64 as int64."""
    target, width = {32: (types.int32, 32), 64: (types.int64, 64)}[value.bitwidth]
    return target(value), lambda context, builder, signature, args: builder.bitcast(
        args[0], ir.IntType(width)
    )


def exp(x):  # type: ignore[no-untyped-def]
    """e^x for x <= 0 in the precision of x; below the exponent range it gives a number near the least positive."""
    raise NotImplementedError("compiled only")


@njit(inline="always")
def _exp32(x: Any) -> Any:
    x = max(x, np.float32(-87.0))
    shifted = x * np.float32(1.4426950408889634) + np.float32(12582912.0)  # rounds to an integer
    whole = shifted - np.float32(12582912.0)
    r = x - whole * np.float32(0.693359375) - whole * np.float32(-2.12194440e-4)
    p = np.float32(1.9875691500e-4)
    p = p * r + np.float32(1.3981999507e-3)
    p = p * r + np.float32(8.3334519073e-3)
    p = p * r + np.float32(4.1665795894e-2)
    p = p * r + np.float32(1.6666665459e-1)
    p = p * r + np.float32(5.0000001201e-1)
    p = p * r * r + r + np.float32(1.0)
    exponent = np.int32(bits_of_float(shifted) - np.int32(0x4B400000 - 127))
    return p * float_of_bits(np.int32(exponent << np.int32(23)))


@njit(inline="always")
def _exp64(x: Any) -> Any:
    x = max(x, -700.0)
    shifted = x * 1.4426950408889634 + 6755399441055744.0
    whole = shifted - 6755399441055744.0
    r = x - whole * 6.93147180369123816490e-01 - whole * 1.90821492927058770002e-10
    p = 1.6059043836821613e-10
    p = p * r + 2.08767569878681e-09
    p = p * r + 2.505210838544172e-08
    p = p * r + 2.755731922398589e-07
    p = p * r + 2.7557319223985893e-06
    p = p * r + 2.48015873015873e-05
    p = p * r + 0.0001984126984126984
    p = p * r + 0.001388888888888889
    p = p * r + 0.008333333333333333
    p = p * r + 0.041666666666666664
    p = p * r + 0.16666666666666666
    p = p * r + 0.5
    p = p * r * r + r + 1.0
    exponent = bits_of_float(shifted) - np.int64(0x4338000000000000 - 1023)
    return p * float_of_bits(exponent << np.int64(52))


@overload(exp, inline="always")
def _exp_overload(x):  # type: ignore[no-untyped-def]  # numba compares this signature with the inner ones
    if x == types.float32:
        return lambda x: _exp32(x)
    return lambda x: _exp64(x)


def order_key(bits):  # type: ignore[no-untyped-def]
    """An integer that orders as the float with these bits does; its own inverse."""
    raise NotImplementedError("compiled only")


@overload(order_key, inline="always")
def _order_key_overload(bits):  # type: ignore[no-untyped-def]
    if bits == types.int32:
        return lambda bits: np.int32(bits ^ ((bits >> np.int32(31)) & np.int32(0x7FFFFFFF)))
    return lambda bits: bits ^ ((bits >> np.int64(63)) & np.int64(0x7FFFFFFFFFFFFFFF))


@njit(nogil=True, cache=True, fastmath=_KEEP_ORDER)
def exponentials(distance: FloatArray, out: FloatArray) -> None:
    for j in range(distance.size):
        out[j] = exp(distance[j])


@njit(nogil=True, cache=True, fastmath=_KEEP_ORDER)
def exponentiate(values: FloatArray) -> None:
    """In place: one array, so that the compiler sees that nothing overlaps."""
    for j in range(values.size):
        values[j] = exp(values[j])


@njit(nogil=True, cache=True)
def pick(log_weights: DoubleArray, uniform: float) -> int:
    """Inverse-CDF choice: the first entry whose running sum exceeds `uniform` times the whole."""
    top = log_weights.max()
    whole = 0.0
    for j in range(log_weights.size):
        whole += np.exp(log_weights[j] - top)
    running, last = 0.0, 0
    for j in range(log_weights.size):
        weight = np.exp(log_weights[j] - top)
        running += weight
        if weight > 0.0:
            last = j
            if running > uniform * whole:
                return j
    return last
