"""The last stage of a verdict: from what was judged to the numbers, the words and the pictures."""

from collections.abc import Mapping, Sequence

import numpy as np

from maml_engine.tables.baselines import BASELINES
from maml_engine.tables.conformal import Calibration, coverage
from maml_engine.tables.fits import Result
from maml_engine.tables.meta_learner import MetaLearner, Unseen, errors_of, residuals_of
from maml_engine.tables.plan import Plan
from maml_engine.tables.scoring import META, Errors, joined, scores, words
from maml_engine.tables.verdict import Score, TaskPicture, TaskScore, Verdict

MAX_PICTURES, MAX_PICTURE_ROWS = 12, 60
TITLES = {"metasgd": "Meta-SGD", "maml": "MAML", "fomaml": "First-order MAML", "reptile": "Reptile", "anil": "ANIL"}


def summarise(
    plan: Plan,
    results: Mapping[str, Sequence[Result]],
    learner: MetaLearner,
    unseen: Sequence[Unseen],
    *,
    calibration: Calibration,
    nominal: float,
) -> Verdict:
    """The verdict; its `seconds` are for whoever looked at the clock.

    Args:
      plan: what was judged, and how.
      results: how each baseline did, by name and part.
      learner: the trained networks.
      unseen: what they predict, part by part.
      calibration: of their intervals.
      nominal: the share of rows that an interval is to hold.
    """
    k, encoding, scale = plan.settings.k_shot, plan.tasks.encoding, plan.scale
    errors = _errors(plan, results, unseen)
    title = f"Meta-learner ({TITLES.get(plan.settings.method, plan.settings.method)})"
    settings = {name: _commonest([one.setting for one in ones]) for name, ones in results.items()}
    all_scores = scores(errors, settings, scale=scale, shots=plan.shots, k_shot=k, title=title)
    verdict = words(all_scores, scale, target=encoding.target, k_shot=k, num_tasks=len(plan.tasks))
    covered = width = float("nan")
    if not scale.is_class:
        covered = coverage([residuals_of(plan, one) for one in unseen], k, nominal)
        at = plan.shots.index(k)
        width = float(np.mean([2 * calibration.half(one.variance[at], k).mean() for one in unseen]))
    tasks = _task_scores(plan, errors, all_scores, unseen)
    return Verdict(
        outcome=verdict.outcome,
        helps=verdict.helps,
        sentence=verdict.sentence,
        advice=verdict.advice,
        target=encoding.target,
        k_shot=k,
        num_tasks=len(plan.tasks),
        num_rows=int(plan.tasks.rows.sum()),
        folds=len(plan.judging),
        spread=scale.base if scale.is_class else encoding.unit,
        nominal=nominal,
        coverage=covered,
        width=width * encoding.unit,
        shots=plan.shots,
        scores=all_scores,
        tasks=tasks,
        task_pictures=_task_pictures(plan, unseen, calibration, tasks),
        x_name=_picture_input(plan)[0],
        classes=encoding.classes,
        left_out=plan.tasks.left_out,
        seconds=0.0,
        iterations=int(np.median(learner.trained.stopped)),
    )


def _errors(plan: Plan, results: Mapping[str, Sequence[Result]], unseen: Sequence[Unseen]) -> dict[str, Errors]:
    """`[splits, shots, tasks]` by predictor, the meta-learner first, then as `BASELINES` has them."""
    parts = {META: [errors_of(plan, one) for one in unseen]}
    parts |= {name: [one.errors for one in results[name]] for name in BASELINES if name in results}
    splits = plan.settings.splits
    return {name: joined(ones, plan.judging, len(plan.tasks), splits) for name, ones in parts.items()}


