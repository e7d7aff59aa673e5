"""From errors by task to scores with intervals."""

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from maml_engine.tables.baselines import BASELINES
from maml_engine.tables.splits import Part
from maml_engine.tables.task_arrays import TaskArrays
from maml_engine.tables.verdict import Score

META, SAVED = "meta", "saved"
# A difference counts where its interval leaves out 0 and it is at least this share of the other's error: less helps nobody.
MARGIN = 0.02


class Errors(NamedTuple):
    """What a predictor gets wrong on each task; cross-validation counts as one split.

    total: `[splits, shots, tasks]` squared errors (or wrong classes), summed over rows and draws; of one part `[shots, n]`.
    count: of the same shape, over how many rows.
    """

    total: np.ndarray
    count: np.ndarray


class Scale(NamedTuple):
    """In which units errors are given.

    unit: of the target.
    is_class: whether the target names classes.
    base: for classes the error of always naming the commonest.
    decode: from what is predicted to the target's own units, where that is not in proportion; None where it is.
    """

    unit: float
    is_class: bool
    base: float
    decode: Callable[[np.ndarray], np.ndarray] | None = None

    def wrong(self, prediction: np.ndarray, y: np.ndarray) -> np.ndarray:
        """How wrong predictions are.

        Args:
          prediction: `[..., n, rows, outputs]`.
          y: `[n, rows, outputs]`.

        Returns:
          `[..., n, rows]`: squared errors, or 1 where the class is wrong.
        """
        if self.is_class:
            return (prediction.argmax(axis=-1) != y.argmax(axis=-1)).astype(float)
        if self.decode is not None:
            prediction, y = self.decode(prediction) / self.unit, self.decode(y) / self.unit
        return (prediction[..., 0] - y[..., 0]) ** 2

    def relative(self, total: np.ndarray, count: np.ndarray) -> np.ndarray:
        """Error over the target's spread, for classes over `base`: `[...]`, from sums `[...]` over `count [...]` rows."""
        mean = np.asarray(total) / np.maximum(count, 1)
        return mean / self.base if self.is_class else np.sqrt(mean)

    def error(self, relative: float) -> float:
        """In the target's units; for classes the share of wrong predictions."""
        return float(relative * (self.base if self.is_class else self.unit))


class Gap(NamedTuple):
    """How much less something errs than something else, relative to the target's spread.

    value: above 0 where it does.
    low: where the 95 % interval begins.
    high: where it ends.
    other: the error of the other.
    """

    value: float
    low: float
    high: float
    other: float

    @property
    def counts(self) -> bool:
        """Whether it is better by more than chance and by more than nothing."""
        return self.low > 0 and self.value >= MARGIN * self.other


def errors_at(k: int, prediction: np.ndarray, test: TaskArrays, scale: Scale) -> Errors:
    """What predictions from `k` support rows get wrong on the tasks of one part.

    Args:
      k: support rows.
      prediction: `[draws, n, rows, outputs]`; draws may be fewer than those of `test`.
      test: the tasks.
      scale: in which units.

    Returns:
      `[n]`.
    """
    query = test.query(k)[: len(prediction)]
    return Errors(np.where(query, scale.wrong(prediction, test.y), 0.0).sum(axis=(0, 2)), query.sum(axis=(0, 2)))


def by_shots(errors: Sequence[Errors]) -> Errors:
    """`[shots, n]` from the errors of each number of support rows, `[n]`."""
    return Errors(*map(np.stack, zip(*errors, strict=True)))


def joined(errors: Sequence[Errors], parts: Sequence[Part], num_tasks: int, splits: int) -> Errors:
    """The errors of all parts together.

    Args:
      errors: of each part.
      parts: that judge.
      num_tasks: tasks in all.
      splits: random splits, which are judged one by one; 0 under cross-validation, whose parts are one whole.
    """
    shape = (max(1, splits), len(errors[0].total), num_tasks)
    whole = Errors(np.zeros(shape), np.zeros(shape))
    for place, (one, part) in enumerate(zip(errors, parts, strict=True)):
        split = place if splits else 0
        for mine, own in zip(whole, one, strict=True):
            mine[split][:, part.test] = own
    return whole


