"""Checks of one computation against another that must agree with it.

Each function gives the error of one check of `board`.
"""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx

from maml_engine import tutorial
from maml_engine.core.episode import Batch, Episode
from maml_engine.core.meta_gradient import meta_value_and_grad
from maml_engine.experiment import Experiment
from maml_engine.methods import FOMAML, MAML
from maml_engine.training import train
from maml_engine.verification.problems import flat, relative_error, small_network, small_waves

PyTree = Any


def tutorial_code() -> float:
    """The engine's gradients against the tutorial's, 3 steps; the larger error of exact and first-order."""
    with jax.enable_x64(True):
        model, episode = small_network(np.float64), small_waves(np.float64)
        support, query = ({"x": part.x, "y": part.y} for part in episode)

        def of_tutorial(model: nnx.Module, first_order: bool) -> PyTree:
            def meta_loss(model: nnx.Module) -> jax.Array:
                return tutorial.maml_meta_loss(model, support, query, 0.1, 3, first_order=first_order)

            return nnx.grad(meta_loss)(model)

        compiled = nnx.jit(of_tutorial, static_argnames="first_order")
        errors = [
            relative_error(meta_value_and_grad(method(0.1, 3), model, episode)[1].init, compiled(model, first_order))
            for method, first_order in ((MAML, False), (FOMAML, True))
        ]
        return max(errors)


def plain_and_mixed() -> float:
    """Two ways to the exact gradient against each other, 5 steps."""
    with jax.enable_x64(True):
        model, episode = small_network(np.float64), small_waves(np.float64)
        plain, mixed = (meta_value_and_grad(MAML(0.1, 5), model, episode, mode=mode)[1].init for mode in ("plain", "mixed"))
        return relative_error(mixed, plain)


def batch_and_tasks() -> float:
    """The gradient of a batch of tasks against the mean of its tasks' own."""
    with jax.enable_x64(True):
        model, episode = small_network(np.float64), small_waves(np.float64)

        def gradient(tasks: Episode) -> np.ndarray:
            return flat(meta_value_and_grad(MAML(0.1, 2), model, tasks)[1].init)

        alone = [gradient(jax.tree.map(lambda leaf, i=i: leaf[i : i + 1], episode)) for i in range(len(episode.query.x))]
        return relative_error(gradient(episode), np.mean(alone, axis=0))


def padding() -> float:
    """The gradient with padded support sets against the one without."""
    with jax.enable_x64(True):
        model, episode = small_network(np.float64), small_waves(np.float64)
        support = episode.support
        rows = ((0, 0), (0, 3), (0, 0))
        wild_x, wild_y = (jnp.pad(leaf, rows, constant_values=1e3) for leaf in (support.x, support.y))
        weight = jnp.pad(jnp.ones(support.y.shape[:2]), ((0, 0), (0, 3)))
        padded = episode._replace(support=Batch(wild_x, wild_y, weight))
        with_padding, without = (meta_value_and_grad(MAML(0.1, 2), model, some)[1].init for some in (padded, episode))
        return relative_error(with_padding, without)


def resumed_run() -> float:
    """The largest difference of a parameter between a resumed run and one that was never stopped."""
    run = Experiment(num_iterations=40, hidden_dim=8, meta_batch_size=4)
    reports = list(train(run))
    middle = reports[len(reports) // 2 - 1]
    *_, resumed = train(run, start=middle.checkpoint)
    return float(np.max(np.abs(flat(resumed.learner.meta.init) - flat(reports[-1].learner.meta.init))))
