"""What training leaves behind: a network and a rule that adapt to a new task from a few rows."""

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import jax
import numpy as np
from flax import nnx

from maml_engine.checks import check_choice, check_number
from maml_engine.core.adapter import Adapter, MetaParams, partition
from maml_engine.core.arguments import check_takes
from maml_engine.core.episode import Batch, Episode
from maml_engine.core.inner_loop import adapted_params
from maml_engine.core.labels import check_classes, checked_targets
from maml_engine.core.losses import LossFn
from maml_engine.core.row_kind import RowKind
from maml_engine.experiment import Experiment
from maml_engine.experiment.own import NOTHING, Own, described
from maml_engine.experiment.saved import experiment_of, text_or_none
from maml_engine.io.arrays import (
    StorageError,
    from_arrays,
    load_arrays,
    load_state,
    pack_arrays,
    remove,
    to_arrays,
    write_together,
)
from maml_engine.learner.adapted import Adapted, padded, padded_size, path_in_units, settled
from maml_engine.methods import Method
from maml_engine.models import Network
from maml_engine.models.row_probe import rows_are_independent
from maml_engine.tasks import Scaling
from maml_engine.tasks.classified import for_loss
from maml_engine.tasks.contract import check_tasks, shapes_of

PyTree = Any
EXPERIMENT_FILE, LEARNER_FILE = "experiment.json", "learner.safetensors"
# Other kinds of learners: by a file that their folder holds, what opens it.
OPENERS: dict[str, Callable[[Path], Any]] = {}


