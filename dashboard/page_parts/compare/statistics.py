"""The numbers of a comparison: intervals, the table, paired differences, bands over seeds. Arrays in, plain results out."""

from collections.abc import Mapping

import numpy as np

from dashboard.method_names import ZERO_SHOT
from dashboard.results import Band, Difference, Row
from maml_engine.analysis.comparison import Ranking
from maml_engine.evaluation import AdaptationCurves
from maml_engine.methods import METHODS

MIN_POINTS = 4  # that say whether a loss still falls


def interval(values: np.ndarray) -> tuple[float, float, float]:
    """Mean and ends of its 95 % Student interval, of `[tasks]`."""
    curves = AdaptationCurves(values[:, None])
    with np.errstate(all="ignore"):
        low, high = curves.interval()
        return float(curves.mean[0]), float(low[0]), float(high[0])


def table(losses: Mapping[str, np.ndarray], rankings: Mapping[str, Ranking], k: int) -> list[Row]:
    """One row a name, best first; what did not stay finite comes last.

    Args:
      losses: by name, `[tasks, steps + 1]`.
      rankings: of those names that were trained here.
      k: inner steps.
    """
    rows = [
        Row(name, *interval(loss[:, k]), **_facts(rankings.get(name), k), has_learned=_has_learned(name, losses, k))
        for name, loss in losses.items()
    ]
    return sorted(rows, key=lambda row: row.mean if np.isfinite(row.mean) else np.inf)


def _has_learned(name: str, losses: Mapping[str, np.ndarray], k: int) -> bool:
    """Whether `k` steps of a method end below the best guess without a point: a curve may be flat before it falls."""
    if k == 0 or name not in METHODS or ZERO_SHOT not in losses:
        return True
    _, _, high = interval(losses[name][:, k].astype(np.float64) - losses[ZERO_SHOT][:, k])
    return high < 0


def _facts(ranking: Ranking | None, k: int) -> dict[str, float | None]:
    """What a method's training took, as fields of its row."""
    if ranking is None:
        return {}
    each = ranking.seconds_per_iteration
    return {
        "adapted": ranking.num_adapted,
        "kilobytes": None if ranking.temp_bytes is None else ranking.temp_bytes / 1024,
        "microseconds": None if np.isnan(each) else 1e6 * each,
        "iterations": int(ranking.iterations[-1]),
        "fall": fall(ranking, k),
    }


def fall(ranking: Ranking, k: int) -> float:
    """By which share the loss after `k` steps fell over the last half of the training; below 0 it rose.

    A line is laid through the logarithms of the losses there, mean over seeds, so that one lucky or unlucky snapshot does not
    decide. NaN where fewer than `MIN_POINTS` were measured there, or some are no finite number.

    Args:
      ranking: of one method.
      k: inner steps.
    """
    share = ranking.iterations / max(1, ranking.iterations[-1])
    last = share >= 0.5
    loss = ranking.curves[last, :, k].mean(axis=1)
    if last.sum() < MIN_POINTS or not np.all(np.isfinite(loss) & (loss > 0)):
        return float("nan")
    slope, _ = np.polyfit(share[last], np.log(loss), 1)
    return float(1 - np.exp(0.5 * slope))


def differences(losses: Mapping[str, np.ndarray], pinned: str, k: int) -> list[Difference]:
    """Every other name against `pinned`, on the same tasks, best first.

    Args:
      losses: by name, `[tasks, steps + 1]`.
      pinned: one of those names.
      k: inner steps.
    """
    result = []
    for name, loss in losses.items():
        if name == pinned:
            continue
        ours, theirs = loss[:, k].astype(np.float64), losses[pinned][:, k].astype(np.float64)
        with np.errstate(all="ignore"):
            halves = [mean - low for mean, low, _ in (interval(ours), interval(theirs))]
            result.append(Difference(name, *interval(ours - theirs), unpaired=float(np.hypot(*halves))))
    return sorted(result, key=lambda row: row.mean if np.isfinite(row.mean) else np.inf)


def band(ranking: Ranking, against: str, k: int) -> Band:
    """Loss after `k` steps against "iterations", "gradients" or "seconds"."""
    loss = ranking.curves[:, :, k]
    return Band(getattr(ranking, against), loss.mean(axis=1), loss.min(axis=1), loss.max(axis=1))
