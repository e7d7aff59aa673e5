"""Products in the order of axes that XLA's CPU backend computes fast.

A kernel's gradient sums over the rows of both its factors, `x' d`. Given like that, XLA hands it to a routine that reads one of
them across its rows: 22 us for 25 tasks of 10 rows and 40 x 40 weights, where transposing one first and then multiplying takes
12 us, transpose included (one thread). Nothing in a network's code can say so: these products are made by differentiation. So
the differentiated program is gone through once, when it is traced, and each of them is written with its transpose set apart.
Values are the same up to the order of a sum.
"""

import math
from collections.abc import Callable
from functools import partial
from typing import Any

import jax
from jax import lax
from jax.extend import core
from jax.extend.core import primitives

LEAST_SIZE = 1024  # entries of both factors; below, an operation more costs what it gains
CALLS = ("jit", "scan", "checkpoint")  # operations whose programs are gone through too


def transposed_once(function: Callable) -> Callable:
    """`function` with its products rewritten; on other backends than the CPU `function` itself.

    Apply it to what has been differentiated already: a rule for derivatives within is not kept.
    """
    if jax.default_backend() != "cpu":
        return function

    def rewritten(*args: Any) -> Any:
        program, shapes = jax.make_jaxpr(function, return_shape=True)(*args)
        return jax.tree.unflatten(jax.tree.structure(shapes), _run(program, *jax.tree.leaves(args)))

    return rewritten


def _run(program: core.ClosedJaxpr, *args: jax.Array) -> list[jax.Array]:
    """Computes a program's results, operation by operation (JAX: "Writing custom Jaxpr interpreters")."""
    values = dict(zip(program.jaxpr.constvars, program.consts, strict=True))
    values |= dict(zip(program.jaxpr.invars, args, strict=True))

    def value(atom: Any) -> jax.Array:
        return atom.val if isinstance(atom, core.Literal) else values[atom]

    for operation in program.jaxpr.eqns:
        operands, primitive = map(value, operation.invars), operation.primitive
        if primitive is primitives.dot_general_p:
            results = _product(*operands, **operation.params)
        else:
            params = operation.params
            if primitive.name in CALLS:
                params = {name: _rewritten(param) for name, param in params.items()}
            results = primitive.bind(*operands, **primitive.get_bind_params(params))
        values |= zip(operation.outvars, results if primitive.multiple_results else [results], strict=True)
    return [value(atom) for atom in program.jaxpr.outvars]


def _rewritten(param: Any) -> Any:
    """A called program with its own products rewritten; any other parameter as it is."""
    if isinstance(param, core.ClosedJaxpr):
        return jax.make_jaxpr(partial(_run, param))(*param.in_avals)
    return param


def _product(a: jax.Array, b: jax.Array, *, dimension_numbers: Any, **options: Any) -> jax.Array:
    """`lax.dot_general(a, b)`; where both are summed over axes before their last, with `b` transposed apart.

    `b` and not `a`, because differentiation puts the cotangent first and transposes the result, and XLA would undo the other.
    """
    (sum_a, sum_b), (batch_a, batch_b) = dimension_numbers
    free_a, free_b = _others(a, sum_a, batch_a), _others(b, sum_b, batch_b)
    is_slow = _come_first(sum_a, free_a) and _come_first(sum_b, free_b)
    sizes = [math.prod(x.shape[axis] for axis in free) for x, free in ((a, free_a), (b, free_b))]
    if not is_slow or min(sizes) == 1 or min(a.size, b.size) < LEAST_SIZE:
        return lax.dot_general(a, b, dimension_numbers, **options)
    batch = tuple(range(len(batch_b)))
    # Without the barrier XLA merges the transpose into the product again.
    rows = lax.optimization_barrier(lax.transpose(b, (*batch_b, *free_b, *sum_b)))
    summed = tuple(range(rows.ndim - len(sum_b), rows.ndim))
    product = lax.dot_general(rows, a, ((summed, sum_a), (batch, batch_a)), **options)  # [batch, free of b, free of a]
    middle, end = len(batch) + len(free_b), product.ndim
    return lax.transpose(product, (*batch, *range(middle, end), *range(len(batch), middle)))


def _others(x: jax.Array, *taken: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(axis for axis in range(x.ndim) if not any(axis in axes for axes in taken))


def _come_first(axes: tuple[int, ...], others: tuple[int, ...]) -> bool:
    return bool(axes) and bool(others) and max(axes) < max(others)
