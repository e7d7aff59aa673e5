"""What training leaves behind: a network and a rule that adapt to a new task from a few rows."""

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx

from maml_engine.checks import check_number
from maml_engine.core.adapter import Adapter, MetaParams, partition
from maml_engine.core.episode import Array, Batch, float_type
from maml_engine.core.inner_loop import adapted_params, path_predictions
from maml_engine.core.losses import LossFn
from maml_engine.experiment import Experiment
from maml_engine.io.arrays import StorageError, from_arrays, load_arrays, remove, save_arrays, to_arrays, write_whole
from maml_engine.methods import Method
from maml_engine.models import Network
from maml_engine.tasks import Scaling

PyTree = Any
EXPERIMENT_FILE, LEARNER_FILE = "experiment.json", "learner.safetensors"
# Other kinds of learners: by a file that their folder holds, what opens it.
OPENERS: dict[str, Callable[[Path], Any]] = {}


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
class Learner:
    """A meta-trained network. Nothing here is ever changed: adapting makes a new value.

    experiment: the run that made it.
    meta: its meta-parameters, host copies.
    network: the module without its parameters.
    scaling: between the units of the data and the network's.
    iteration: meta-iterations behind it.
    in_dim: inputs of a row.
    out_dim: outputs of a row.
    tasks: what it was trained on, where that is at hand.
    """

    experiment: Experiment
    meta: MetaParams
    network: Network
    scaling: Scaling
    iteration: int
    in_dim: int
    out_dim: int
    tasks: Any = None

    @classmethod
    def untrained(cls, experiment: Experiment, *, model: nnx.Module | None = None, tasks: Any = None) -> "Learner":
        """The learner before its first meta-iteration: `model`, or the experiment's network at its random start.

        Raises:
          ValueError: the experiment reads a table and `tasks` does not hand it over, or the method does not fit the network.
        """
        tasks = experiment.build_tasks() if tasks is None else tasks
        shapes = jax.eval_shape(lambda key: tasks.split("train").sample(key, 1, experiment.k_shot, 1), jax.random.key(0))
        in_dim, out_dim = shapes.support.x.shape[-1], shapes.support.y.shape[-1]
        network, params = Network.split(model or experiment.build_model(in_dim, out_dim))
        if model is None:  # Flax draws parameters in 32 bits even where JAX computes in 64 (JAX_ENABLE_X64)
            params = jax.tree.map(lambda leaf: leaf.astype(float), params)
        method = experiment.build_method()
        partition(method, params)  # a method that does not fit the network says so here, not inside a compiled program
        meta = MetaParams(params, method.init_rule(params))
        scaling = getattr(tasks, "scaling", Scaling())
        return cls(experiment, _on_host(meta), network, scaling, 0, in_dim, out_dim, tasks)

    @cached_property
    def method(self) -> Method:
        """The method with its hyperparameters."""
        return self.experiment.build_method()

    @property
    def loss_fn(self) -> LossFn:
        """The loss, in the units that predictions and targets have."""
        return self.experiment.loss_fn

    @cached_property
    def default_tasks(self) -> Any:
        """The tasks that `evaluate` draws from where none are given."""
        return self.experiment.build_tasks() if self.tasks is None else self.tasks

    def adapter(self, **hyperparameters: float) -> Adapter:
        """What adapting takes, some of the method's hyperparameters replaced."""
        method = self.method.replace(**hyperparameters) if hyperparameters else self.method
        return Adapter(method, self.meta, self.network, self.loss_fn, self.iteration)

    def replace(self, **changes: Any) -> "Learner":
        """A copy with some fields changed."""
        return dataclasses.replace(self, **changes)

    # Adapting.

    def adapt(self, x: Any, y: Any, inner_steps: int | None = None) -> "Adapted":
        """Adapts to one task from its support rows.

        Args:
          x: `[k_shot, in_dim]` in the units of the data (`[k_shot]` where there is one input).
          y: `[k_shot, out_dim]`, likewise.
          inner_steps: gradient steps; None takes as many as in training.

        Raises:
          ValueError: no rows, shapes that do not fit, or values that are not finite numbers.
        """
        x, y = self._rows("x", x, self.in_dim), self._rows("y", y, self.out_dim)
        if len(x) != len(y) or len(x) == 0:
            raise ValueError(f"`x` and `y` must hold the same number of rows, at least 1, got {len(x)} and {len(y)}.")
        inner_steps = self.method.inner_steps if inner_steps is None else inner_steps
        check_number("inner_steps", inner_steps, low=0, integer=True)
        # Padded to a few sizes, so that one row more does not compile again.
        size = _padded_size(len(x), smallest=8)
        weight = np.zeros(size, np.float32)
        weight[: len(x)] = 1.0
        support = self.scaling.batch(Batch(_padded(x, size), _padded(y, size), weight))
        return Adapted(self, adapted_params(self.adapter(), support, inner_steps=inner_steps))

    def path_predictions(self, support: Batch, query_x: jax.Array, inner_steps: int) -> jax.Array:
        """Predictions for many tasks after each step, in the units of the data.

        Args:
          support: rows of each task, `x` being `[tasks, k_shot, in_dim]`.
          query_x: `[tasks, k_query, in_dim]`, where to predict.
          inner_steps: gradient steps; the first prediction is before any.

        Returns:
          `[tasks, inner_steps + 1, k_query, out_dim]`.
        """
        scaled = self.scaling.batch(support), self.scaling.inputs(query_x)
        return self.scaling.outputs(path_predictions(self.adapter(), *scaled, inner_steps=inner_steps))

    def _rows(self, name: str, value: Any, dim: int) -> np.ndarray:
        try:
            rows = np.asarray(value, dtype=float_type())
        except (TypeError, ValueError):
            raise ValueError(f"`{name}` must hold numbers, got {value!r:.60}.") from None
        rows = rows[:, None] if rows.ndim == 1 and dim == 1 else rows
        if rows.ndim != 2 or rows.shape[1] != dim:
            raise ValueError(f"`{name}` must have the shape [rows, {dim}], got {list(rows.shape)}.")
        if not np.isfinite(rows).all():
            raise ValueError(
                f"`{name}` must hold finite numbers, got {rows[~np.isfinite(rows)][0]} in row {_first_bad_row(rows)}."
            )
        return rows

    # Files.

    def save(self, folder: str | Path) -> None:
        """Writes `learner.safetensors` and `experiment.json`, each whole or not at all.

        The arrays come first and carry the experiment as well, so that a kill between the two files leaves this learner.

        Raises:
          StorageError: the disk is full, or writing is not allowed; what was there before is unchanged.
        """
        folder = Path(folder)
        description = self.experiment.to_json()
        beside = _text_or_none(folder / EXPERIMENT_FILE)
        facts = {
            "experiment": self.experiment.digest,
            "iteration": self.iteration,
            "in_dim": self.in_dim,
            "out_dim": self.out_dim,
            "description": description,
            "replaces": None if beside == description else beside,  # what lies there until the second file is written
        }
        save_arrays(folder / LEARNER_FILE, to_arrays({"meta": self.meta, "scaling": self.scaling}), facts)
        write_whole(folder / EXPERIMENT_FILE, description.encode())
        for file in OPENERS:  # a learner of another kind that lay here would be opened first
            remove(folder / file)

    @classmethod
    def load(cls, folder: str | Path, model: nnx.Module | None = None) -> "Learner":
        """Opens a saved learner, a table's (`maml_engine.tables.TableLearner`) as well.

        Nothing is executed: arrays come from safetensors, the rest from JSON.

        Args:
          folder: where `save` wrote it.
          model: the caller's own module, where the learner was trained from one.

        Raises:
          StorageError: not a learner's folder, cut off, altered, or made for another model.
        """
        folder = Path(folder)
        if other := next((open_ for file, open_ in OPENERS.items() if (folder / file).is_file()), None):
            return other(folder)
        if not (folder / LEARNER_FILE).is_file():
            raise StorageError(f"{folder} is not a learner's folder: it must hold {EXPERIMENT_FILE} and {LEARNER_FILE}.")
        arrays, facts = load_arrays(folder / LEARNER_FILE)
        if not {"experiment", "iteration", "in_dim", "out_dim"} <= facts.keys():
            raise StorageError(f"{folder / LEARNER_FILE} is not a learner: it holds {', '.join(sorted(facts))}.")
        experiment = _experiment_of(folder, facts)
        in_dim, out_dim = facts["in_dim"], facts["out_dim"]
        network, params = Network.split(model or experiment.build_model(in_dim, out_dim))
        template = {"meta": MetaParams(params, experiment.build_method().init_rule(params))}
        meta = from_arrays(template, arrays, folder / LEARNER_FILE)["meta"]
        scaling = Scaling(*(arrays[f"scaling/{spec.name}"] for spec in dataclasses.fields(Scaling)))
        return cls(experiment, meta, network, scaling, facts["iteration"], in_dim, out_dim)


