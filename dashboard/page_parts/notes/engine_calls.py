"""What the Notes page asks of the engine; no streamlit, since the engine's own processes import it."""

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from dashboard.engine_calls.cache import cached
from dashboard.engine_calls.resources import shipped_learners
from maml_engine import Batch, Learner
from maml_engine.verification import published
from maml_engine.verification.board import CHECKS
from maml_engine.verification.check import CheckResult
from maml_engine.verification.published import Row

STEPS, INNER_LR = 10, 0.001
POINTS_X = (-4.0, -1.5, 0.5, 2.0, 4.5)
XS = np.linspace(-5, 5, 200, dtype=np.float32)


@cached
def jax_predictions() -> np.ndarray:
    """JAX's answer to the same, `[200]`."""
    learner = shipped_learners()["sinusoid_maml"]
    learner = learner.replace(experiment=dataclasses.replace(learner.experiment, inner_lr=INNER_LR))
    x = np.array(POINTS_X, np.float32)
    support = Batch(x[None, :, None], wave(x).astype(np.float32)[None, :, None])
    return np.asarray(learner.path_predictions(support, XS[None, :, None], STEPS))[0, -1, :, 0]


def wave(x: np.ndarray) -> np.ndarray:
    """`[n] -> [n]`: the wave whose points the browser and JAX adapt to."""
    return 3.0 * np.sin(x + 0.8)


@cached
def by_protocol(card: str, learner: Learner) -> list[Row]:
    """What a learner reaches by the card's protocol."""
    return published.judge(card, [learner], 0.0)


@dataclass(frozen=True)
class Measured:
    """How far a run of checks is.

    names: of all checks that it was asked for.
    results: of those that are measured, in their order.
    """

    names: tuple[str, ...]
    results: tuple[CheckResult, ...] = ()

    @property
    def iteration(self) -> int:
        """How many are measured."""
        return len(self.results)

    @property
    def done(self) -> bool:
        """Whether all are."""
        return self.iteration == len(self.names)


def measured(names: tuple[str, ...]) -> Iterator[Measured]:
    """Measures checks of the board one after the other; a report before each, and one at the end."""
    report = Measured(names)
    yield report
    for name in names:
        report = dataclasses.replace(report, results=(*report.results, CHECKS[name].run()))
        yield report
