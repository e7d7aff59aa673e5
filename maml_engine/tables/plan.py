"""How one table comes to its verdict: the settings as the table allows them, and who is judged on what."""

import dataclasses
from typing import NamedTuple

import numpy as np

from maml_engine.experiment import Experiment
from maml_engine.io.sheet import Sheet
from maml_engine.tables.scoring import Scale
from maml_engine.tables.settings import Settings
from maml_engine.tables.shaping import is_better
from maml_engine.tables.splits import Part, cross_validation, random_splits
from maml_engine.tables.taskset import TaskSet
from maml_engine.tasks.roles import Roles

MAX_JUDGED_ROWS = 300_000  # of all tasks and draws: what a predictor makes of them is kept for each number of known rows


class Plan(NamedTuple):
    """What all stages of a verdict go by; nothing here is ever changed.

    settings: as the table allows them.
    experiment: the run that each network is.
    tasks: of the table.
    parts: in which tasks are fitted on and judged; the last one judges none: its fits are for use.
    shots: support rows that are judged; 0 is always among them.
    scale: in which units errors are given.
    task_column: that names the tasks.
    """

    settings: Settings
    experiment: Experiment
    tasks: TaskSet
    parts: tuple[Part, ...]
    shots: tuple[int, ...]
    scale: Scale
    task_column: str

    @classmethod
    def of(cls, sheet: Sheet, roles: Roles, settings: Settings) -> "Plan":
        """For a sheet that `validate` has no error about."""
        experiment, seed = settings.experiment(sheet, roles), settings.seed
        tasks = _tasks_of(sheet, roles, settings)
        cells = tasks.arrays.x.shape[0] * tasks.arrays.x.shape[1]
        if (draws := max(1, min(settings.draws, MAX_JUDGED_ROWS // cells))) < settings.draws:
            tasks = dataclasses.replace(tasks, arrays=tasks.arrays._replace(orders=tasks.arrays.orders[:draws]))
        folds = min(settings.folds, len(tasks) // 2)
        # A network needs tasks to train on beside those that it does without.
        members = min(settings.members, len(tasks) // 2)
        parts = (
            random_splits(len(tasks), settings.splits, members=members, seed=seed)
            if settings.splits
            else cross_validation(len(tasks), folds, members=members, seed=seed)
        )
        # One row at least is left to judge by, in more tasks than a part has: one long task alone says nothing of the others.
        some = min(len(tasks), -(-len(tasks) // folds) + 1)
        most = int(np.sort(tasks.rows)[-some]) - 1
        shots = tuple(sorted({k for k in (0, *settings.shots, settings.k_shot) if k <= most}))
        settings = dataclasses.replace(settings, members=members)
        return cls(settings, experiment, tasks, tuple(parts), shots, _scale(tasks), roles.task)

    @property
    def judging(self) -> tuple[Part, ...]:
        """The parts that judge."""
        return self.parts[:-1]

    @property
    def shown(self) -> tuple[int, ...]:
        """Places among `shots` of those that the settings ask for."""
        asked = (*self.settings.shots, self.settings.k_shot)
        return tuple(place for place, k in enumerate(self.shots) if k in asked)

    def members_of(self, part: int) -> slice:
        """Which networks are those of a part, by its place."""
        return slice(part * self.settings.members, (part + 1) * self.settings.members)


def _tasks_of(sheet: Sheet, roles: Roles, settings: Settings) -> TaskSet:
    """With a skewed target shaped where that helps."""

    def tasks_of(*, as_it_is: bool) -> TaskSet:
        given = {"draws": settings.draws, "seed": settings.seed, "folds": settings.folds}
        return TaskSet.of(sheet, roles, settings.k_shot, as_it_is=as_it_is, **given)

    tasks = tasks_of(as_it_is=False)
    if not tasks.encoding.shape:
        return tasks
    plain = tasks_of(as_it_is=True)
    return tasks if is_better(tasks, plain, settings.k_shot) else plain


def _scale(tasks: TaskSet) -> Scale:
    encoding = tasks.encoding
    if encoding.shape:
        return Scale(float(encoding.decode_target(tasks.arrays.rows()[1]).std()), False, 1.0, encoding.decode_target)
    if not tasks.encoding.classes:
        return Scale(tasks.encoding.unit, False, 1.0)
    codes = tasks.arrays.rows()[1].argmax(axis=-1)
    return Scale(tasks.encoding.unit, True, float(1 - np.bincount(codes).max() / len(codes)))
