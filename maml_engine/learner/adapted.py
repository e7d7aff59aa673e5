"""A learner adapted to one task, and what it predicts."""

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx

from maml_engine.core.adapter import Adapter
from maml_engine.core.episode import Array, Batch
from maml_engine.core.inner_loop import path_predictions
from maml_engine.core.labels import takes_labels
from maml_engine.models import Network
from maml_engine.models.head import Solved
from maml_engine.tasks import Scaling

if TYPE_CHECKING:
    from maml_engine.learner.learner import Learner

PyTree = Any
INTERVAL = 1.6448536269514722  # standard deviations on each side, for 90 %


class Prediction(NamedTuple):
    """Predictions in the units of the data.

    mean: `[n, out_dim]`.
    low: `[n, out_dim]`, the lower ends of their intervals; None where nothing says how sure they are.
    high: `[n, out_dim]`, the upper ends; None likewise.
    """

    mean: np.ndarray
    low: np.ndarray | None = None
    high: np.ndarray | None = None


@dataclass(frozen=True, eq=False)
class Adapted:
    """A learner adapted to one task: a function from inputs to predictions, in the units of the data.

    learner: what was adapted.
    params: the network's parameters after the last inner step.
    network: without its parameters, as it predicts: dropout off, normalisation layers by the support's statistics.
    """

    learner: "Learner"
    params: PyTree
    network: Network

    def __call__(self, x: Any) -> np.ndarray:
        """`[n, in_dim] -> [n, out_dim]`; `[n, ...]` where rows have other shapes."""
        rows = self.learner.x_rows.checked("x", x)
        scaled = self.learner.scaling.inputs(padded(rows, self.learner.padded_size(len(rows), smallest=64)))
        prediction = _predict(self.network, self.learner.scaling, self.params, scaled)
        return np.asarray(prediction)[: len(rows)]

    def predict(self, x: Any) -> Prediction:
        """Predictions, with the 90 % intervals of a method that has its own (ALPaCA, DKT); the others do not know their spread.

        `x` `[n, in_dim]`, as for a call. Intervals are the model's, not checked on any task.
        """
        if not isinstance(self.params, Solved) or takes_labels(self.learner.loss_fn):
            return Prediction(self(x))
        mean, half = (np.asarray(part, float) for part in (self(x), INTERVAL * self._spread(x)))
        return Prediction(mean, mean - half, mean + half)

    def _spread(self, x: Any) -> np.ndarray:
        """Standard deviations in the units of the data, `[n, out_dim]`."""
        rows = self.learner.x_rows.checked("x", x)
        scaled = self.learner.scaling.inputs(padded(rows, self.learner.padded_size(len(rows), smallest=64)))
        return np.asarray(_spread(self.network, self.learner.scaling, self.params, scaled))[: len(rows)]

    @property
    def model(self) -> nnx.Module:
        """The adapted network as a module of its own, in the network's units."""
        return self.network.merge(jax.tree.map(jnp.asarray, self.params))

    @property
    def statistics(self) -> str:
        """What predictions depend on beside a row and the parameters, as `Learner.statistics` says."""
        return self.learner.statistics


@jax.jit
def settled(network: Network, params: PyTree, support_x: Array) -> Network:
    """`Network.settled`, compiled: the network as it predicts after adapting to rows `support_x` `[k_shot, ...]`."""
    return network.settled(params, support_x)


@jax.jit
def _predict(network: Network, scaling: Scaling, params: PyTree, x: Array) -> jax.Array:
    return scaling.outputs(network.predict(params, x))


@jax.jit
def _spread(network: Network, scaling: Scaling, params: Solved, x: Array) -> jax.Array:
    return params.head.spread(network.features(params, x).values) * scaling.y_std


@partial(jax.jit, static_argnames="inner_steps")
def path_in_units(adapter: Adapter, scaling: Scaling, support: Batch, query_x: Array, *, inner_steps: int) -> jax.Array:
    """`inner_loop.path_predictions` in the units of the data, to the network's and back in the same program.

    Args:
      adapter: the method and the meta-parameters to start from.
      scaling: between the units of the data and the network's.
      support: the tasks' examples, `x` `[tasks, k_shot, in_dim]`.
      query_x: `[tasks, k_query, in_dim]`.
      inner_steps: gradient steps; static.

    Returns:
      `[tasks, inner_steps + 1, k_query, out_dim]`.
    """
    scaled = scaling.batch(support), scaling.inputs(query_x)
    return scaling.outputs(path_predictions(adapter, *scaled, inner_steps=inner_steps))


def padded_size(rows: int, smallest: int) -> int:
    """A power of two that holds so many rows, so that one row more does not compile again."""
    return max(smallest, 1 << (rows - 1).bit_length())


def padded(rows: np.ndarray, size: int) -> np.ndarray:
    """`[rows, ...] -> [size, ...]`, with zeros behind."""
    return np.concatenate([rows, np.zeros((size - len(rows), *rows.shape[1:]), rows.dtype)])