def scores(
    errors: Mapping[str, Errors],
    settings: Mapping[str, str],
    *,
    scale: Scale,
    shots: tuple[int, ...],
    k_shot: int,
    title: str,
) -> tuple[Score, ...]:
    """One score a predictor, the meta-learner first.

    Args:
      errors: by predictor, `META` among them.
      settings: what was chosen in fitting, in words, by predictor.
      scale: in which units.
      shots: support rows that were judged.
      k_shot: those that count.
      title: of the meta-learner.
    """
    at, own = shots.index(k_shot), errors[META]

    def score(name: str) -> Score:
        one = errors[name]
        count = one.count[:, at]
        value, low, high = _interval(scale, (one.total[:, at],), count)
        gap = (None, None, None)
        if name != META:
            # Predictors that were judged on fewer draws of the support: sums are brought to one number of rows.
            own_total = own.total[:, at] * count / np.maximum(own.count[:, at], 1)
            gap = _interval(scale, (own_total, one.total[:, at]), count)
        curve = tuple(
            _mean(scale, one.total[:, place], one.count[:, place]) if one.count[:, place].any() else None
            for place in range(len(shots))
        )
        named = title if name == META else BASELINES[name]
        return Score(name, named, settings.get(name, ""), scale.error(value), value, max(low, 0.0), high, *gap, curve)

    return tuple(score(name) for name in (META, *(name for name in errors if name != META)))


def score_of(
    errors: Errors, scale: Scale, *, shots: tuple[int, ...], k_shot: int, name: str, title: str, setting: str
) -> Score:
    """One score by itself.

    Args:
      errors: of it.
      scale: in which units.
      shots: support rows that were judged.
      k_shot: those that count.
      name: for programs.
      title: for people.
      setting: what was chosen in fitting, in words.
    """
    (found,) = scores({META: errors}, {META: setting}, scale=scale, shots=shots, k_shot=k_shot, title=title)
    return dataclasses.replace(found, name=name)


def gap_of(mine: Errors, other: Errors, at: int, scale: Scale) -> Gap:
    """How much less one errs than another, paired over tasks.

    Args:
      mine: errors of the one.
      other: errors that are compared with these.
      at: the place of the number of support rows that counts.
      scale: in which units.
    """
    count = other.count[:, at]
    own_total = mine.total[:, at] * count / np.maximum(mine.count[:, at], 1)
    value, low, high = _interval(scale, (other.total[:, at], own_total), count)
    return Gap(value, low, high, _mean(scale, other.total[:, at], count))


def _mean(scale: Scale, total: np.ndarray, count: np.ndarray) -> float:
    """Relative error over the tasks of each split, `[splits, tasks]`, then the mean over splits."""
    return float(np.mean(scale.relative(total.sum(axis=1), count.sum(axis=1))))


def _interval(scale: Scale, totals: tuple[np.ndarray, ...], count: np.ndarray) -> tuple[float, float, float]:
    """A relative error over all tasks, or the difference of two on the same tasks, with its 95 % interval.

    The interval is the jackknife's over tasks (leaving out one at a time), by Student's t: rows of one task err together, so
    tasks are what is counted.
    """
    from scipy.special import stdtrit

    def without(task: int) -> np.ndarray:
        kept = np.arange(count.shape[1]) != task
        return np.array([_mean(scale, total[:, kept], count[:, kept]) for total in totals])

    n = count.shape[1]
    whole = np.array([_mean(scale, total, count) for total in totals])
    left = np.stack([without(task) for task in range(n)])
    number, each = (whole[0], left[:, 0]) if len(totals) == 1 else (whole[0] - whole[1], left[:, 0] - left[:, 1])
    half = stdtrit(n - 1, 0.975) * np.sqrt((n - 1) / n * np.sum((each - each.mean()) ** 2))
    return float(number), float(number - half), float(number + half)
