"""Learning figures over several seeds: protocol cards run and evaluated as they say, beside what their sources print."""

import dataclasses
import math
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from maml_engine.experiment.presets import PRESETS
from maml_engine.learner import LEARNER_FILE, Learner
from maml_engine.training.population import train_population

CARDS = tuple(name for name, card in PRESETS.items() if card.published)
# What the documentation quotes: the cards with a printed number, and those whose figures are ours.
OWN_CARDS = ("tutorial", "tutorial_first_order", "best_after_one_step", "recommended")
RECORDED = (*OWN_CARDS, *CARDS)
SEEDS = (0, 1, 2, 3, 4)
NUM_TASKS, MANY_STEPS = 10_000, 10  # the interval over so many is a few percent of the mean; between seeds it differs by more


@dataclass(frozen=True)
class Row:
    """What runs of a card reach after some inner steps, as mean query losses over the same tasks, beside what is printed.

    card: name of the protocol card.
    step: inner steps after which all are taken.
    published: the printed number, None where none is printed.
    margin: half-width of the printed 95 % interval, None where none is printed.
    seeds: of our runs.
    means: of each run, over `num_tasks`; None where not finite.
    medians: of each run, over the tasks.
    finite: the share of tasks whose loss is finite, over all runs.
    half: half-width of the 95 % interval over tasks of `mean`.
    num_tasks: how many test tasks we evaluated each run on.
    num_iterations: of a run; shortened ones are no reproduction.
    seconds: of training all runs side by side.
    """

    card: str
    step: int
    published: float | None
    margin: float | None
    seeds: tuple[int, ...]
    means: tuple[float | None, ...]
    medians: tuple[float | None, ...]
    finite: float
    half: float | None
    num_tasks: int
    num_iterations: int
    seconds: float

    @property
    def mean(self) -> float:
        """Over the runs; NaN where one is not finite."""
        return _mean(self.means)

    @property
    def median(self) -> float:
        """Of a task, the mean over the runs."""
        return _mean(self.medians)

    @property
    def low(self) -> float:
        """The lowest run; of a single one, where its interval over tasks begins."""
        return self._end(min, -1)

    @property
    def high(self) -> float:
        """The highest run; of a single one, where its interval over tasks ends."""
        return self._end(max, 1)

    @property
    def ok(self) -> bool:
        """Whether ours is as low as the printed number, give or take the intervals over tasks; a lower one is no failure."""
        if self.published is None:
            return math.isfinite(self.mean)
        return math.isfinite(self.mean) and self.mean - (self.half or 0.0) <= self.published + (self.margin or 0.0)

    @property
    def is_whole(self) -> bool:
        """Whether the runs had the card's own budget."""
        return self.num_iterations == PRESETS[self.card].experiment.num_iterations

    def _end(self, choose: Any, sign: int) -> float:
        if math.isnan(self.mean) or self.half is None:
            return math.nan
        return self.mean + sign * self.half if len(self.means) == 1 else choose(self.means)

    @classmethod
    def read(cls, facts: Mapping[str, Any]) -> "Row":
        """The inverse of `dataclasses.asdict`, from JSON that may hold more."""
        values: dict[str, Any] = {spec.name: facts[spec.name] for spec in dataclasses.fields(cls)}
        values |= {name: tuple(values[name]) for name in ("seeds", "means", "medians")}
        return cls(**values)


def num_tasks_of(name: str) -> int:
    """How many test tasks a card's recorded runs are evaluated on: fewer where each is adapted for many steps."""
    return NUM_TASKS * MANY_STEPS // max(MANY_STEPS, PRESETS[name].judged["inner_steps"])


def judge(name: str, learners: Sequence[Learner], seconds: float, num_tasks: int | None = None) -> list[Row]:
    """Evaluates runs of a card as it says, and sets what they reach beside each printed number.

    Args:
      name: of the card, in `PRESETS`.
      learners: trained by the card's experiment, or by a shorter one; each with a seed of its own.
      seconds: that training took.
      num_tasks: to evaluate on, the same ones for each; None takes the card's own.

    Returns:
      One row for each step that the card reports.
    """
    card = PRESETS[name]
    with np.errstate(all="ignore"):  # some tasks may blow up
        curves = [card.judge(learner, num_tasks) for learner in learners]
        losses = np.stack([one.loss for one in curves])  # [runs, tasks, steps]
        low, high = dataclasses.replace(curves[0], loss=losses.mean(axis=0)).interval()
        means, medians = losses.mean(axis=1), np.median(losses, axis=1)
    return [
        Row(
            card=name,
            step=step,
            published=card.published.get(step),
            margin=card.margin.get(step),
            seeds=tuple(learner.experiment.seed for learner in learners),
            means=tuple(_finite(mean) for mean in means[:, step]),
            medians=tuple(_finite(median) for median in medians[:, step]),
            finite=float(np.isfinite(losses[..., step]).mean()),
            half=_finite((high[step] - low[step]) / 2),
            num_tasks=losses.shape[1],
            num_iterations=learners[0].experiment.num_iterations,
            seconds=seconds,
        )
        for step in card.reported
    ]


def run_cards(
    names: Sequence[str] = RECORDED,
    seeds: Sequence[int] = SEEDS,
    *,
    num_tasks: int | None = None,
    folder: Path | None = None,
) -> Iterator[Row]:
    """Trains cards, the seeds of each side by side, and yields their rows; some ten minutes on two cores for all.

    Args:
      names: of the cards.
      seeds: one run each.
      num_tasks: test tasks; None takes `num_tasks_of` each.
      folder: where the learners are kept, in CARD/SEED; those that are there are not trained again.
    """
    for name in names:
        learners, seconds = _trained(name, seeds, folder)
        yield from judge(name, learners, seconds, num_tasks or num_tasks_of(name))


def _trained(name: str, seeds: Sequence[int], folder: Path | None) -> tuple[list[Learner], float]:
    runs = [dataclasses.replace(PRESETS[name].experiment, seed=seed) for seed in seeds]
    places = [folder / name / str(seed) for seed in seeds] if folder else []
    if places and all((place / LEARNER_FILE).is_file() for place in places):
        learners = [Learner.load(place) for place in places]
        if [learner.experiment for learner in learners] != runs:
            raise ValueError(f"The learners in {folder} must be of the card's own runs; those of {name!r} are of others.")
        return learners, 0.0
    began = time.perf_counter()
    learners = list(train_population(runs).learners)
    seconds = time.perf_counter() - began
    for learner, place in zip(learners, places, strict=False):  # without a folder there are no places
        learner.save(place)
    return learners, seconds


def _mean(values: Sequence[float | None]) -> float:
    numbers = [value for value in values if value is not None]
    return sum(numbers) / len(numbers) if numbers and len(numbers) == len(values) else math.nan


def _finite(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None
