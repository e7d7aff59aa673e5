"""Rows of this project: the engine as shipped, the engine without its ways to save time, and the tutorial's plain code."""

import os
from collections.abc import Callable
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import optax
from flax import nnx

from benchmarks.problem import META_LR, WEIGHTS, Problem
from benchmarks.row import Prepared, serve
from maml_engine import (
    FOMAML,
    MAML,
    Batch,
    Conv4,
    Episode,
    MAMLRegressor,
    mean_squared_error,
    meta_value_and_grad,
    softmax_cross_entropy,
    tutorial,
)
from maml_engine.core.adapter import MetaParams
from maml_engine.core.losses import LossFn
from maml_engine.core.meta_optimizer import MetaOptimizer
from maml_engine.distributed import Mesh
from maml_engine.models import Network
from maml_engine.pytrees import pytree, static_field
from maml_engine.runtime.parallel import own_cpus
from maml_engine.tasks import Scaling
from maml_engine.training.outer_loop import Program, TrainState, meta_steps

STEPS_A_CALL = {"sine": 100, "conv4": 5}
# How a row may end: one meta-step a call of `train`'s program or of a loop of one's own, and the tasks of each shared out among
# devices, one a core (`--devices`).
ONE_STEP, OWN_LOOP, DEVICES = ", one step a call", ", own loop", ", a device a core"


@pytree
class FixedTasks:
    """The same tasks at every meta-step, since no row's clock holds the sampling.

    episode: the tasks.
    """

    episode: Episode

    def sample(self, *_) -> Episode:
        """What is there."""
        return self.episode


@pytree
class ForcedMode(MAML):
    """MAML with its exact gradient computed in one given way.

    mode: "plain", "mixed" or "checkpointed".
    """

    mode: str = static_field(default="plain")

    def meta_gradient(self, meta, episode, **setting):
        """As `MAML`, in `mode`."""
        return super().meta_gradient(meta, episode, **setting | {"mode": self.mode})


def method_of(row: str, problem: Problem) -> MAML:
    """By the row's name: "engine" or "engine, plain" (also mixed, checkpointed), with or without one of the three endings."""
    forced = row.removeprefix("engine")
    for ending in (ONE_STEP, OWN_LOOP, DEVICES):
        forced = forced.removesuffix(ending)
    forced = forced.removeprefix(", ")
    if not forced:
        return (MAML if problem.second_order else FOMAML)(problem.inner_lr, problem.inner_steps)
    return ForcedMode(problem.inner_lr, problem.inner_steps, mode=forced)


def model_of(problem: Problem, arrays: dict[str, np.ndarray]) -> nnx.Module:
    """The engine's network with the problem's weights.

    Args:
      problem: says which network.
      arrays: `[...]` by the names of `problem.WEIGHTS`.
    """
    if problem.kind == "sine":
        model = MAMLRegressor(problem.width, rngs=nnx.Rngs(0))
        params = {f"fc{layer}": {"kernel": arrays[f"w{layer}"], "bias": arrays[f"b{layer}"]} for layer in (1, 2, 3)}
    else:
        model = Conv4(5, features=problem.width, rngs=nnx.Rngs(0))
        blocks = {
            block - 1: {
                "conv": {"kernel": arrays[f"w{block}"]},
                "norm": {"scale": arrays[f"scale{block}"], "bias": arrays[f"bias{block}"]},
            }
            for block in range(1, 5)
        }
        params = {"blocks": blocks, "head": {"kernel": arrays["w5"], "bias": arrays["b5"]}}
    nnx.update(model, jax.tree.map(jnp.asarray, params))
    return model


def by_name(problem: Problem, gradient) -> dict[str, np.ndarray]:
    """Arrays `[...]` of a gradient that is shaped like the parameters, by the problem's names."""
    flat = {"/".join(map(str, path)): np.asarray(leaf[...]) for path, leaf in nnx.to_flat_state(gradient)}
    if problem.kind == "sine":
        paths = [f"fc{layer}/{part}" for layer in (1, 2, 3) for part in ("kernel", "bias")]
    else:
        parts = ("conv/kernel", "norm/scale", "norm/bias")
        paths = [f"blocks/{block}/{part}" for block in range(4) for part in parts] + ["head/kernel", "head/bias"]
    return dict(zip(WEIGHTS[problem.kind], (flat[path] for path in paths), strict=True))


def prepare(row: str, problem: Problem) -> Prepared:
    """A row by its name."""
    if row.endswith(DEVICES):
        jax.config.update("jax_num_cpu_devices", own_cpus())
    arrays = problem.arrays()
    model = model_of(problem, arrays)
    facts = {
        "version": f"jax {jax.__version__}",
        "device": jax.devices()[0].device_kind,
        "threads": os.environ.get("NPROC", "all"),
    }
    if row == "tutorial":
        return _tutorial(problem, arrays, model, facts)
    return _engine(row, problem, arrays, model, facts=facts)


