"""Temporary memory of compiled meta-gradients, by the compiler's own account."""

from collections.abc import Sequence
from functools import partial

import jax
import jax.numpy as jnp

from benchmarks.jax_rows import method_of, model_of
from benchmarks.problem import Problem
from maml_engine import Batch, Episode, softmax_cross_entropy
from maml_engine.core.adapter import MetaParams
from maml_engine.models import Network

WAYS = ("engine, plain", "engine, mixed", "engine, checkpointed", "first order")


def conv4_megabytes(width: int, inner_steps: Sequence[int]) -> dict[str, dict[int, float]]:
    """By way to the gradient and number of inner steps: 5-way 1-shot, 8 tasks."""
    return {way: {steps: _megabytes(way, width, steps) for steps in inner_steps} for way in WAYS}


def _megabytes(way: str, width: int, inner_steps: int) -> float:
    first_order = way == "first order"
    problem = Problem("conv4", 8, 1, width, inner_steps, inner_lr=0.4, second_order=not first_order)
    arrays = problem.arrays()
    network, params = Network.split(model_of(problem, arrays))
    method = method_of("engine" if first_order else way, problem)
    data = [jnp.asarray(arrays[name]) for name in ("support_x", "support_y", "query_x", "query_y")]
    episode = Episode(Batch(*data[:2]), Batch(*data[2:]))
    gradient = jax.jit(partial(method.meta_gradient, network=network, loss_fn=softmax_cross_entropy))
    compiled = gradient.lower(MetaParams(params, ()), episode).compile()
    return compiled.memory_analysis().temp_size_in_bytes / 2**20
