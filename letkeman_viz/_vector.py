"""Eight numbers that a processor handles as one, for compiled code: Numba has no such type of its own.

``Lanes`` are eight float64 side by side, with ``+ - * /`` lane by lane. Every run of a batch has a lane, so
a line of code in ``_lanes.py`` moves eight runs at once, and no lane can see another. LLVM makes them one
512-bit register, two of 256 bits or four of 128, whichever the processor has; the results are the same.

In memory, number k of lane l is at index ``8 * k + l`` of a flat float64 array.
"""

from __future__ import annotations

import operator

from llvmlite import ir
from numba import njit
from numba.core import types
from numba.core.typing.templates import ConcreteTemplate, infer_global, signature
from numba.extending import intrinsic, lower_builtin, models, register_model

COUNT = 8

_DOUBLES = ir.VectorType(ir.DoubleType(), COUNT)
_INTEGERS = ir.VectorType(ir.IntType(64), COUNT)


class Lanes(types.Type):
    """Eight float64, in compiled code."""

    def __init__(self):
        super().__init__(name="Lanes")


lanes = Lanes()


@register_model(Lanes)
class _LanesModel(models.PrimitiveModel):
    def __init__(self, manager, kind):
        super().__init__(manager, kind, _DOUBLES)


def _define(operation, instruction):
    """Teach Numba that ``operation`` on two Lanes is one LLVM instruction."""

    @infer_global(operation)
    class _Typing(ConcreteTemplate):
        cases = [signature(lanes, lanes, lanes)]  # noqa: RUF012  (Numba's own way to declare it)

    @lower_builtin(operation, lanes, lanes)
    def _lower(context, builder, sig, args):
        return getattr(builder, instruction)(*args)


_define(operator.add, "fadd")
_define(operator.sub, "fsub")
_define(operator.mul, "fmul")
_define(operator.truediv, "fdiv")


def _constant(value):
    return ir.Constant(_DOUBLES, [value] * COUNT)


def _address(context, builder, array_type, array, index):
    data = context.make_array(array_type)(context, builder, array).data
    first = builder.mul(index, ir.Constant(index.type, COUNT))
    return builder.bitcast(builder.gep(data, [first]), _DOUBLES.as_pointer())


@intrinsic
def load(typing, array, k):
    """Number ``k`` of all lanes of a flat array."""

    def generate(context, builder, sig, args):
        return builder.load(_address(context, builder, sig.args[0], *args), align=8)

    return lanes(array, types.intp), generate


@intrinsic
def store(typing, array, k, value):
    """Put ``value`` where ``load(array, k)`` finds it."""

    def generate(context, builder, sig, args):
        builder.store(args[2], _address(context, builder, sig.args[0], *args[:2]), align=8)
        return context.get_dummy_value()

    return types.void(array, types.intp, lanes), generate


@intrinsic
def splat(typing, number):
    """The same ``number`` in all lanes."""

    def generate(context, builder, sig, args):
        nothing = ir.Constant(_DOUBLES, ir.Undefined)
        first = builder.insert_element(nothing, args[0], ir.Constant(ir.IntType(32), 0))
        zeros = ir.Constant(ir.VectorType(ir.IntType(32), COUNT), [0] * COUNT)
        return builder.shuffle_vector(first, nothing, zeros)

    return lanes(types.float64), generate


@intrinsic
def where_less(typing, a, b, then, otherwise):
    """``then`` in the lanes where ``a < b``, ``otherwise`` elsewhere: also where one of them is NaN."""

    def generate(context, builder, sig, args):
        return builder.select(builder.fcmp_ordered("<", args[0], args[1]), args[2], args[3])

    return lanes(lanes, lanes, lanes, lanes), generate


@intrinsic
def power_of_two(typing, shifted):
    """2**k, where ``shifted`` is ``1.5 * 2**52 + k`` and k is whole, from -1022 to 1023.

    A float64 of that size has k in its lowest bits; moved to where the exponent is kept, they are 2**k.
    """

    def generate(context, builder, sig, args):
        bits = builder.bitcast(args[0], _INTEGERS)
        exponent = builder.shl(bits, ir.Constant(_INTEGERS, [52] * COUNT))
        one = builder.bitcast(_constant(1.0), _INTEGERS)
        return builder.bitcast(builder.add(exponent, one), _DOUBLES)

    return lanes(lanes), generate


jit = njit(nogil=True, error_model="numpy", no_cpython_wrapper=True)

_SHIFT = 1.5 * 2.0**52
_LOG2_E = 1.4426950408889634
# ln 2 in two parts; the first has few bits, so that a whole number of times it is exact.
_LN2_HIGH, _LN2_LOW = 6.93145751953125e-1, 1.42860682030941723212e-6


@jit
def _exponential(x):
    """(scale, q, p) with exp(x) = scale * (q + p) / (q - p), for |x| of at most 708.

    exp(x) = 2**k exp(r) with |r| <= ln(2)/2, and a rational approximation of exp(r) by S. Moshier (Cephes,
    1984). Whoever wants a quotient of exponentials then needs one division instead of two.
    """
    shifted = x * splat(_LOG2_E) + splat(_SHIFT)
    k = shifted - splat(_SHIFT)
    r = x - k * splat(_LN2_HIGH) - k * splat(_LN2_LOW)
    s = r * r
    p = splat(1.26177193074810590878e-4) * s + splat(3.02994407707441961300e-2)
    p = r * (p * s + splat(1.0))
    q = splat(3.00198505138664455042e-6) * s + splat(2.52448340349684104192e-3)
    q = (q * s + splat(2.27265548208155028766e-1)) * s + splat(2.0)
    return power_of_two(shifted), q, p


@jit
def _clip(x, limit):
    x = where_less(x, splat(-limit), splat(-limit), x)
    return where_less(splat(limit), x, splat(limit), x)


@jit
def sigmoid(z):
    scale, q, p = _exponential(_clip(splat(0.0) - z, 700.0))
    return (q - p) / ((q - p) + scale * (q + p))


@jit
def tanh(z):
    scale, q, p = _exponential(_clip(z + z, 80.0))
    more, less = scale + splat(1.0), scale - splat(1.0)
    return (less * q + more * p) / (more * q + less * p)
