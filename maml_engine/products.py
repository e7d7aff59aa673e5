"""Products in the order, and the order of axes, that XLA's CPU backend computes fast.

A kernel's gradient sums over the rows of both its factors, `x' d`. Given like that, XLA hands it to a routine that reads one of
them across its rows: 22 us for 25 tasks of 10 rows and 40 x 40 weights, where transposing one first and then multiplying takes
12 us, transpose included (one thread). And where a task has fewer rows than its kernel has columns, the gradient need not be
computed at all: `h (W - lr x' d)` is `h W - lr (h x') d`, one product that all tasks share and two small ones. Nothing in a
network's code can say so: these products are made by differentiation. So the differentiated program is gone through once, when
it is traced, and they are written otherwise. Values are the same up to the order of a sum.
"""

import math
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax import lax
from jax.extend import core
from jax.extend.core import primitives

LEAST_SIZE = 1024  # entries of both factors, or of what is summed; below, an operation more costs what it gains
MOST_SUMMED = 2**18  # entries; beyond, memory is what a sum waits for, and a loop that makes and adds them at once is faster
CALLS = ("jit", "scan", "checkpoint")  # operations whose programs are gone through too
BATCH_FIRST = ((0,), (0,))  # the batch axes of a product of two stacks of matrices


def fast_products(function: Callable) -> Callable:
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
    left_as_factors = _left_as_factors(program.jaxpr)

    def value(atom: Any) -> Any:
        return atom.val if isinstance(atom, core.Literal) else values[atom]

    for operation in program.jaxpr.eqns:
        operands, primitive, params = [value(atom) for atom in operation.invars], operation.primitive, operation.params
        if any(isinstance(operand, Factors) for operand in operands):
            results = _on_factors(primitive, operands, params)
        elif left_as_factors.intersection(operation.outvars):
            results = Factors.of(*operands, **params)
        elif primitive is primitives.dot_general_p:
            results = _product(*operands, **params)
        elif primitive is primitives.reduce_sum_p:
            results = _sum(*operands, **params)
        else:
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


def _sum(x: jax.Array, *, axes: tuple[int, ...], **options: Any) -> jax.Array:
    """A sum over neighbouring axes before the last, as a product with ones; any other as it is.

    XLA computes what is summed and its sum as one loop, which reads across the rows: 8 us for 250 rows of 40, the product 1 us.
    """
    first, end = min(axes, default=0), max(axes, default=0) + 1
    rows, rest = math.prod(x.shape[first:end]), math.prod(x.shape[end:])
    is_one_block = end - first == len(axes) and min(rows, rest) > 1
    if is_one_block and LEAST_SIZE <= x.size <= MOST_SUMMED and jnp.issubdtype(x.dtype, jnp.floating):
        return _summed_by_product(x, first, end)
    return primitives.reduce_sum_p.bind(x, axes=axes, **options)


def _summed_by_product(x: jax.Array, first: int, end: int) -> jax.Array:
    """`x` summed over its axes from `first` to before `end`."""

    @jax.custom_batching.custom_vmap
    def summed(x: jax.Array) -> jax.Array:
        stack, rows, rest = (math.prod(part) for part in (x.shape[:first], x.shape[first:end], x.shape[end:]))
        shape = (*x.shape[:first], *x.shape[end:])
        if stack == 1:
            return lax.reshape(lax.dot(jnp.ones((1, rows), x.dtype), lax.reshape(x, (rows, rest))), shape)
        ones = jnp.ones((stack, rows), x.dtype)
        return lax.reshape(lax.dot_general(ones, lax.reshape(x, (stack, rows, rest)), (((1,), (1,)), BATCH_FIRST)), shape)

    @summed.def_vmap
    def _(_size: int, _is_batched: list[bool], x: jax.Array) -> tuple[jax.Array, bool]:
        """JAX's own rule would put the new axis beside `rest`, for a copy of all of `x`: ones have no such axis."""
        return _summed_by_product(x, first + 1, end + 1), True

    return summed(x)


