"""From errors by task to scores with intervals, and from scores to one sentence."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from maml_engine.checks import shown
from maml_engine.tables.baselines import BASELINES, POOLED, SUPPORT_MEAN, TREES
from maml_engine.tables.splits import Part
from maml_engine.tables.task_arrays import TaskArrays
from maml_engine.tables.verdict import Score

META = "meta"
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
    """

    unit: float
    is_class: bool
    base: float

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
        return (prediction[..., 0] - y[..., 0]) ** 2

    def relative(self, total: np.ndarray, count: np.ndarray) -> np.ndarray:
        """Error over the target's spread, for classes over `base`: `[...]`, from sums `[...]` over `count [...]` rows."""
        mean = np.asarray(total) / np.maximum(count, 1)
        return mean / self.base if self.is_class else np.sqrt(mean)

    def error(self, relative: float) -> float:
        """In the target's units; for classes the share of wrong predictions."""
        return float(relative * (self.base if self.is_class else self.unit))


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


class Words(NamedTuple):
    """The verdict in words.

    outcome: as `Verdict.outcome`.
    helps: as `Verdict.helps`.
    sentence: on whether it is worth it, and than what.
    advice: what to use.
    """

    outcome: str
    helps: bool
    sentence: str
    advice: str


def words(all_scores: tuple[Score, ...], scale: Scale, *, target: str, k_shot: int, num_tasks: int) -> Words:
    """One sentence on whether it is worth it and than what, and what to use.

    Args:
      all_scores: the meta-learner's first.
      scale: in which units.
      target: the column that is predicted.
      k_shot: support rows.
      num_tasks: tasks that were judged.
    """
    own, others = all_scores[0], all_scores[1:]
    rows = f"{k_shot} known row{'' if k_shot == 1 else 's'} of a new task"
    if not others:
        sentence = f"From {rows} the meta-learner errs by {_spell_error(own, scale, target)}; it was compared with nothing."
        return Words("no different", False, sentence, "Choose something simpler to compare it with.")
    best = min(others, key=lambda score: score.relative)
    simple = [score for score in others if score.name in (POOLED, TREES, SUPPORT_MEAN)]
    rivals = [score for score in simple if not _beats(score)]
    helps = not rivals
    outcome = "worth it" if _beats(best) else "worse" if _loses(best) else "no different"
    difference = f"difference {best.difference:+.3f}, 95 % interval {best.difference_low:+.3f} to {best.difference_high:+.3f}"
    compared = (
        f"from {rows} the meta-learner errs by {_spell_error(own, scale, target)}, the best of the rest ({best.title}) by "
        f"{best.relative:.3f} ({difference}, {num_tasks} tasks never seen)."
    )
    sentence = f"{outcome.capitalize()}: {compared}"
    if not helps:
        rival = min(rivals, key=lambda score: score.relative)
        sentence += (
            f" Adapting a learner does not help here: {_simple(rival.name)} does as well or better ({rival.relative:.3f})."
        )
        return Words(outcome, helps, sentence, f"Use {_simple(rival.name)}: nothing needs to be meta-learned.")
    advice = {
        "worth it": "Use the meta-learner: give it the known rows of a new task.",
        "no different": f"Use whichever is simpler for you: {best.title} does as well here.",
        "worse": f"Use {best.title}; meta-learning does not pay here.",
    }
    return Words(outcome, helps, sentence, advice[outcome])


def _beats(score: Score) -> bool:
    """Whether the meta-learner is better than `score` by more than chance and by more than nothing."""
    gap, _, high = _gap(score)
    return high < 0 and -gap >= MARGIN * score.relative


def _loses(score: Score) -> bool:
    gap, low, _ = _gap(score)
    return low > 0 and gap >= MARGIN * score.relative


def _gap(score: Score) -> tuple[float, float, float]:
    """The difference to the meta-learner, which all but its own score have, and its interval."""
    assert score.difference is not None and score.difference_low is not None and score.difference_high is not None
    return score.difference, score.difference_low, score.difference_high


def _simple(name: str) -> str:
    return {
        POOLED: "one fit for all tasks",
        TREES: "one fit for all tasks (boosted trees)",
        SUPPORT_MEAN: "the mean of the known rows",
    }[name]


def _spell_error(score: Score, scale: Scale, target: str) -> str:
    if scale.is_class:
        return f"{score.relative:.3f} of the error of always naming the commonest class ({score.error:.0%} wrong)"
    return f"{score.relative:.3f} of the target's spread ({score.error:.3g} in units of {shown(target)})"
