"""Networks with a learned start, averaged, as a predictor: each adapts to the known rows of a task by gradient steps."""

import dataclasses
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import jax
import numpy as np

from maml_engine.core.adapter import Adapter, MetaParams
from maml_engine.core.episode import Batch
from maml_engine.core.inner_loop import adapted_params
from maml_engine.core.losses import mean_squared_error
from maml_engine.experiment import Experiment
from maml_engine.io.arrays import from_arrays, to_arrays
from maml_engine.models import Network
from maml_engine.tables.functions import Function
from maml_engine.tables.task_arrays import Predictive, TaskArrays

PyTree = Any


@dataclass(frozen=True, eq=False)
class NetworkEnsemble:
    """Members predict what a pooled fit leaves of the target.

    experiment: the run that each member is.
    network: the members without their parameters.
    meta: these with the method's rule, leaves `[members, ...]`.
    pooled: what members add to, `[..., in_dim] -> [..., outputs]`.
    unit: in which they predict what it leaves.
    in_dim: inputs of a row.
    out_dim: outputs.
    setting: what was chosen in fitting, in words.
    """

    experiment: Experiment
    network: Network
    meta: MetaParams
    pooled: Function
    unit: float
    in_dim: int
    out_dim: int
    setting: str = ""

    @property
    def members(self) -> int:
        """How many networks."""
        return len(jax.tree.leaves(self.meta)[0])

    def predict(self, tasks: TaskArrays, k: int) -> np.ndarray:
        """`[draws, tasks, rows, outputs]`, from the first `k` rows of each order."""
        return self.predictive(tasks, k).mean

    def predictive(self, tasks: TaskArrays, k: int) -> Predictive:
        """The mean over members, and how much they differ, over outputs."""
        means, variances = [], []
        for orders in tasks.orders:
            known = [order[:k][is_row[order[:k]]] for order, is_row in zip(orders, tasks.is_row, strict=True)]
            each = [self._each(x, y, own) for x, y, own in zip(tasks.x, tasks.y, known, strict=True)]
            means.append([one.mean(axis=0) for one in each])
            variances.append([one.var(axis=0).mean(axis=-1) for one in each])
        return Predictive(np.array(means), np.array(variances))

    def _each(self, x: np.ndarray, y: np.ndarray, known: np.ndarray) -> np.ndarray:
        """`[members, rows, outputs]` of one task; arrays have a few sizes, so that a row more compiles nothing anew."""
        about = self.pooled(x)
        params = self.meta.init
        if len(known):
            size = max(8, 1 << (len(known) - 1).bit_length())
            batch = Batch(
                _padded(x[known], size),
                _padded((y[known] - about[known]) / self.unit, size),
                (np.arange(size) < len(known)).astype(np.float32),
            )
            setting = {"iteration": self.experiment.num_iterations, "inner_steps": self.experiment.inner_steps}
            params = _adapt(self.experiment.build_method(), self.network, self.meta, batch, **setting)
        padded = _padded(x, max(64, 1 << max(0, len(x) - 1).bit_length()))
        each = np.asarray(_predict(self.network, params, padded))[:, : len(x)] * self.unit
        return np.nan_to_num(each, posinf=0.0, neginf=0.0) + about

    def to_values(self) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
        """Plain values for JSON, and arrays `[...]` by name; the pooled fit is among neither."""
        facts = {"experiment": dataclasses.asdict(self.experiment), "unit": self.unit, "members": self.members}
        return facts | {"in_dim": self.in_dim, "out_dim": self.out_dim, "setting": self.setting}, to_arrays({"meta": self.meta})

    @classmethod
    def from_values(
        cls, values: dict[str, Any], arrays: dict[str, np.ndarray], pooled: Function, source: Path
    ) -> "NetworkEnsemble":
        """The inverse of `to_values`.

        Args:
          values: as they were given.
          arrays: as they were given, `[...]` by name.
          pooled: what members add to.
          source: is named where something is refused.

        Raises:
          StorageError: an array is missing or has another shape.
        """
        experiment = Experiment.from_values(values["experiment"])
        network, one = experiment.build_template(values["in_dim"], values["out_dim"])
        members = values["members"]
        template = jax.tree.map(lambda leaf: jax.ShapeDtypeStruct((members, *leaf.shape), leaf.dtype), one)
        meta = from_arrays({"meta": template}, arrays, source)["meta"]
        sizes = {name: values[name] for name in ("unit", "in_dim", "out_dim", "setting")}
        return cls(experiment, network, meta, pooled, **sizes)


def _padded(rows: np.ndarray, size: int) -> np.ndarray:
    padded = np.zeros((size, rows.shape[1]), np.float32)
    padded[: len(rows)] = rows
    return padded


@jax.jit
def _predict(network: Network, params: PyTree, x: jax.Array) -> jax.Array:
    return jax.vmap(network.predict, (0, None))(params, x)


@partial(jax.jit, static_argnames="inner_steps")
def _adapt(method, network, meta, support, *, iteration, inner_steps):
    def one_member(meta: MetaParams) -> PyTree:
        adapter = Adapter(method, meta, network, mean_squared_error, iteration)
        return adapted_params(adapter, support, inner_steps=inner_steps)

    return jax.vmap(one_member)(meta)
