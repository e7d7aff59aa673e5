"""The recommended way to train on a small table, and what may be changed about it."""

from dataclasses import dataclass, field

from maml_engine.checks import check_choice, check_number
from maml_engine.experiment import Experiment
from maml_engine.io.sheet import Sheet
from maml_engine.methods import METHODS
from maml_engine.tables.baselines import BASELINES
from maml_engine.tasks.roles import Roles

# What a method needs where the recommended values would not do.
OWN: dict[str, dict] = {
    "cavia": {"model": "context_mlp", "inner_lr": 1.0},
    "cnp": {"model": "neural_process", "context_dim": 16},
    "imaml": {"inner_steps": 16},
    "mamlplusplus": {"multi_step_iterations": 300},
}


def method_names() -> list[str]:
    """Methods that a table may be trained with: a verdict's networks are trained on numbers, classes as one-hot rows."""
    return [name for name, method in METHODS.items() if not method.needs_classes]


@dataclass(frozen=True)
class Settings:
    """How the meta-learner is trained and judged.

    method: one of `method_names()`.
    k_shot: support rows as in use.
    folds: parts of the cross-validation over tasks.
    splits: where it is not 0, so many random splits of 70 % and 30 % of the tasks instead.
    members: networks that are averaged, each trained without some of the tasks; what they have not seen, which together is all,
      says when to stop.
    num_iterations: meta-iterations of each network.
    hidden_dim: its units a layer.
    inner_lr: step size in adapting.
    inner_steps: steps in adapting.
    meta_lr: of Adam, where it begins.
    meta_batch_size: tasks a meta-iteration.
    draws: supports that are drawn for each task.
    seed: of all that is drawn.
    baselines: names in `BASELINES`, in the order shown.
    shots: support rows of the curve.

    Raises:
      ValueError: a value that cannot work, with the field, the value and what is allowed.
    """

    method: str = "metasgd"
    k_shot: int = 5
    folds: int = 5
    splits: int = 0
    members: int = 6
    num_iterations: int = 1200
    hidden_dim: int = 40
    inner_lr: float = 0.05
    inner_steps: int = 5
    meta_lr: float = 1e-2
    meta_batch_size: int = 10
    draws: int = 5
    seed: int = 0
    baselines: tuple[str, ...] = field(default=tuple(BASELINES))
    shots: tuple[int, ...] = tuple(range(11))

    def __post_init__(self):
        check_choice("method", self.method, method_names())
        for name, low in (
            ("k_shot", 1),
            ("folds", 2),
            ("splits", 0),
            ("members", 2),
            ("num_iterations", 20),
            ("draws", 1),
            ("seed", 0),
        ):
            check_number(name, getattr(self, name), low=low, integer=True)
        for name in self.baselines:
            check_choice("baselines", name, BASELINES)

    def experiment(self, sheet: Sheet, roles: Roles) -> Experiment:
        """The run that each member is."""
        values = {name: getattr(self, name) for name in ("method", "k_shot", "num_iterations", "hidden_dim", "inner_lr")}
        values |= {name: getattr(self, name) for name in ("inner_steps", "meta_lr", "meta_batch_size", "seed")}
        table = {"data": sheet.digest, "task": roles.task, "inputs": roles.inputs, "target": roles.target, "log": roles.log}
        network = {"model": "mlp", "activation": "tanh", "meta_optimizer": "adam", "meta_schedule": "cosine", "clip_norm": 0.3}
        return Experiment(tasks="table", keep="best", **(values | table | network | OWN.get(self.method, {})))


RECOMMENDED = Settings()
