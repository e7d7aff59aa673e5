"""What a predictor made of the tasks of one part, at every number of known rows."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from maml_engine.tables.conformal import Residuals
from maml_engine.tables.scoring import Errors, Scale, by_shots, errors_at
from maml_engine.tables.task_arrays import Predictive, Predictor, TaskArrays


class Limits(NamedTuple):
    """Beyond what targets have been, by as much as they differ, nothing is predicted: a polynomial may be anywhere there.

    low: `[outputs]`.
    high: `[outputs]`.
    room: the most that predictions may lie beyond.
    """

    low: np.ndarray
    high: np.ndarray
    room: float = np.inf

    @classmethod
    def of(cls, tasks: TaskArrays, room: float = np.inf) -> "Limits":
        """From the rows that a predictor is fitted on, and `Encoding.room`."""
        y = tasks.rows()[1]
        return cls(y.min(axis=0), y.max(axis=0), room)

    def kept(self, mean: np.ndarray, tasks: TaskArrays, k: int) -> np.ndarray:
        """Predictions `[draws, tasks, rows, outputs]` from `k` known rows, which widen the limits of their own task."""
        low, high = self.low, self.high
        if k:
            chosen = tasks.orders[: len(mean), :, :k]
            task = np.arange(len(tasks.x))[:, None]
            known, is_row = tasks.y[task, chosen], tasks.is_row[task, chosen][..., None]
            low = np.minimum(low, np.where(is_row, known, np.inf).min(axis=2))[:, :, None]
            high = np.maximum(high, np.where(is_row, known, -np.inf).max(axis=2))[:, :, None]
        reach = np.minimum(high - low, self.room)
        return np.clip(np.nan_to_num(mean), low - reach, high + reach)


@dataclass(frozen=True, eq=False)
class Bounded:
    """A predictor that stays within limits.

    predictor: whose predictions they are.
    low: `[outputs]`, the least target of the tasks that it was fitted on.
    high: `[outputs]`, the greatest.
    room: the most that predictions may lie beyond.
    """

    predictor: Predictor
    low: np.ndarray
    high: np.ndarray
    room: float = np.inf

    @property
    def setting(self) -> str:
        """That of the predictor."""
        return self.predictor.setting

    def predict(self, tasks: TaskArrays, k: int) -> np.ndarray:
        """`[draws, tasks, rows, outputs]`, from the first `k` rows of each order."""
        return self.predictive(tasks, k).mean

    def predictive(self, tasks: TaskArrays, k: int) -> Predictive:
        """That of the predictor, within the limits."""
        mean, variance = self.predictor.predictive(tasks, k)
        return Predictive(Limits(self.low, self.high, self.room).kept(mean, tasks, k), np.nan_to_num(variance))


class Outcome(NamedTuple):
    """Predictions for the tasks of one part.

    mean: `[shots, draws, n, rows, outputs]` float32.
    variance: `[shots, draws, n, rows]` float32, as far as the predictor knows it.
    setting: what was chosen in fitting, in words.
    """

    mean: np.ndarray
    variance: np.ndarray
    setting: str

    @classmethod
    def of(cls, predictor: Predictor, tasks: TaskArrays, shots: Sequence[int], limits: Limits) -> "Outcome":
        """What a predictor makes of tasks, within limits.

        Args:
          predictor: fitted on other tasks.
          tasks: that it has not seen.
          shots: support rows.
          limits: of the targets that it was fitted on.
        """
        each = [predictor.predictive(tasks, k) for k in shots]
        means = [limits.kept(one.mean, tasks, k).astype(np.float32) for one, k in zip(each, shots, strict=True)]
        variances = [np.nan_to_num(one.variance).astype(np.float32) for one in each]
        return cls(np.stack(means), np.stack(variances), predictor.setting)

    def errors(self, tasks: TaskArrays, shots: Sequence[int], scale: Scale) -> Errors:
        """`[shots, n]`, what it gets wrong."""
        return by_shots([errors_at(k, mean, tasks, scale) for k, mean in zip(shots, self.mean, strict=True)])

    def residuals(self, tasks: TaskArrays, places: np.ndarray, shots: tuple[int, ...]) -> Residuals:
        """Its errors in a number, row by row, for the intervals; `places` are those of the tasks, `[n]`."""
        wrong = np.abs(self.mean - tasks.y)[..., 0]
        query = np.stack([tasks.query(k)[: self.mean.shape[1]] for k in shots])
        return Residuals(shots, places, wrong, self.variance, query)


def mixed(outcomes: Sequence[Outcome], weights: np.ndarray, setting: str = "") -> Outcome:
    """The weighted mean of what several predictors say, whose variance counts how far they are apart.

    Args:
      outcomes: on the same tasks; draws may differ, and the fewest are kept.
      weights: `[shots, predictors]`.
      setting: in words.
    """
    draws = min(one.mean.shape[1] for one in outcomes)
    mean = sum(w[:, None, None, None, None] * one.mean[:, :draws] for one, w in zip(outcomes, weights.T, strict=True))
    variance = sum(
        w[:, None, None, None] * (one.variance[:, :draws] + ((one.mean[:, :draws] - mean) ** 2).mean(axis=-1))
        for one, w in zip(outcomes, weights.T, strict=True)
    )
    return Outcome(np.asarray(mean, np.float32), np.asarray(variance, np.float32), setting)
