"""The last stage of a verdict: from what was judged to the numbers, the words and the pictures."""

from collections.abc import Mapping, Sequence

import numpy as np

from maml_engine.checks import listed
from maml_engine.tables.baselines import BASELINES
from maml_engine.tables.choosing import Choice
from maml_engine.tables.conformal import Calibration, Residuals, coverage
from maml_engine.tables.meta_learner import MetaLearner
from maml_engine.tables.outcomes import Outcome
from maml_engine.tables.plan import Plan
from maml_engine.tables.scoring import META, SAVED, Errors, gap_of, joined, score_of, scores
from maml_engine.tables.verdict import Score, TaskPicture, TaskScore, Verdict
from maml_engine.tables.wording import SIMPLE, Saved, words

Outcomes = Mapping[str, Sequence[Outcome]]  # by way, and part that judges
RAN_AWAY = 1.5  # errors over the target's spread
MAX_PICTURES, MAX_PICTURE_ROWS = 12, 60
TITLES = {"metasgd": "Meta-SGD", "maml": "MAML", "fomaml": "First-order MAML", "reptile": "Reptile", "anil": "ANIL"}


def summarise(
    plan: Plan,
    outcomes: Outcomes,
    choice: Choice,
    without: Choice | None,
    *,
    learner: MetaLearner,
    residuals: Sequence[Residuals],
    calibration: Calibration,
    nominal: float,
) -> Verdict:
    """The verdict; its `seconds` are for whoever looked at the clock.

    Args:
      plan: what was judged, and how.
      outcomes: what each way made of the tasks, by name and part.
      choice: what is saved.
      without: what would be saved without ways that are meta-learned.
      learner: the trained networks.
      residuals: of what is saved, by part.
      calibration: of its intervals.
      nominal: the share of rows that an interval is to hold.
    """
    k, encoding, scale = plan.settings.k_shot, plan.tasks.encoding, plan.scale
    at = plan.shots.index(k)
    errors = {name: errors_of(plan, outcomes[name]) for name in (META, *BASELINES) if name in outcomes}
    own_errors = errors_of(plan, choice.outcomes)
    all_scores = scores(
        {name: _shown(plan, own) for name, own in errors.items()},
        _settings(plan, outcomes, errors),
        scale=scale,
        shots=_shots(plan),
        k_shot=k,
        title=_titles(plan)[META],
    )
    saved, shares = _saved(plan, errors, choice, without, own=own_errors), choice.shares(at, _titles(plan))
    verdict = words(all_scores, scale, target=encoding.target, k_shot=k, num_tasks=len(plan.tasks), saved=saved)
    coverages, width, off = (), float("nan"), np.zeros(0)
    if not scale.is_class:
        coverages = tuple(coverage(residuals, plan.shots[place], nominal) for place in plan.shown)
        off = np.concatenate([one.rows(at)[0] for one in residuals])
        width = float(np.mean([_width(plan, one, at, calibration) for one in choice.outcomes]))
    tasks = _task_scores(plan, errors, all_scores, own_errors)
    return Verdict(
        outcome=verdict.outcome,
        helps=verdict.helps,
        sentence=verdict.sentence,
        advice=" ".join(filter(None, [verdict.advice, encoding.said(off)])),
        target=encoding.target,
        k_shot=k,
        num_tasks=len(plan.tasks),
        num_rows=int(plan.tasks.rows.sum()),
        folds=len(plan.judging),
        spread=scale.base if scale.is_class else scale.unit,
        nominal=nominal,
        coverage=coverages[_shots(plan).index(k)] if coverages else float("nan"),
        width=width,
        shots=_shots(plan),
        scores=all_scores,
        tasks=tasks,
        task_pictures=_task_pictures(plan, choice.outcomes, calibration, tasks),
        x_name=_picture_input(plan)[0],
        classes=encoding.classes,
        left_out=plan.tasks.left_out,
        seconds=0.0,
        iterations=int(np.median(learner.trained.stopped)),
        saved=saved.score,
        shares=shares,
        gain=() if saved.gain is None else (saved.gain.value, saved.gain.low, saved.gain.high),
        coverages=coverages,
    )


def _width(plan: Plan, one: Outcome, at: int, calibration: Calibration) -> float:
    """The mean width of intervals in the target's units (of its logarithm where that is used)."""
    half, encoding = calibration.half(one.variance[at], plan.settings.k_shot), plan.tasks.encoding
    if not encoding.shape:
        return float(2 * half.mean()) * encoding.unit
    mean = one.mean[at, ..., 0]
    return float((encoding.decode_target(mean + half) - encoding.decode_target(mean - half)).mean())


def scores_so_far(plan: Plan, outcomes: Outcomes) -> tuple[Score, ...]:
    """Of each way that has been judged, best first."""
    errors = {name: errors_of(plan, own) for name, own in outcomes.items()}
    titles, settings = _titles(plan), _settings(plan, outcomes, errors)
    given = {"shots": _shots(plan), "k_shot": plan.settings.k_shot}
    found = [
        score_of(_shown(plan, own), plan.scale, **given, name=name, title=titles[name], setting=settings[name])
        for name, own in errors.items()
    ]
    return tuple(sorted(found, key=lambda score: score.relative))


def residuals_of(plan: Plan, outcomes: Sequence[Outcome]) -> list[Residuals]:
    """Errors in a number, row by row, by part."""
    return [
        one.residuals(plan.tasks.arrays.take(part.test), part.test, plan.shots)
        for one, part in zip(outcomes, plan.judging, strict=True)
    ]


