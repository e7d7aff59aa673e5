"""The recommended way to train on a small table, and what may be changed about it."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Settings:
    """How the meta-learner is trained and judged.

    method: a name in `METHODS`. k_shot: support rows as in use. folds: parts of the cross-validation over tasks, 0 lets the
    number of tasks decide. members: networks that are trained apart, each with validation tasks of its own, and averaged.
    baselines: names in `BASELINES`. shots: support rows of the curve.
    """

    method: str = "metasgd"
    k_shot: int = 5
    folds: int = 0
    members: int = 5
    num_iterations: int = 1500
    hidden_dim: int = 40
    inner_lr: float = 0.05
    inner_steps: int = 5
    meta_lr: float = 3e-3
    seed: int = 0
    baselines: tuple[str, ...] = field(default=())
    shots: tuple[int, ...] = (1, 2, 3, 4, 5, 6, 7, 8, 9, 10)


RECOMMENDED = Settings()