def _task_scores(
    plan: Plan, errors: Mapping[str, Errors], all_scores: tuple[Score, ...], unseen: Sequence[Unseen]
) -> tuple[TaskScore, ...]:
    place, scale, arrays = plan.shots.index(plan.settings.k_shot), plan.scale, plan.tasks.arrays
    best = min(all_scores[1:] or all_scores, key=lambda score: score.relative).name
    before = Errors(*(np.zeros((1, 1, len(plan.tasks))) for _ in range(2)))
    for one in unseen:
        wrong = np.where(arrays.is_row[one.tasks], scale.wrong(one.before, arrays.y[one.tasks]), 0.0)
        before.total[0, 0, one.tasks] += wrong.sum(axis=1)
        before.count[0, 0, one.tasks] += plan.tasks.rows[one.tasks]

    def each(one: Errors, at: int) -> list[float]:
        total, count = one.total[:, at].sum(axis=0), one.count[:, at].sum(axis=0)
        return [scale.error(value) for value in scale.relative(total, count)]

    judged_rows = errors[META].count[:, place].sum(axis=0)
    columns = each(errors[META], place), each(before, 0), each(errors[best], place), judged_rows
    return tuple(
        TaskScore(name, int(rows), error, start, other, other - error)
        for name, rows, error, start, other, count in zip(plan.tasks.names, plan.tasks.rows, *columns, strict=True)
        if count
    )


def _task_pictures(
    plan: Plan, unseen: Sequence[Unseen], calibration: Calibration, tasks: tuple[TaskScore, ...]
) -> tuple[TaskPicture, ...]:
    """Tasks from the greatest gain to the greatest loss, evenly, with the first draw of their support."""
    by_gain = sorted(tasks, key=lambda task: -task.gain)
    picked = np.unique(np.linspace(0, len(by_gain) - 1, min(MAX_PICTURES, len(by_gain))).round().astype(int))
    place_of = {name: place for place, name in enumerate(plan.tasks.names)}
    return tuple(_task_picture(plan, unseen, calibration, place_of[by_gain[chosen].task]) for chosen in picked)


def _task_picture(plan: Plan, unseen: Sequence[Unseen], calibration: Calibration, task: int) -> TaskPicture:
    k, arrays = plan.settings.k_shot, plan.tasks.arrays
    one = next(one for one in unseen if task in one.tasks)
    place, shot = int(np.flatnonzero(one.tasks == task)[0]), plan.shots.index(k)
    order = arrays.orders[0, task]
    kept = np.sort(order[: min(MAX_PICTURE_ROWS, plan.tasks.rows[task])])
    mean, variance = (part[shot, 0, place, kept] for part in (one.mean, one.variance))
    half = 0.0 if plan.scale.is_class else calibration.half(variance, k)

    def in_units(values: np.ndarray) -> tuple[float, ...]:
        """`[n, outputs] -> [n]`: the target's own units, or the code of the class that is predicted."""
        own = values.argmax(axis=-1) if plan.scale.is_class else plan.tasks.encoding.decode_target(values[:, 0])
        return tuple(map(float, own))

    return TaskPicture(
        task=plan.tasks.names[task],
        x=tuple(map(float, _picture_input(plan)[1][task, kept])),
        y=in_units(arrays.y[task, kept]),
        support=tuple(map(bool, np.isin(kept, order[:k]))),
        before=in_units(one.before[place, kept]),
        after=in_units(mean),
        low=in_units(mean - half),
        high=in_units(mean + half),
    )


def _picture_input(plan: Plan) -> tuple[str, np.ndarray]:
    """The first input that is a number, in its own units: its name, and `[tasks, rows]`."""
    place, x = 0, plan.tasks.arrays.x
    for code in plan.tasks.encoding.inputs:
        if code.kind != "text":
            values = x[..., place] * code.unit + code.center
            return code.name, np.exp(values) if code.log else values
        place += code.width
    code = plan.tasks.encoding.inputs[0]
    return code.name, x[..., : code.width].argmax(axis=-1).astype(float)


def _commonest(found: Sequence[str]) -> str:
    return max(found, key=found.count)
