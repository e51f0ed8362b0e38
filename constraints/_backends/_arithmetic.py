"""Arithmetic of the kernels: an exponential that the compiler vectorises, and floats ordered by their bits.

e^x = 2^n 2^r with n the nearest integer to x log2(e): 2^r is a polynomial with p(0) = 1 exactly (interpolated at the
Chebyshev nodes of [-1/2, 1/2]; relative error 5e-9 in float32, 1e-17 in float64), 2^n goes into the exponent bits.
Rounding of x log2(e) adds a relative error of |x| units in the last place: harmless in sums that are led by e^0, as all
here are. Knows nothing of automata.
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
    return target(value), lambda context, builder, signature, args: builder.bitcast(args[0], ir.IntType(width))


def exp(x):  # type: ignore[no-untyped-def]
    """e^x for x <= 0 in the precision of x; below the exponent range it gives a number near the least positive."""
    raise NotImplementedError("compiled only")


@njit(inline="always")
def _exp32(x: Any) -> Any:
    x = max(x, np.float32(-87.0))
    shifted = x * np.float32(1.4426950408889634) + np.float32(12582912.0)  # the low bits hold the integer
    r = x * np.float32(1.4426950408889634) - (shifted - np.float32(12582912.0))  # in [-1/2, 1/2]
    p = np.float32(0.000154531629451)
    p = p * r + np.float32(0.00133908633647)
    p = p * r + np.float32(0.00961808255728)
    p = p * r + np.float32(0.0555035711422)
    p = p * r + np.float32(0.240226507606)
    p = p * r + np.float32(0.693147188026)
    p = p * r + np.float32(1.0)
    return float_of_bits(np.int32(bits_of_float(p) + np.int32(bits_of_float(shifted) << np.int32(23))))


@njit(inline="always")
def _exp64(x: Any) -> Any:
    x = max(x, -700.0)
    shifted = x * 1.4426950408889634 + 6755399441055744.0
    r = x * 1.4426950408889634 - (shifted - 6755399441055744.0)
    p = 4.454960598186518394e-10
    p = p * r + 7.0725859492692237e-9
    p = p * r + 1.017806244584577352e-7
    p = p * r + 1.321544258792168965e-6
    p = p * r + 0.00001525273382983611839
    p = p * r + 0.0001540353044173605015
    p = p * r + 0.001333355814641693531
    p = p * r + 0.009618129107606888527
    p = p * r + 0.05550410866482159434
    p = p * r + 0.2402265069591009822
    p = p * r + 0.6931471805599453094
    p = p * r + 1.0
    return float_of_bits(bits_of_float(p) + (bits_of_float(shifted) << np.int64(52)))


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