def _saved(plan: Plan, errors: Mapping[str, Errors], choice: Choice, without: Choice | None, *, own: Errors) -> Saved:
    at = plan.shots.index(plan.settings.k_shot)
    gain = None if without is None else gap_of(own, errors_of(plan, without.outcomes), at, plan.scale)
    alone = choice.names[int(choice.weights[at].argmax())] if len(choice.shares(at, _titles(plan))) == 1 else ""
    gaps = {name: gap_of(own, errors[name], at, plan.scale) for name in SIMPLE if name in errors}
    return Saved(saved_score(plan, choice, own), alone, gain, gaps)


def saved_score(plan: Plan, choice: Choice, errors: Errors) -> Score:
    """Of what is saved, on tasks that did not choose it, whose `errors` these are."""
    shares = choice.shares(plan.shots.index(plan.settings.k_shot), _titles(plan))
    title = (
        shares[0][0]
        if len(shares) == 1
        else "a blend of " + listed([f"{name} {weight:.0%}" for name, weight in shares], most=4)
    )
    return score_of(
        _shown(plan, errors),
        plan.scale,
        shots=_shots(plan),
        k_shot=plan.settings.k_shot,
        name=SAVED,
        title=title,
        setting=choice.kind,
    )


def _titles(plan: Plan) -> dict[str, str]:
    method = plan.settings.method
    return BASELINES | {META: f"Meta-learner ({TITLES.get(method, method)})"}


def _settings(plan: Plan, outcomes: Outcomes, errors: Mapping[str, Errors]) -> dict[str, str]:
    """What was chosen in fitting, in words, and of a way that has run away that it has."""
    found = {}
    for name, ones in outcomes.items():
        found[name] = _commonest([one.setting for one in ones])
        own, at = errors[name], plan.shots.index(plan.settings.k_shot)
        if float(np.mean(plan.scale.relative(own.total[:, at].sum(axis=1), own.count[:, at].sum(axis=1)))) > RAN_AWAY:
            found[name] = ", ".join(filter(None, [found[name], "worse than knowing nothing"]))
    return found


def _shots(plan: Plan) -> tuple[int, ...]:
    return tuple(plan.shots[place] for place in plan.shown)


def _shown(plan: Plan, errors: Errors) -> Errors:
    return Errors(*(part[:, list(plan.shown)] for part in errors))


def errors_of(plan: Plan, outcomes: Sequence[Outcome]) -> Errors:
    """`[splits, shots, tasks]` from the outcomes of each part."""
    parts = [
        one.errors(plan.tasks.arrays.take(part.test), plan.shots, plan.scale)
        for one, part in zip(outcomes, plan.judging, strict=True)
    ]
    return joined(parts, plan.judging, len(plan.tasks), plan.settings.splits)


def _task_scores(
    plan: Plan, errors: Mapping[str, Errors], all_scores: tuple[Score, ...], saved: Errors
) -> tuple[TaskScore, ...]:
    place, scale = plan.shots.index(plan.settings.k_shot), plan.scale
    best = min(all_scores[1:] or all_scores, key=lambda score: score.relative).name

    def each(one: Errors, at: int) -> list[float]:
        total, count = one.total[:, at].sum(axis=0), one.count[:, at].sum(axis=0)
        return [scale.error(value) for value in scale.relative(total, count)]

    judged_rows = errors[META].count[:, place].sum(axis=0)
    columns = each(errors[META], place), each(errors[META], 0), each(errors[best], place), each(saved, place), judged_rows
    return tuple(
        TaskScore(name, int(rows), error, start, other, other - error, own)
        for name, rows, error, start, other, own, count in zip(plan.tasks.names, plan.tasks.rows, *columns, strict=True)
        if count
    )


def _task_pictures(
    plan: Plan, outcomes: Sequence[Outcome], calibration: Calibration, tasks: tuple[TaskScore, ...]
) -> tuple[TaskPicture, ...]:
    """Tasks from the greatest gain to the greatest loss, evenly, with the first draw of their support."""
    by_gain = sorted(tasks, key=lambda task: -task.gain)
    picked = np.unique(np.linspace(0, len(by_gain) - 1, min(MAX_PICTURES, len(by_gain))).round().astype(int))
    place_of = {name: place for place, name in enumerate(plan.tasks.names)}
    return tuple(_task_picture(plan, outcomes, calibration, place_of[by_gain[chosen].task]) for chosen in picked)


def _task_picture(plan: Plan, outcomes: Sequence[Outcome], calibration: Calibration, task: int) -> TaskPicture:
    k, arrays = plan.settings.k_shot, plan.tasks.arrays
    one, test = next((one, part.test) for one, part in zip(outcomes, plan.judging, strict=True) if task in part.test)
    place, shot = int(np.flatnonzero(test == task)[0]), plan.shots.index(k)
    order = arrays.orders[0, task]
    kept = np.sort(order[: min(MAX_PICTURE_ROWS, plan.tasks.rows[task])])
    mean, variance = one.mean[shot, 0, place, kept], one.variance[shot, 0, place, kept, None]
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
        before=in_units(one.mean[0, 0, place, kept]),
        after=in_units(mean),
        low=in_units(mean - half),
        high=in_units(mean + half),
    )


def _picture_input(plan: Plan) -> tuple[str, np.ndarray]:
    """The first input that is a number, in its own units: its name, and `[tasks, rows]`."""
    place, x = 0, plan.tasks.arrays.x
    for code in plan.tasks.encoding.inputs:
        if code.kind != "text":
            return code.name, code.decode(x[..., place])
        place += code.size
    code = plan.tasks.encoding.inputs[0]
    if code.effects:
        return code.name, x[..., 0]
    return code.name, x[..., : len(code.levels)].argmax(axis=-1).astype(float)


def _commonest(found: Sequence[str]) -> str:
    return max(found, key=found.count)