def _others(x: jax.Array, *taken: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(axis for axis in range(x.ndim) if not any(axis in axes for axes in taken))


def _come_first(axes: tuple[int, ...], others: tuple[int, ...]) -> bool:
    return bool(axes) and bool(others) and max(axes) < max(others)


class Factors(NamedTuple):
    """A stack of matrices `[tasks, m, n]` that is not computed: `base + scale * a' b` for each task.

    a: `[tasks, rows, m]`. b: `[tasks, rows, n]`. scale: `[]`. base: `[1, m, n]`, the same for all; None is 0.
    options: of the product.
    """

    a: jax.Array
    b: jax.Array
    options: dict[str, Any]
    scale: jax.Array | float = 1.0
    base: jax.Array | None = None

    @classmethod
    def of(cls, a: jax.Array, b: jax.Array, *, dimension_numbers: Any, **options: Any) -> "Factors":
        """What `lax.dot_general(a, b)` would compute."""
        del dimension_numbers  # those of `_is_a_stack_of_gradients`
        return cls(a, b, options)

    def transposed(self) -> "Factors":
        """Each matrix transposed."""
        base = None if self.base is None else lax.transpose(self.base, (0, 2, 1))
        return self._replace(a=self.b, b=self.a, base=base)

    def times(self, factor: jax.Array | float) -> "Factors":
        """Scaled by a number."""
        return self._replace(scale=factor * self.scale, base=None if self.base is None else factor * self.base)

    def plus(self, base: jax.Array) -> "Factors":
        """With a matrix added that is the same for all tasks."""
        return self._replace(base=base if self.base is None else self.base + base)

    def applied(self, x: jax.Array, axis: int) -> jax.Array:
        """`x` `[tasks, rows, m]`, or with the other two axes exchanged, summed over `axis` with m: `[tasks, rows, n]`."""
        inner = lax.dot_general(x, self.a, (((axis,), (2,)), BATCH_FIRST), **self.options)
        result = lax.dot_general(self.scale * inner, self.b, (((2,), (1,)), BATCH_FIRST), **self.options)
        if self.base is None:
            return result
        return result + lax.dot_general(x, self.base[0], (((axis,), (0,)), ((), ())), **self.options)

    def summed(self) -> jax.Array:
        """Over tasks, `[m, n]`."""
        total = _product(self.b, self.a, dimension_numbers=(((0, 1), (0, 1)), ((), ())), **self.options)
        total = self.scale * lax.transpose(total, (1, 0))
        return total if self.base is None else total + len(self.a) * self.base[0]

    def computed(self) -> jax.Array:
        """The matrices after all."""
        product = _product(self.b, self.a, dimension_numbers=(((1,), (1,)), BATCH_FIRST), **self.options)
        product = self.scale * lax.transpose(product, (0, 2, 1))
        return product if self.base is None else product + self.base


def _on_factors(primitive: core.Primitive, operands: list[Any], params: dict[str, Any]) -> Any:
    """The result of an operation of which `_can_take` said that it can do with factors."""
    place = next(place for place, operand in enumerate(operands) if isinstance(operand, Factors))
    factors, *others = operands[place], *operands[:place], *operands[place + 1 :]
    if any(isinstance(other, Factors) for other in others):
        operands[place] = factors.computed()
        return _on_factors(primitive, operands, params)
    match primitive.name:
        case "stop_gradient":
            return factors
        case "transpose":
            return factors.transposed()
        case "neg":
            return factors.times(-1.0)
        case "mul":
            return factors.times(others[0])
        case "sub":
            return factors.times(-1.0).plus(others[0]) if place else factors.plus(-others[0])
        case "add" | "add_any":
            return factors.plus(others[0])
        case "reduce_sum":
            return factors.summed()
    summed = params["dimension_numbers"][0]
    turned = factors if summed[place] == (1,) else factors.transposed()
    result = turned.applied(others[0], summed[1 - place][0])
    return result if place else lax.transpose(result, (0, 2, 1))


def _left_as_factors(program: core.Jaxpr) -> set[core.Var]:
    """Products that are cheaper left as factors: nothing needs their values, and fewer multiplications do."""
    users: dict[core.Var, list[core.JaxprEqn | None]] = {}
    for operation in program.eqns:
        for atom in operation.invars:
            if isinstance(atom, core.Var):
                users.setdefault(atom, []).append(operation)
    for atom in program.outvars:
        if isinstance(atom, core.Var):
            users.setdefault(atom, []).append(None)

    def ends(matrices: core.Var) -> list[core.JaxprEqn | None]:
        """The operations that make of the matrices, or of what they become, something else; None needs their values."""
        found = []
        for operation in users.get(matrices, []):
            takes = operation is not None and _can_take(operation, matrices)
            becomes_another = takes and operation.primitive.name not in ("reduce_sum", "dot_general")
            found += ends(operation.outvars[0]) if becomes_another else [operation if takes else None]
        return found

    def is_cheaper(operation: core.JaxprEqn) -> bool:
        _, rows, m = operation.invars[0].aval.shape
        n = operation.invars[1].aval.shape[2]
        found = ends(operation.outvars[0])
        if None in found:
            return False
        are_applied = any(end.primitive is primitives.dot_general_p for end in found)
        return not are_applied or rows * (m + n) <= m * n

    return {operation.outvars[0] for operation in program.eqns if _is_a_stack_of_gradients(operation) and is_cheaper(operation)}


def _is_a_stack_of_gradients(operation: core.JaxprEqn) -> bool:
    """A product `[tasks, rows, m], [tasks, rows, n] -> [tasks, m, n]`, and not a small one."""
    return (
        operation.primitive is primitives.dot_general_p
        and operation.params["dimension_numbers"] == (((1,), (1,)), BATCH_FIRST)
        and all(atom.aval.ndim == 3 and atom.aval.size >= LEAST_SIZE for atom in operation.invars)
    )


def _can_take(operation: core.JaxprEqn, matrices: core.Var) -> bool:
    """Whether an operation can be done on the factors of `matrices`."""
    others = [atom.aval for atom in operation.invars if atom is not matrices]
    if len(others) != len(operation.invars) - 1:
        return False
    match operation.primitive.name:
        case "neg" | "stop_gradient":
            return True
        case "transpose":
            return tuple(operation.params["permutation"]) == (0, 2, 1)
        case "mul":
            return others[0].ndim == 0
        case "add" | "add_any" | "sub":
            return others[0].shape == (1, *matrices.aval.shape[1:])
        case "reduce_sum":
            return tuple(operation.params["axes"]) == (0,)
        case "dot_general":
            (sum_a, sum_b), batch = operation.params["dimension_numbers"]
            return batch == BATCH_FIRST and others[0].ndim == 3 and len(sum_a) == len(sum_b) == 1
    return False