def _engine(row: str, problem: Problem, arrays: dict, model: nnx.Module, *, facts: dict) -> Prepared:
    network, params = Network.split(model)
    method, meta = method_of(row, problem), MetaParams(params, ())
    data = {name: jnp.asarray(arrays[name]) for name in ("support_x", "support_y", "query_x", "query_y")}
    episode = Episode(Batch(data["support_x"], data["support_y"]), Batch(data["query_x"], data["query_y"]))
    loss_fn = mean_squared_error if problem.kind == "sine" else softmax_cross_entropy
    program = Program(
        method=method,
        network=network,
        optimizer=MetaOptimizer(META_LR, None, 0.0, "adam", "constant", None),
        tasks=FixedTasks(episode),
        scaling=Scaling() if problem.kind == "sine" else AsItIs(),
        key=jax.random.key(0),
        loss_fn=loss_fn,
        meta_batch_size=problem.tasks,
        k_shot=problem.shots,
        k_query=problem.shots,
    )
    gradient_of = jax.jit(partial(method.meta_gradient, network=network, loss_fn=loss_fn))
    compiled = gradient_of.lower(meta, episode).compile()
    loss, gradient = compiled(meta, episode)
    facts["temp_mb"] = compiled.memory_analysis().temp_size_in_bytes / 2**20
    if row.endswith(OWN_LOOP):
        calls = STEPS_A_CALL[problem.kind]
        loop = _own_loop(method, model, episode, loss_fn=loss_fn, calls=calls)
        return Prepared(loop, float(loss), by_name(problem, gradient.init), facts, calls)
    state = [TrainState(jax.tree.map(jnp.array, meta), program.optimizer.build().init(meta))]
    steps = 1 if row.endswith(ONE_STEP) else STEPS_A_CALL[problem.kind]
    make = Mesh(jax.devices()).steps if row.endswith(DEVICES) else meta_steps

    def step() -> None:
        state[0], losses = make(state[0], program, 0, steps)
        jax.block_until_ready((state[0], losses))

    return Prepared(step, float(loss), by_name(problem, gradient.init), facts, steps)


def _own_loop(method: MAML, model: nnx.Module, episode: Episode, *, loss_fn: LossFn, calls: int) -> Callable[[], None]:
    """Meta-steps as `examples/own_loop.py` makes them: a call from Python for each, and no wait before the last."""
    graphdef, params = nnx.split(model)
    optimizer = optax.adam(META_LR)

    @partial(jax.jit, donate_argnums=(0, 1))
    def meta_step(params: nnx.State, opt_state: optax.OptState, episode: Episode):
        loss, gradient = meta_value_and_grad(method, nnx.merge(graphdef, params), episode, loss_fn)
        updates, opt_state = optimizer.update(gradient.init, opt_state, params)
        return optax.apply_updates(params, updates), opt_state, loss

    state = [jax.tree.map(jnp.array, params), optimizer.init(params)]

    def steps() -> None:
        for _ in range(calls):
            state[0], state[1], _ = meta_step(*state, episode)
        jax.block_until_ready(state)

    return steps


@pytree
class AsItIs:
    """No scaling: labels have no units.

    y_std: `[]`, 1.
    """

    y_std: float = 1.0

    def episode(self, episode: Episode) -> Episode:
        """Unchanged."""
        return episode


def _tutorial(problem: Problem, arrays: dict, model: nnx.Module, facts: dict) -> Prepared:
    support, query = ({"x": arrays[f"{part}_x"], "y": arrays[f"{part}_y"]} for part in ("support", "query"))
    setting = (problem.inner_lr, problem.inner_steps)
    first_order = not problem.second_order
    loss_of = nnx.jit(
        nnx.value_and_grad(lambda model: tutorial.maml_meta_loss(model, support, query, *setting, first_order=first_order))
    )
    loss, gradient = loss_of(model)
    named = by_name(problem, nnx.state(gradient, nnx.Param) if isinstance(gradient, nnx.Module) else gradient)
    optimizer = nnx.Optimizer(model, optax.adam(META_LR), wrt=nnx.Param)

    def step() -> None:
        answer = tutorial.maml_train_step(model, optimizer, support, query, *setting, first_order=first_order)
        jax.block_until_ready((answer, nnx.state(model)))

    return Prepared(step, float(loss), named, facts)


if __name__ == "__main__":
    serve(prepare)