@dataclass(frozen=True, eq=False)
class Learner:
    """A meta-trained network. Nothing here is ever changed: adapting makes a new value.

    experiment: the run that made it.
    meta: its meta-parameters, host copies.
    network: the module without its parameters.
    scaling: between the units of the data and the network's.
    iteration: meta-iterations behind it.
    in_dim: inputs of a row; of images and the like the last axis.
    out_dim: outputs of a row, likewise.
    tasks: what it was trained on, where that is at hand.
    x_kind: of an input row, where it is no vector of `in_dim` real numbers.
    y_kind: of a target row, where it is no vector of `out_dim` real numbers.
    own: what its maker brought instead of what the experiment names.
    """

    experiment: Experiment
    meta: MetaParams
    network: Network
    scaling: Scaling
    iteration: int
    in_dim: int
    out_dim: int
    tasks: Any = None
    x_kind: RowKind | None = None
    y_kind: RowKind | None = None
    own: Own = NOTHING

    @classmethod
    def untrained(cls, experiment: Experiment, *, model: nnx.Module | None = None, tasks: Any = None, **own: Any) -> "Learner":
        """The learner before its first meta-iteration: `model`, or the experiment's network at its random start.

        Args:
          experiment: the run.
          model: the caller's own module.
          tasks: the caller's own tasks (`tasks/contract.py`).
          own: `method`, `loss_fn` and `meta_optimizer` of the caller's own, as `train` takes them.

        Raises:
          ValueError: the experiment reads a table and `tasks` does not hand it over, a part of the caller's own is not what it
            must be, the method does not fit the network, or the network does not fit the tasks.
        """
        if tasks is not None:
            check_tasks(tasks)
        experiment, parts = described(experiment, model=model, tasks=tasks, **own)
        loss_fn = parts.loss_fn or experiment.loss_fn
        tasks = for_loss(experiment.build_tasks() if tasks is None else tasks, loss_fn)
        shapes = shapes_of(tasks, experiment.k_shot)
        x_kind, y_kind = (RowKind.of_tasks(name, getattr(shapes.support, name)) for name in ("x", "y"))
        in_dim, out_dim = x_kind.size, y_kind.size
        check_classes(experiment.loss, loss_fn, y_kind, has_model=model is not None)
        if model is None:
            experiment.check_model(x_kind.shape)
        network, params = Network.split(model or experiment.build_model(in_dim, out_dim, x_kind.shape))
        method = parts.method or experiment.build_method()
        partition(method, params)  # a method that does not fit the network says so here, not inside a compiled program
        if model is None:  # Flax draws parameters in 32 bits even where JAX computes in 64 (JAX_ENABLE_X64)
            params = jax.tree.map(lambda leaf: leaf.astype(float), params)
        meta = MetaParams(params, method.init_rule(params))
        one_task = (shapes.support.x.shape[1:], shapes.support.x.dtype)
        adapter = Adapter(method, meta, network, loss_fn)
        prediction = check_takes(adapter, "support", *one_task)
        if method.support_gives != "nothing":  # or that it cannot be solved for
            one = jax.tree.map(lambda leaf: jax.ShapeDtypeStruct(leaf.shape[1:], leaf.dtype), shapes.support)
            jax.eval_shape(lambda support: method.from_support(adapter, support), one)
        if not y_kind.shape:  # labels: the network says of how many classes
            out_dim = prediction.shape[-1]
        scaling = getattr(tasks, "scaling", Scaling())
        kinds = (None if kind.is_plain else kind for kind in (x_kind, y_kind))
        learner = cls(experiment, _on_host(meta), network, scaling, 0, in_dim, out_dim, tasks, *kinds, own=parts)
        learner._refuse_padding(shapes)
        return learner

    def _refuse_padding(self, shapes: Episode) -> None:
        """Refuses tasks of padded rows for a network in which a row's prediction depends on other rows."""
        support, query = (batch.weight is not None for batch in shapes)
        if (support and not self._pads) or (query and self.statistics == "rows predicted together"):
            raise ValueError(
                "This network's prediction of a row depends on the other rows, and these tasks pad rows (`weight`), which "
                "would take part: hand over tasks of one size without `weight`, or a network that takes each row by itself."
            )

    @cached_property
    def method(self) -> Method:
        """The method with its hyperparameters."""
        return self.own.method or self.experiment.build_method()

    @property
    def loss_fn(self) -> LossFn:
        """The loss, in the units that predictions and targets have."""
        return self.own.loss_fn or self.experiment.loss_fn

    @cached_property
    def default_tasks(self) -> Any:
        """The tasks that `evaluate` draws from where none are given."""
        if self.tasks is None and self.own.tasks:
            raise ValueError(f"`tasks` must be given: this learner was trained on its maker's own, {self.own.tasks}.")
        return for_loss(self.experiment.build_tasks() if self.tasks is None else self.tasks, self.loss_fn)

    def adapter(self, **hyperparameters: float) -> Adapter:
        """What adapting takes, some of the method's hyperparameters replaced."""
        method = self.method.replace(**hyperparameters) if hyperparameters else self.method
        return Adapter(method, self.meta, self.network_in_use, self.loss_fn, self.iteration)

    @cached_property
    def network_in_use(self) -> Network:
        """The network with its dropout off."""
        return self.network.quiet(self.meta.init)

    @property
    def statistics(self) -> str:
        """What predictions depend on beside a row and the adapted parameters.

        "": nothing. "support": normalisation layers go by the support's statistics. "running": by those that the module
        brought. "rows predicted together": the network looks at other rows (attention over rows).
        """
        return self.network_in_use.statistics(self.meta.init) or ("" if self._pads else "rows predicted together")

    @cached_property
    def can_be_transductive(self) -> bool:
        """Whether it normalises by statistics of rows, which may be those of the queries or of the support."""
        return self.network_in_use.has_choice(self.meta.init)

    def normalised_by(self, statistics: str) -> "Learner":
        """The same learner whose normalisation layers go by the statistics of other rows than in its training.

        Args:
          statistics: "support", or "batch" for the rows that are predicted together (transductive). What has no such layers
            stays as it is.
        """
        check_choice("statistics", statistics, ("batch", "support"))
        network, experiment = self.network.normalised_by(statistics, self.meta.init), self.experiment
        if self.can_be_transductive and not self.own.model:  # so that it can be saved
            step_norms = experiment.per_step_norms or experiment.norm == "per_step"
            experiment = dataclasses.replace(experiment, norm=statistics, per_step_norms=step_norms)
        return self.replace(network=network, experiment=experiment)

    @cached_property
    def _pads(self) -> bool:
        """Whether rows may be padded to a few sizes, so that one row more does not compile again."""
        row = jax.ShapeDtypeStruct(self.x_rows.shape, np.int32 if self.x_rows.integer else np.float32)
        return rows_are_independent(self.network_in_use, self.meta.init, row)

    @property
    def x_rows(self) -> RowKind:
        """Of an input row."""
        return self.x_kind or RowKind((self.in_dim,))

    @property
    def _y(self) -> RowKind:
        return self.y_kind or RowKind((self.out_dim,))

    def replace(self, **changes: Any) -> "Learner":
        """A copy with some fields changed."""
        return dataclasses.replace(self, **changes)

    def __getstate__(self) -> dict[str, Any]:
        """Its fields: what was worked out from them is worked out again in the process that it goes to."""
        return {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}

    # Adapting.

    def adapt(self, x: Any, y: Any, inner_steps: int | None = None) -> Adapted:
        """Adapts to one task from its support rows.

        Args:
          x: `[k_shot, in_dim]` in the units of the data (`[k_shot]` where there is one input); `[k_shot, ...]` where the tasks'
            rows have other shapes.
          y: `[k_shot, out_dim]`, likewise.
          inner_steps: gradient steps; None takes as many as in training.

        Raises:
          ValueError: no rows, shapes that do not fit, or values that are not finite numbers.
        """
        x, y = self.x_rows.checked("x", x), checked_targets(self.loss_fn, self._y, y, self.out_dim)
        if len(x) != len(y) or len(x) == 0:
            raise ValueError(f"`x` and `y` must hold the same number of rows, at least 1, got {len(x)} and {len(y)}.")
        inner_steps = self.method.inner_steps if inner_steps is None else inner_steps
        check_number("inner_steps", inner_steps, low=0, integer=True)
        size = self.padded_size(len(x), smallest=8)
        weight = (np.arange(size) < len(x)).astype(np.float32) if self._pads else None
        support = self.scaling.batch(Batch(padded(x, size), padded(y, size), weight))
        params = adapted_params(self.adapter(), support, inner_steps=inner_steps)
        return Adapted(self, params, settled(self.network_in_use, params, support.x))

    def padded_size(self, rows: int, smallest: int) -> int:
        """How many rows to compute with for so many; the same where a row's prediction depends on others."""
        return padded_size(rows, smallest) if self._pads else rows

    def path_predictions(self, support: Batch, query_x: jax.Array, inner_steps: int) -> jax.Array:
        """Predictions for many tasks after each step, in the units of the data.

        Args:
          support: rows of each task, `x` being `[tasks, k_shot, in_dim]`.
          query_x: `[tasks, k_query, in_dim]`, where to predict.
          inner_steps: gradient steps; the first prediction is before any.

        Returns:
          `[tasks, inner_steps + 1, k_query, out_dim]`.
        """
        return path_in_units(self.adapter(), self.scaling, support, query_x, inner_steps=inner_steps)

    # Files.

    def save(self, folder: str | Path) -> None:
        """Writes `learner.safetensors` and `experiment.json`, each whole or not at all.

        The arrays take their place first and carry the experiment as well, so that a kill between the two leaves this learner.

        Raises:
          StorageError: the disk is full, or writing is not allowed; it says whether what was there before is.
        """
        folder, description = Path(folder), self.experiment.to_json()
        beside = text_or_none(folder / EXPERIMENT_FILE)
        facts = {
            "experiment": self.experiment.digest,
            "iteration": self.iteration,
            "in_dim": self.in_dim,
            "out_dim": self.out_dim,
            "rows": [self.x_kind, self.y_kind],
            "own": self.own.names(),
            "description": description,
            "replaces": None if beside == description else beside,  # what lies there until the second file is written
        }
        parts = {"meta": self.meta, "scaling": self.scaling, "state": self.network.state}
        arrays, text = pack_arrays(to_arrays(parts), facts), description.encode()
        write_together({folder / LEARNER_FILE: arrays, folder / EXPERIMENT_FILE: text})
        for file in OPENERS:  # a learner of another kind that lay here would be opened first
            remove(folder / file)

    @classmethod
    def load(
        cls, folder: str | Path, model: nnx.Module | None = None, *, method: Any = None, loss_fn: Any = None, tasks: Any = None
    ) -> "Learner":
        """Opens a saved learner, a table's (`maml_engine.tables.TableLearner`) as well.

        Nothing is executed: arrays come from safetensors, the rest from JSON. A learner trained with parts of a caller's own is
        opened with them, or with parts registered under the same names.

        Args:
          folder: where `save` wrote it.
          model: the caller's own module, where the learner was trained from one.
          method, loss_fn: likewise.
          tasks: likewise, for `evaluate`; adapting does without.

        Raises:
          StorageError: not a learner's folder, cut off, altered, made for another model, or with parts that are not given.
        """
        folder = Path(folder)
        if other := next((open_ for file, open_ in OPENERS.items() if (folder / file).is_file()), None):
            return other(folder)
        if not (folder / LEARNER_FILE).is_file():
            raise StorageError(f"{folder} is not a learner's folder: it must hold {EXPERIMENT_FILE} and {LEARNER_FILE}.")
        arrays, facts = load_arrays(folder / LEARNER_FILE)
        if not {"experiment", "iteration", "in_dim", "out_dim"} <= facts.keys():
            raise StorageError(f"{folder / LEARNER_FILE} is not a learner: it holds {', '.join(sorted(facts))}.")
        experiment = experiment_of(folder / EXPERIMENT_FILE, folder / LEARNER_FILE, facts)
        own = Own.given(facts.get("own", {}), folder, model=model, method=method, loss_fn=loss_fn)
        if tasks is not None:
            check_tasks(tasks)
        in_dim, out_dim = facts["in_dim"], facts["out_dim"]
        kinds = [kind and RowKind(tuple(kind[0]), kind[1]) for kind in facts.get("rows", [None, None])]
        if model is None:
            fits = partial(from_arrays, arrays=arrays, source=folder / LEARNER_FILE)
            network, template = experiment.build_template(in_dim, out_dim, kinds[0] and kinds[0].shape, check=fits)
        else:
            network, params = Network.split(model)
            template = MetaParams(params, experiment.build_method().init_rule(params))
        if own.method is not None:
            template = template._replace(rule=jax.eval_shape(own.method.init_rule, template.init))
        if "rows" in facts:  # files of before have plain rows, and no state beside the parameters
            network = network.with_state(load_state(network.state, arrays, folder / LEARNER_FILE))
        meta = from_arrays({"meta": template}, arrays, folder / LEARNER_FILE)["meta"]
        scaling = Scaling(*(arrays[f"scaling/{spec.name}"] for spec in dataclasses.fields(Scaling)))
        return cls(experiment, meta, network, scaling, facts["iteration"], in_dim, out_dim, tasks, *kinds, own=own)


def _on_host(tree: PyTree) -> PyTree:
    """Copies, so that donating the originals deletes nothing here."""
    return jax.tree.map(np.array, tree)
