"""A product and a sum over rows, each in the order that is fast."""

import math
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax
from jax.extend.core import primitives

MIN_SIZE = 1024  # entries of both factors, or of what is summed; below, an operation more costs what it gains
MUCH_LARGER = 2  # from here on turning the smaller factor and the result costs less than turning the larger factor
MAX_SUMMED = 2**18  # entries; beyond, memory is what a sum waits for, and a loop that makes and adds them at once is faster
BATCH_FIRST = ((0,), (0,))  # the batch axes of a product of two stacks of matrices


def product(a: jax.Array, b: jax.Array, *, dimension_numbers: Any, **options: Any) -> jax.Array:
    """Computes `lax.dot_general(a, b)`; where both are summed over axes before their last, with one of them transposed apart.

    That is `b`, because differentiation puts the cotangent first and transposes the result, and XLA would undo the other; where
    `b` is much larger (the patches of a convolution, nine times the cotangent), it is `a`, and the result is kept as it is.

    Args:
      a: `[batch, ..., free axes of a]`, in any order of axes.
      b: `[batch, ..., free axes of b]`, likewise.
      dimension_numbers: which axes are summed and which are batch axes, as `lax.dot_general` takes them.
      **options: of `lax.dot_general`: precision and the like.

    Returns:
      `[batch, free axes of a, free axes of b]`.
    """
    (sum_a, sum_b), (batch_a, batch_b) = dimension_numbers
    free_a, free_b = _others(a, sum_a, batch_a), _others(b, sum_b, batch_b)
    is_slow = _come_first(sum_a, free_a) and _come_first(sum_b, free_b)
    sizes = [math.prod(x.shape[axis] for axis in free) for x, free in ((a, free_a), (b, free_b))]
    if not is_slow or min(sizes) == 1 or min(a.size, b.size) < MIN_SIZE:
        return lax.dot_general(a, b, dimension_numbers, **options)
    batch = tuple(range(len(batch_b)))
    if b.size > MUCH_LARGER * a.size:
        rows = lax.optimization_barrier(lax.transpose(a, (*batch_a, *free_a, *sum_a)))
        summed = tuple(range(rows.ndim - len(sum_a), rows.ndim))
        return lax.optimization_barrier(lax.dot_general(rows, b, ((summed, sum_b), (batch, batch_b)), **options))
    # Without the barrier XLA merges the transpose into the product again.
    rows = lax.optimization_barrier(lax.transpose(b, (*batch_b, *free_b, *sum_b)))
    summed = tuple(range(rows.ndim - len(sum_b), rows.ndim))
    turned = lax.dot_general(rows, a, ((summed, sum_a), (batch, batch_a)), **options)  # [batch, free of b, free of a]
    middle, end = len(batch) + len(free_b), turned.ndim
    return lax.transpose(turned, (*batch, *range(middle, end), *range(len(batch), middle)))


def row_sum(x: jax.Array, *, axes: tuple[int, ...], **options: Any) -> jax.Array:
    """Sums over neighbouring axes before the last by a product with ones; over any others as XLA does.

    XLA computes what is summed and its sum as one loop, which reads across the rows: 8 us for 250 rows of 40, the product 1 us.

    Args:
      x: `[...]`, any shape.
      axes: to sum over, in order.
      **options: of JAX's own sum.

    Returns:
      `[...]`, the shape of `x` without `axes`.
    """
    first, end = min(axes, default=0), max(axes, default=0) + 1
    rows, rest = math.prod(x.shape[first:end]), math.prod(x.shape[end:])
    is_one_block = end - first == len(axes) and min(rows, rest) > 1
    if is_one_block and MIN_SIZE <= x.size <= MAX_SUMMED and jnp.issubdtype(x.dtype, jnp.floating):
        return _summed_by_product(x, first, end)
    return primitives.reduce_sum_p.bind(x, axes=axes, **options)


def _summed_by_product(x: jax.Array, first: int, end: int) -> jax.Array:
    """`x` summed over its axes from `first` to before `end`."""

    @jax.custom_batching.custom_vmap
    def summed(x: jax.Array) -> jax.Array:
        stack, rows, rest = (math.prod(part) for part in (x.shape[:first], x.shape[first:end], x.shape[end:]))
        ones = jnp.ones((stack, rows), x.dtype)
        sums = lax.dot_general(ones, lax.reshape(x, (stack, rows, rest)), (((1,), (1,)), BATCH_FIRST))
        return lax.reshape(sums, (*x.shape[:first], *x.shape[end:]))

    @summed.def_vmap
    def _(_size: int, _is_batched: list[bool], x: jax.Array) -> tuple[jax.Array, bool]:
        """JAX's own rule would put the new axis beside `rest`, for a copy of all of `x`: ones have no such axis."""
        return _summed_by_product(x, first + 1, end + 1), True

    return summed(x)


def _others(x: jax.Array, *taken: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(axis for axis in range(x.ndim) if not any(axis in axes for axes in taken))


def _come_first(axes: tuple[int, ...], others: tuple[int, ...]) -> bool:
    return bool(axes) and bool(others) and max(axes) < max(others)
