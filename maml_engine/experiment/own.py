"""What a caller brings to a run instead of what its experiment names."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from numbers import Real
from pathlib import Path
from typing import Any

import optax

from maml_engine.core.arguments import check_loss_fn, check_method, check_model
from maml_engine.core.losses import LOSSES, LossFn
from maml_engine.core.meta_optimizer import MetaOptimizer, OwnMetaOptimizer, check_meta_optimizer
from maml_engine.experiment.experiment import Experiment
from maml_engine.io.arrays import StorageError
from maml_engine.methods import METHODS, Method
from maml_engine.tasks import FAMILIES, PICTURES, ImageFolder, Table

CHECKS = {"model": check_model, "method": check_method, "loss_fn": check_loss_fn, "meta_optimizer": check_meta_optimizer}


@dataclass(frozen=True)
class Own:
    """Parts of a caller's own; None, or an empty name, where the experiment's is used.

    method: adapts and is trained.
    loss_fn: gives one number an example.
    meta_optimizer: makes the updates of the outer loop, which are added.
    model: what the network is called.
    tasks: what the tasks are called.
    """

    method: Method | None = None
    loss_fn: LossFn | None = None
    meta_optimizer: optax.GradientTransformation | None = None
    model: str = ""
    tasks: str = ""

    @classmethod
    def given(cls, names: Mapping[str, str], folder: Path, **given: Any) -> "Own":
        """The parts that a saved learner is opened with.

        Args:
          names: of those that it was trained with, as its file has them.
          folder: the learner's.
          given: `model`, `method` and `loss_fn` that the caller hands over; None for nothing.

        Raises:
          ValueError: a part is not what it must be.
          StorageError: a part is missing, named.
        """
        for name, part in given.items():
            if part is not None:
                CHECKS[name](part)
            elif name in names:
                raise StorageError(
                    f"{folder} needs another {name} than its experiment's: it was trained with its maker's own, {names[name]}, "
                    f"and a file holds no code: hand it over, Learner.load(folder, {name}=...), or train with a registered one."
                )
        return cls(given["method"], given["loss_fn"], None, names.get("model", ""), names.get("tasks", ""))

    def build_meta_optimizer(self, experiment: Experiment) -> MetaOptimizer | OwnMetaOptimizer:
        """The optimiser of the outer loop."""
        return experiment.build_meta_optimizer() if self.meta_optimizer is None else OwnMetaOptimizer(self.meta_optimizer)

    def names(self) -> dict[str, str]:
        """What a file says of them: by the argument that hands a part over, what it is called."""
        parts = {"method": self.method, "loss_fn": self.loss_fn, "meta_optimizer": self.meta_optimizer}
        called = {name: _called(part) for name, part in parts.items() if part is not None}
        return called | {name: getattr(self, name) for name in ("model", "tasks") if getattr(self, name)}


NOTHING = Own()


def described(
    experiment: Experiment,
    *,
    model: Any = None,
    tasks: Any = None,
    method: Any = None,
    loss_fn: Any = None,
    meta_optimizer: Any = None,
) -> tuple[Experiment, Own]:
    """The run with parts of a caller's own: what the experiment can say of them, it says; the rest is kept beside it.

    Args:
      experiment: the run without them.
      model: an NNX module.
      tasks: with `sample` and `split`.
      method: with its numbers.
      loss_fn: `(prediction, y) -> ` one number an example.
      meta_optimizer: an Optax transformation.

    Raises:
      ValueError: a part is not what it must be.
    """
    parts = {"model": model, "method": method, "loss_fn": loss_fn, "meta_optimizer": meta_optimizer}
    for name, part in parts.items():
        if part is not None:
            CHECKS[name](part)
    if method is not None:
        experiment, method = _with_method(experiment, method)
    if registered := next((name for name, known in LOSSES.items() if known is loss_fn), None):
        experiment, loss_fn = dataclasses.replace(experiment, loss=registered), None
    own_tasks = ""
    if tasks is not None:
        experiment, own_tasks = _with_tasks(experiment, tasks)
    return experiment, Own(method, loss_fn, meta_optimizer, _called(model) if model is not None else "", own_tasks)


def _with_method(experiment: Experiment, method: Method) -> tuple[Experiment, Method | None]:
    """The experiment with a method's numbers; the method too, unless that says it all."""
    mine = {spec.name for spec in dataclasses.fields(experiment)}
    fields = {spec.name: getattr(method, spec.name) for spec in dataclasses.fields(method)}
    plain = {name: value for name, value in fields.items() if isinstance(value, Real | str)}
    name = next((name for name, known in METHODS.items() if known is type(method)), experiment.method)
    experiment = dataclasses.replace(experiment, method=name, **{name: plain[name] for name in mine & plain.keys()})
    is_said = len(plain) == len(fields) and experiment.build_method() == method
    return experiment, None if is_said else method


def _with_tasks(experiment: Experiment, tasks: Any) -> tuple[Experiment, str]:
    """The experiment with the numbers of tasks that it can describe; what others are called, else ""."""
    if experiment.tasks == "table" and isinstance(tasks, Table):
        return experiment, ""
    if isinstance(tasks, ImageFolder):
        return (experiment, "") if experiment.tasks == "images" else _with_pictures(experiment, tasks)
    name = next((name for name, known in {**FAMILIES, **PICTURES}.items() if known is type(tasks)), None)
    if name is None:
        return experiment, _called(tasks)
    mine = {spec.name for spec in dataclasses.fields(experiment)}
    fields = {spec.name: getattr(tasks, spec.name) for spec in dataclasses.fields(tasks)}
    numbers = {
        "x_range" if name == "x" else name: value for name, value in fields.items() if isinstance(value, Real | tuple | str)
    }
    try:
        said = dataclasses.replace(experiment, tasks=name, **{name: numbers[name] for name in mine & numbers.keys()})
        return (said, "") if said.build_tasks() == tasks else (experiment, _called(tasks))
    except ValueError:  # numbers that an experiment does not take, or arrays, which have no one answer
        return experiment, _called(tasks)


def _with_pictures(experiment: Experiment, tasks: ImageFolder) -> tuple[Experiment, str]:
    """The experiment with what was read of somebody's pictures, so that they can be read again as they were."""
    origin, (size, _, channels) = tasks.origin, tasks.pool.picture_shape
    if origin.seed != experiment.seed:  # which also splits the classes
        return experiment, _called(tasks)
    colour = "colour" if channels == 3 else "grey"
    described = {"n_way": tasks.pool.n_way, "image_size": size, "colour": colour, "layout": origin.layout, "ink": origin.ink}
    return dataclasses.replace(experiment, tasks="images", data=origin.digest, **described), ""


def _called(part: Any) -> str:
    return part.__qualname__ if hasattr(part, "__qualname__") else type(part).__name__
