"""Published tables beside ours: each protocol card that has a printed number, run and evaluated as the card says."""

import dataclasses
import math
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from maml_engine.experiment.presets import PRESETS
from maml_engine.learner import Learner
from maml_engine.training import train

CARDS = tuple(name for name, card in PRESETS.items() if card.published)


@dataclass(frozen=True)
class Row:
    """One printed number and ours, both mean query losses.

    card: name of the protocol card.
    step: inner steps after which both are taken.
    published: the printed number.
    margin: half-width of the printed 95 % interval, None where none is printed.
    mean: ours, over `num_tasks`.
    low: low end of our 95 % interval.
    high: its high end.
    num_tasks: how many test tasks we evaluated.
    num_iterations: of our run; a shortened one is no reproduction.
    seconds: of training and evaluating.
    """

    card: str
    step: int
    published: float
    margin: float | None
    mean: float
    low: float
    high: float
    num_tasks: int
    num_iterations: int
    seconds: float

    @property
    def ok(self) -> bool:
        """Whether ours is as low as the printed number, give or take both intervals; a lower one is no failure."""
        return math.isfinite(self.mean) and self.low <= self.published + (self.margin or 0.0)

    @property
    def is_whole(self) -> bool:
        """Whether the run had the card's own budget."""
        return self.num_iterations == PRESETS[self.card].experiment.num_iterations

    @classmethod
    def read(cls, facts: Mapping[str, Any]) -> "Row":
        """The inverse of `dataclasses.asdict`, from a record that may hold more."""
        return cls(**{spec.name: facts[spec.name] for spec in dataclasses.fields(cls)})


def judge(name: str, learner: Learner, seconds: float) -> list[Row]:
    """Evaluates a learner as a card says, and sets what it reaches beside each printed number.

    Args:
      name: of the card, in `PRESETS`.
      learner: trained by the card's experiment, or by a shorter one.
      seconds: that training took.

    Returns:
      One row for each printed number.
    """
    card = PRESETS[name]
    curves = card.judge(learner)
    low, high = curves.interval()
    return [
        Row(
            name, step, published, card.margin.get(step), float(curves.mean[step]), float(low[step]), float(high[step]),
            len(curves.loss), learner.experiment.num_iterations, seconds,
        )
        for step, published in card.published.items()
    ]  # fmt: skip


def run_cards() -> Iterator[Row]:
    """Trains every card that has a printed number and yields its rows; some ten minutes on two cores."""
    for name in CARDS:
        began = time.perf_counter()
        for report in train(PRESETS[name].experiment):
            if report.done:
                yield from judge(name, report.result, time.perf_counter() - began)
