"""Tasks as the parallel axis: each device adapts to its own share of a meta-step's tasks.

All devices run one program. Each draws the whole batch of tasks, which is cheap and needs no message, keeps the tasks whose
global index is its own, and adds its part of the meta-gradient to the others': one flat vector, one all-reduce a meta-step.
So what a task is depends on the seed, the iteration and its index alone, never on how many devices or processes there are.
"""

from collections.abc import Callable, Sequence
from functools import cached_property, partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.flatten_util import ravel_pytree
from jax.sharding import NamedSharding, PartitionSpec

from maml_engine.core.adapter import Adapter, MetaParams
from maml_engine.core.episode import Batch, Episode
from maml_engine.distributed.peers import Peers
from maml_engine.training.outer_loop import Program, TrainState, run_steps, whole_batch

PyTree = Any
AXIS = "tasks"


class Mesh:
    """Devices in a row, on one host or several, among which the tasks of a meta-step are shared out.

    Its `steps` is what `train(experiment, steps=...)` takes.
    """

    # `jax.Device` is a variable, which a type checker does not take for a type.
    def __init__(
        self,
        devices: Sequence[jax.Device],  # pyright: ignore[reportInvalidTypeForm]
        peers: Peers | None = None,
    ):
        """The devices that share the tasks of a meta-step.

        Args:
          devices: in the same order in every process.
          peers: the processes that they belong to; None where all are this one's.
        """
        self.devices, self._peers = tuple(devices), peers or Peers()
        self._placed: tuple[Program, Program] | None = None

    @classmethod
    def among(cls, peers: Peers, count: int) -> "Mesh":
        """The first `count` devices of each process, in the order of the processes."""
        devices = [[device for device in jax.devices() if device.process_index == index] for index in range(peers.count)]
        return cls([device for own in devices for device in own[:count]], peers)

    def steps(self, state: TrainState, program: Program, start: int, length: int) -> tuple[TrainState, np.ndarray]:
        """Makes `length` meta-steps or fewer, as many in every process.

        Args:
          state: before them; its buffers are donated.
          program: what a meta-step needs besides its state.
          start: the first one's iteration.
          length: how many this process would make.

        Returns:
          The state after them, and the meta-losses `[steps made]`, on the host of every process.

        Raises:
          PeerLost: another process did not take part.
        """
        # How many steps a process would make depends on its clock; an all-reduce that not all take part in would wait forever.
        length = self._peers.common_length(length) if length else 0
        if self._placed is None or self._placed[0] is not program:
            self._placed = program, self._everywhere(program)
        with self._peers.stepping(length):
            state, losses = jax.block_until_ready(self._steps(self._everywhere(state), self._placed[1], start, length))
        return state, np.array(losses)[:length]

    def gradient(self, adapter: Adapter, episode: Episode, key: jax.Array) -> tuple[jax.Array, MetaParams]:
        """`outer_loop.whole_batch` by all devices: each computes its own tasks' part. `shard_map` runs it on every device.

        Args:
          adapter: the method and its meta-parameters, the same on every device.
          episode: all tasks of the meta-step, `[tasks, examples, ...]`, the same on every device.
          key: for methods that draw; split into one key a task.

        Returns:
          The meta-loss `[]` and the meta-gradient, the same on every device.
        """
        tasks = episode.support.x.shape[0]
        places = -(-tasks // len(self.devices))
        index = jax.lax.axis_index(AXIS) * places + jnp.arange(places)
        own = jax.tree.map(lambda leaf: leaf[index % tasks], episode)
        if tasks % len(self.devices):
            own = _without(index >= tasks, own)
        keys = jax.random.split(key, tasks)[index % tasks]
        loss_and_gradient = whole_batch(adapter, own, keys)
        _, as_tree = ravel_pytree(loss_and_gradient)  # for the way back alone: its own vector is not used, so not computed
        return as_tree(jax.lax.psum(_flat(loss_and_gradient), AXIS) * (places / tasks))

    @cached_property
    def _steps(self) -> Callable[..., tuple[TrainState, jax.Array]]:
        mesh, everywhere = self._everywhere_on.mesh, PartitionSpec()
        # Without the check, a gradient by what all devices share stays each device's own part, to be added up once and flat;
        # with it, JAX would add up each array on its own.
        run = jax.shard_map(
            partial(run_steps, gradient=self.gradient), mesh=mesh, in_specs=everywhere, out_specs=everywhere, check_vma=False
        )
        return jax.jit(run, donate_argnums=0)

    @cached_property
    def _everywhere_on(self) -> NamedSharding:
        return NamedSharding(jax.sharding.Mesh(np.array(self.devices), (AXIS,)), PartitionSpec())

    def _everywhere(self, tree: PyTree) -> PyTree:
        """The same arrays on every device; each process brings its own copy, and they are equal."""
        return jax.tree.map(self._place, tree)

    def _place(self, leaf: Any) -> Any:
        if not isinstance(leaf, jax.Array | np.ndarray):
            return leaf  # a Python number, which takes the type of what it meets
        if isinstance(leaf, jax.Array) and leaf.sharding == self._everywhere_on:
            return leaf
        if jnp.issubdtype(leaf.dtype, jax.dtypes.prng_key):
            return jax.random.wrap_key_data(self._place(jax.random.key_data(leaf)), impl=jax.random.key_impl(leaf))
        host = np.asarray(leaf)
        return jax.make_array_from_callback(host.shape, self._everywhere_on, lambda index: host[index])


def _flat(tree: PyTree) -> jax.Array:
    """All numbers of a tree as one vector `[numbers]`, in the order of `ravel_pytree`.

    Written array by array. A concatenation XLA would merge with what computes the arrays, and ask for each number which of
    them it belongs to: 27 ms for a network of width 512, whose meta-gradient takes 4.
    """
    leaves = [jnp.ravel(leaf) for leaf in jax.tree.leaves(tree)]
    flat, start = jnp.zeros(sum(leaf.size for leaf in leaves), jnp.result_type(*leaves)), 0
    for leaf in leaves:
        flat = jax.lax.dynamic_update_slice(flat, leaf.astype(flat.dtype), (start,))
        start += leaf.size
    return flat


def idle_places(tasks: int, devices: int) -> str:
    """Says in one sentence that `tasks` do not divide among `devices`, with the numbers that do; empty where they do."""
    idle = -tasks % devices
    if not idle:
        return ""
    lower = f"{tasks + idle - devices} or " if tasks > devices else ""
    return (
        f"{tasks} tasks do not divide among {devices} devices: {idle} of {tasks + idle} places stay empty in each meta-step. "
        f"--meta-batch-size {lower}{tasks + idle} fills them all."
    )


def _without(idle: jax.Array, episode: Episode) -> Episode:
    """An episode whose tasks in `idle` places (`[tasks]`, bool) have weight 0: they add nothing to any loss or gradient."""

    def weighed(batch: Batch) -> Batch:
        weight = jnp.ones(batch.x.shape[:2], batch.x.dtype) if batch.weight is None else batch.weight
        return batch._replace(weight=jnp.where(idle[:, None], 0.0, weight))

    return Episode(weighed(episode.support), weighed(episode.query))
