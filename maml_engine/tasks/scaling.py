"""From the units of the data to the network's and back."""

import jax
import numpy as np

from maml_engine.core.episode import Array, Batch, Episode, float_type
from maml_engine.pytrees import pytree


@pytree
class Scaling:
    """Centre and spread of inputs and targets; fitted on training tasks only.

    Unless they were fitted (`[]`, 0 and 1), whole numbers stay whole: indices of an embedding, labels of classes.

    x_mean: `[in_dim]`, in units of the inputs.
    x_std: `[in_dim]`; 1 where an input is constant.
    y_mean: `[out_dim]`, in units of the targets.
    y_std: `[out_dim]`; 1 where a target is constant.
    """

    x_mean: np.ndarray | float = 0.0
    x_std: np.ndarray | float = 1.0
    y_mean: np.ndarray | float = 0.0
    y_std: np.ndarray | float = 1.0

    @classmethod
    def fit(cls, x: np.ndarray, y: np.ndarray) -> "Scaling":
        """From rows `[n, in_dim]` and `[n, out_dim]`; a constant column keeps its units."""
        x_std, y_std = x.std(axis=0), y.std(axis=0)
        fitted = (x.mean(0), np.where(x_std > 0, x_std, 1.0), y.mean(0), np.where(y_std > 0, y_std, 1.0))
        return cls(*(np.asarray(value, float_type()) for value in fitted))

    def inputs(self, x: Array) -> Array:
        """Inputs `[..., in_dim]` in the network's units; what is on the host stays there."""
        return _scaled(x, self.x_mean, self.x_std)

    def batch(self, batch: Batch) -> Batch:
        """A batch in the network's units."""
        return Batch(self.inputs(batch.x), _scaled(batch.y, self.y_mean, self.y_std), batch.weight)

    def episode(self, episode: Episode) -> Episode:
        """Support and query in the network's units."""
        return Episode(self.batch(episode.support), self.batch(episode.query))

    def outputs(self, prediction: jax.Array) -> jax.Array:
        """Predictions `[..., out_dim]` in the units of the data."""
        return prediction * self.y_std + self.y_mean


def _scaled(rows: Array, mean: np.ndarray | float, std: np.ndarray | float) -> Array:
    if np.ndim(mean) == 0 and np.issubdtype(rows.dtype, np.integer):
        return rows
    return (rows - mean) / std
