"""The outer loop: meta-steps in one compiled program, tasks drawn on the device inside it."""

from collections.abc import Callable
from typing import Any, NamedTuple, cast

import jax
import jax.numpy as jnp
import numpy as np
import optax

from maml_engine.core.adapter import Adapter, MetaParams
from maml_engine.core.episode import Episode
from maml_engine.core.keys import key_of
from maml_engine.core.losses import LossFn
from maml_engine.core.meta_optimizer import MetaOptimizer, OwnMetaOptimizer
from maml_engine.learner import Learner
from maml_engine.methods import Method
from maml_engine.models import Network
from maml_engine.pytrees import pytree, static_field
from maml_engine.tasks import Scaling
from maml_engine.tasks.traceable import as_argument

# Room for the meta-losses of one call.
MAX_CHUNK = 1000
# Tasks are drawn for up to so many meta-steps ahead, while they take no more than this.
MAX_AHEAD, MAX_AHEAD_BYTES = 16, 2**20


class TrainState(NamedTuple):
    """What one meta-step hands to the next.

    meta: the meta-parameters.
    opt_state: the meta-optimiser's own.
    """

    meta: MetaParams
    opt_state: optax.OptState


@pytree
class Program:
    """What a meta-step needs besides its state. Numbers are leaves, so changing them compiles nothing.

    method: how the learner adapts and is trained.
    network: the module without its parameters.
    optimizer: of the outer loop.
    tasks: what tasks are drawn from, the training split.
    scaling: between the units of the data and the network's.
    key: `[]`; meta-step i draws its tasks by this key folded with i.
    loss_fn: gives one number an example; static.
    meta_batch_size: tasks in a meta-step; static.
    k_shot: support rows of a task; static.
    k_query: query rows of a task; static.
    """

    method: Method
    network: Network
    optimizer: MetaOptimizer | OwnMetaOptimizer
    tasks: Any
    scaling: Scaling
    key: jax.Array
    loss_fn: LossFn = static_field()
    meta_batch_size: int = static_field()
    k_shot: int = static_field()
    k_query: int = static_field()

    def adapter(self, meta: MetaParams, iteration: jax.Array | int) -> Adapter:
        """The method at these meta-parameters, in meta-iteration `iteration` `[]`."""
        return Adapter(self.method, meta, self.network, self.loss_fn, iteration)


# (adapter, tasks, key) -> (meta-loss [], meta-gradient).
Gradient = Callable[[Adapter, Episode, jax.Array], tuple[jax.Array, MetaParams]]
# (state, program, first iteration, how many) -> (state, meta-losses); may make fewer steps, as the losses' number says.
Steps = Callable[[TrainState, Program, int, int], tuple[TrainState, np.ndarray]]


def program_of(learner: Learner) -> Program:
    """What training `learner` by its experiment takes; tasks are the training split."""
    experiment = learner.experiment
    return Program(
        method=learner.method,
        network=learner.network,
        optimizer=learner.own.build_meta_optimizer(experiment),
        tasks=as_argument(learner.default_tasks.split("train")),
        scaling=learner.scaling,
        key=training_keys(experiment.seed)[0],
        loss_fn=learner.loss_fn,
        meta_batch_size=experiment.meta_batch_size,
        k_shot=experiment.k_shot,
        k_query=experiment.k_query,
    )


def training_keys(seed: int) -> tuple[jax.Array, jax.Array]:
    """Keys `[]` of the training tasks and of the validation tasks."""
    return _two_keys(key_of(seed))


@jax.jit
def _two_keys(key: jax.Array) -> tuple[jax.Array, jax.Array]:
    first, second = jax.random.split(key)
    return first, second


def initial_state(learner: Learner) -> TrainState:
    """The state before the first meta-step, in buffers of its own (`meta_steps` donates them)."""
    optimizer = learner.own.build_meta_optimizer(learner.experiment).build()
    return jax.jit(lambda meta: TrainState(jax.tree.map(jnp.copy, meta), optimizer.init(meta)))(learner.meta)


def whole_batch(adapter: Adapter, episode: Episode, key: jax.Array) -> tuple[jax.Array, MetaParams]:
    """The meta-loss `[]` and meta-gradient of all the tasks of `episode`, here; `key` is one for all, or one a task."""
    return adapter.meta_gradient(episode, key=key)