@dataclass(frozen=True, eq=False)
class Adapted:
    """A learner adapted to one task: a function from inputs to predictions, in the units of the data.

    learner: what was adapted.
    params: the network's parameters after the last inner step.
    """

    learner: Learner
    params: PyTree

    def __call__(self, x: Any) -> np.ndarray:
        """`[n, in_dim] -> [n, out_dim]`."""
        rows = self.learner._rows("x", x, self.learner.in_dim)
        scaled = self.learner.scaling.inputs(_padded(rows, _padded_size(len(rows), smallest=64)))
        prediction = _predict(self.learner.network, self.params, scaled)
        return np.asarray(self.learner.scaling.outputs(prediction))[: len(rows)]

    def predict(self, x: Any) -> Prediction:
        """Predictions with what is known of their spread: nothing, for a single network."""
        return Prediction(self(x))

    @property
    def model(self) -> nnx.Module:
        """The adapted network as a module of its own, in the network's units."""
        return self.learner.network.merge(jax.tree.map(jnp.asarray, self.params))


def _experiment_of(folder: Path, facts: dict[str, Any]) -> Experiment:
    """The experiment beside a learner's arrays; or the one that they carry, where a kill came before it lay beside them."""
    path = folder / EXPERIMENT_FILE
    beside = _text_or_none(path)
    description = facts["description"] if "replaces" in facts and facts["replaces"] == beside else beside
    if description is None:
        raise StorageError(f"{folder} is not a learner's folder: it must hold {EXPERIMENT_FILE} beside {LEARNER_FILE}.")
    try:
        experiment = Experiment.from_json(description)
    except ValueError as error:
        raise StorageError(f"{path}: {error}") from error
    if facts["experiment"] != experiment.digest:
        raise StorageError(f"{path} was changed after the learner beside it was saved.")
    return experiment


def _text_or_none(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None


@jax.jit
def _predict(network: Network, params: PyTree, x: Array) -> jax.Array:
    return network.predict(params, x)


def _on_host(tree: PyTree) -> PyTree:
    """Copies, so that donating the originals deletes nothing here."""
    return jax.tree.map(np.array, tree)


def _padded_size(rows: int, smallest: int) -> int:
    return max(smallest, 1 << (rows - 1).bit_length())


def _padded(rows: np.ndarray, size: int) -> np.ndarray:
    return np.concatenate([rows, np.zeros((size - len(rows), rows.shape[1]), rows.dtype)])


def _first_bad_row(rows: np.ndarray) -> int:
    return int(np.argmax(~np.isfinite(rows).all(axis=1))) + 1
