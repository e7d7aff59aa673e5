"""Stacks of matrices that are never computed: what is asked of them is asked of their factors."""

import math
from typing import Any, NamedTuple

import jax
from jax import lax
from jax.extend import core
from jax.extend.core import primitives

from maml_engine.runtime.matmul_rewriting.matmul import BATCH_FIRST, MIN_SIZE, product


class Factors(NamedTuple):
    """A stack of matrices `[tasks, m, n]` that is not computed: `base + scale * a' b` for each task.

    a: `[tasks, rows, m]`.
    b: `[tasks, rows, n]`.
    options: of the product, as `lax.dot_general` takes them.
    scale: `[]`.
    base: `[1, m, n]`, the same for all tasks; None is 0.
    """

    a: jax.Array
    b: jax.Array
    options: dict[str, Any]
    scale: jax.Array | float = 1.0
    base: jax.Array | None = None

    @classmethod
    def of(cls, a: jax.Array, b: jax.Array, *, dimension_numbers: Any, **options: Any) -> "Factors":
        """What `lax.dot_general(a, b)` would compute of `a` `[tasks, rows, m]` and `b` `[tasks, rows, n]`.

        Args:
          a, b: the factors.
          dimension_numbers: those of `_is_a_stack_of_gradients`, and no others.
          **options: of `lax.dot_general`.
        """
        del dimension_numbers
        return cls(a, b, options)

    def transposed(self) -> "Factors":
        """Each matrix transposed."""
        base = None if self.base is None else lax.transpose(self.base, (0, 2, 1))
        return self._replace(a=self.b, b=self.a, base=base)

    def times(self, factor: jax.Array | float) -> "Factors":
        """Each matrix scaled by a number `[]`."""
        return self._replace(scale=factor * self.scale, base=None if self.base is None else factor * self.base)

    def plus(self, base: jax.Array) -> "Factors":
        """Each matrix with `base` `[1, m, n]` added, which is the same for all tasks."""
        return self._replace(base=base if self.base is None else self.base + base)

    def applied(self, x: jax.Array, axis: int) -> jax.Array:
        """The product of a stack with the matrices.

        Args:
          x: `[tasks, rows, m]`, or `[tasks, m, rows]`.
          axis: of `x`, the one of size m, which is summed over.

        Returns:
          `[tasks, rows, n]`.
        """
        inner = lax.dot_general(x, self.a, (((axis,), (2,)), BATCH_FIRST), **self.options)
        result = lax.dot_general(self.scale * inner, self.b, (((2,), (1,)), BATCH_FIRST), **self.options)
        if self.base is None:
            return result
        return result + lax.dot_general(x, self.base[0], (((axis,), (0,)), ((), ())), **self.options)

    def summed(self) -> jax.Array:
        """The sum over tasks, `[m, n]`."""
        total = product(self.b, self.a, dimension_numbers=(((0, 1), (0, 1)), ((), ())), **self.options)
        total = self.scale * lax.transpose(total, (1, 0))
        return total if self.base is None else total + len(self.a) * self.base[0]

    def computed(self) -> jax.Array:
        """The matrices themselves, `[tasks, m, n]`."""
        matrices = product(self.b, self.a, dimension_numbers=(((1,), (1,)), BATCH_FIRST), **self.options)
        matrices = self.scale * lax.transpose(matrices, (0, 2, 1))
        return matrices if self.base is None else matrices + self.base


def on_factors(primitive: core.Primitive, operands: list[Any], params: dict[str, Any]) -> Any:
    """Applies an operation of which `_can_take` has found that factors are enough for it.

    Args:
      primitive: of JAX.
      operands: arrays and `Factors`, one `Factors` at least.
      params: of the operation.

    Returns:
      An array, or `Factors` where the result is such a stack again.
    """
    place = next(place for place, operand in enumerate(operands) if isinstance(operand, Factors))
    factors, *others = operands[place], *operands[:place], *operands[place + 1 :]
    if any(isinstance(other, Factors) for other in others):
        operands[place] = factors.computed()
        return on_factors(primitive, operands, params)
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


def left_as_factors(program: core.Jaxpr) -> set[core.Var]:
    """Finds the products that are cheaper left as factors: nothing needs their values, and fewer multiplications suffice.

    Returns:
      The variables that they are assigned to.
    """
    users: dict[core.Var, list[core.JaxprEqn | None]] = {}
    for operation in program.eqns:
        for atom in operation.invars:
            if isinstance(atom, core.Var):
                users.setdefault(atom, []).append(operation)
    for atom in program.outvars:
        if isinstance(atom, core.Var):
            users.setdefault(atom, []).append(None)

    def ends(matrices: core.Var) -> list[core.JaxprEqn] | None:
        """The operations that make of the matrices, or of what they become, something else; None where values are needed."""
        found = []
        for operation in users.get(matrices, []):
            if operation is None or not _can_take(operation, matrices):
                return None
            if operation.primitive.name in ("reduce_sum", "dot_general"):
                found.append(operation)
                continue
            further = ends(operation.outvars[0])
            if further is None:
                return None
            found += further
        return found

    def is_cheaper(operation: core.JaxprEqn) -> bool:
        (_, rows, m), (_, _, n) = map(_shape, operation.invars)
        found = ends(operation.outvars[0])
        if found is None:
            return False
        are_applied = any(end.primitive is primitives.dot_general_p for end in found)
        return not are_applied or rows * (m + n) <= m * n

    return {operation.outvars[0] for operation in program.eqns if _is_a_stack_of_gradients(operation) and is_cheaper(operation)}


def _is_a_stack_of_gradients(operation: core.JaxprEqn) -> bool:
    """A product `[tasks, rows, m], [tasks, rows, n] -> [tasks, m, n]`, and not a small one."""
    return (
        operation.primitive is primitives.dot_general_p
        and operation.params["dimension_numbers"] == (((1,), (1,)), BATCH_FIRST)
        and all(len(shape) == 3 and math.prod(shape) >= MIN_SIZE for shape in map(_shape, operation.invars))
    )


def _can_take(operation: core.JaxprEqn, matrices: core.Var) -> bool:
    """Whether an operation can be done on the factors of `matrices`."""
    others = [_shape(atom) for atom in operation.invars if atom is not matrices]
    if len(others) != len(operation.invars) - 1:
        return False
    match operation.primitive.name:
        case "neg" | "stop_gradient":
            return True
        case "transpose":
            return tuple(operation.params["permutation"]) == (0, 2, 1)
        case "mul":
            return len(others[0]) == 0
        case "add" | "add_any" | "sub":
            return others[0] == (1, *_shape(matrices)[1:])
        case "reduce_sum":
            return tuple(operation.params["axes"]) == (0,)
        case "dot_general":
            (sum_a, sum_b), batch = operation.params["dimension_numbers"]
            return batch == BATCH_FIRST and len(others[0]) == 3 and len(sum_a) == len(sum_b) == 1
    return False


def _shape(atom: core.Var | core.Literal) -> tuple[int, ...]:
    return getattr(atom.aval, "shape", ())  # a token, which has none, is no array