def run_steps(
    state: TrainState, program: Program, start: jax.Array, length: jax.Array, *, gradient: Gradient = whole_batch
) -> tuple[TrainState, jax.Array]:
    """Makes `length` meta-steps from iteration `start` on.

    Args:
      state: before them.
      program: what a meta-step needs besides its state.
      start: `[]`, the first one's iteration.
      length: `[]`, how many, at most `MAX_CHUNK`.
      gradient: gives the meta-gradient of the tasks drawn; another than `whole_batch` may share them out among devices.

    Returns:
      The state after them, and the meta-losses `[MAX_CHUNK]`, of which the first `length` count.
    """
    optimizer = optax.with_extra_args_support(program.optimizer.build())
    # A table's losses are reported in the units of the data. All its targets have one spread, so one factor does it.
    unit = 1.0
    if jnp.ndim(program.scaling.y_std):  # fitted
        unit = jnp.mean(program.loss_fn(jnp.ones((1, 1)) * program.scaling.y_std, jnp.zeros((1, 1))))
        unit = jnp.where(jnp.all(program.scaling.y_std == 1.0), 1.0, unit)

    def draw(iteration: jax.Array) -> tuple[Episode, jax.Array]:
        key_tasks, key_method = jax.random.split(jax.random.fold_in(program.key, iteration))
        drawn = program.tasks.sample(key_tasks, program.meta_batch_size, program.k_shot, program.k_query)
        return program.scaling.episode(drawn), jax.random.key_data(key_method)

    shapes = jax.eval_shape(draw, 0)
    ahead = _drawn_ahead(shapes)

    def block(number: jax.Array, carry: tuple[TrainState, jax.Array]) -> tuple[TrainState, jax.Array]:
        """The meta-steps from `number * ahead` on, of which those before `start` or beyond the last are not made."""
        begin = number * ahead
        steps = jnp.maximum(start, begin), jnp.minimum(start + length, begin + ahead)

        def draw_one(iteration: jax.Array, drawn: tuple[Episode, jax.Array]) -> tuple[Episode, jax.Array]:
            return jax.tree.map(lambda room, leaf: room.at[iteration - begin].set(leaf), drawn, draw(iteration))

        def meta_step(iteration: jax.Array, carry: tuple[TrainState, jax.Array]) -> tuple[TrainState, jax.Array]:
            state, losses = carry
            episode, key_data = jax.tree.map(lambda leaf: leaf[iteration - begin], drawn)
            key_method = jax.random.wrap_key_data(key_data, impl=jax.random.key_impl(program.key))
            loss, meta_gradient = gradient(program.adapter(state.meta, iteration), episode, key_method)
            updates, opt_state = optimizer.update(meta_gradient, state.opt_state, state.meta, value=loss)
            state = TrainState(cast(MetaParams, optax.apply_updates(state.meta, updates)), opt_state)
            return state, losses.at[iteration - start].set(loss * unit)

        drawn = jax.tree.map(lambda leaf: jnp.zeros((ahead, *leaf.shape), leaf.dtype), shapes)
        drawn = jax.lax.fori_loop(*steps, draw_one, drawn)
        return jax.lax.fori_loop(*steps, meta_step, carry)

    blocks = start // ahead, (start + length + ahead - 1) // ahead
    return jax.lax.fori_loop(*blocks, block, (state, jnp.zeros(MAX_CHUNK)))


def _drawn_ahead(shapes: tuple[Episode, jax.Array]) -> int:
    """For how many meta-steps tasks are drawn before these are made, by what one draw gives.

    They lie in memory then; drawn within a meta-step, XLA computes them again for each product that takes them (a seventh of
    the tutorial's meta-step, a quarter of eight at once).
    """
    size = sum(leaf.size * leaf.dtype.itemsize for leaf in jax.tree.leaves(shapes))
    return max(1, min(MAX_AHEAD, MAX_AHEAD_BYTES // size))


meta_steps = jax.jit(run_steps, donate_argnums=0)


def steps_here(state: TrainState, program: Program, start: int, length: int) -> tuple[TrainState, np.ndarray]:
    """Makes meta-steps on this process's first device.

    Args:
      state: before them; its buffers are donated.
      program: what a meta-step needs besides its state.
      start: the first one's iteration.
      length: how many, at most `MAX_CHUNK`.

    Returns:
      The state after them, and the meta-losses `[length]`, on the host.
    """
    state, losses = jax.block_until_ready(meta_steps(state, program, start, length))
    return state, np.array(losses)[:length]
