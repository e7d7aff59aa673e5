"""The differentiated program, gone through once."""

from collections.abc import Callable
from functools import partial
from typing import Any

import jax
from jax.extend import core
from jax.extend.core import primitives

from maml_engine.runtime.matmul_rewriting.factored import Factors, left_as_factors, on_factors
from maml_engine.runtime.matmul_rewriting.matmul import product, row_sum

CALLS = ("jit", "scan", "checkpoint")  # operations whose programs are gone through too


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
    as_factors = left_as_factors(program.jaxpr)

    def value(atom: Any) -> Any:
        return atom.val if isinstance(atom, core.Literal) else values[atom]

    for operation in program.jaxpr.eqns:
        operands, primitive, params = [value(atom) for atom in operation.invars], operation.primitive, operation.params
        if any(isinstance(operand, Factors) for operand in operands):
            results = on_factors(primitive, operands, params)
        elif as_factors.intersection(operation.outvars):
            results = Factors.of(*operands, **params)
        elif primitive is primitives.dot_general_p:
            results = product(*operands, **params)
        elif primitive is primitives.reduce_sum_p:
            results = row_sum(*operands, **params)
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
