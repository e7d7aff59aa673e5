"""The whole work, from a sheet to a verdict and a learner: a generator, so that whoever consumes it decides when to stop.

Its stages are functions that hand a value on, each in a module of its own.
"""

import dataclasses
import time
from collections.abc import Iterator
from typing import Any

import numpy as np

from maml_engine.io.sheet import Sheet
from maml_engine.tables.baselines import LEARNED
from maml_engine.tables.choosing import META_LEARNED, Choice, choose
from maml_engine.tables.conformal import calibrate
from maml_engine.tables.effects import curves_of, effects_of
from maml_engine.tables.findings import first_error, validate
from maml_engine.tables.fine_tuning import judge_networks
from maml_engine.tables.fits import fit_parts, judge_predictors, learn_process
from maml_engine.tables.learned_process import DOING as LEARNING
from maml_engine.tables.learner import KnownTasks, TableLearner
from maml_engine.tables.meta_learner import ensemble_for_use, predict_unseen, train_meta_learner
from maml_engine.tables.outcomes import Outcome
from maml_engine.tables.plan import Plan
from maml_engine.tables.scoring import META
from maml_engine.tables.settings import RECOMMENDED, Settings
from maml_engine.tables.steps import Stage, Step, within
from maml_engine.tables.summary import errors_of, residuals_of, saved_score, scores_so_far, summarise
from maml_engine.tables.verdict import Progress, Score, Verdict
from maml_engine.tasks.roles import Roles

NOMINAL = 0.9
# Shares of the work, for the bar: the networks take most of it.
FITTED, LEARNED_BY, FINE_TUNED, TRAINED, JUDGED = 0.13, 0.33, 0.5, 0.93, 0.98


def judge(sheet: Sheet, roles: Roles, settings: Settings = RECOMMENDED, *, table: Any = None) -> Iterator[Progress]:
    """Trains, judges and makes the learner; the last progress has `done`, `verdict` and `learner`.

    Args:
      sheet: the table.
      roles: which column is what.
      settings: how the meta-learner is trained and judged.
      table: what every progress is to name the table by.

    Raises:
      ValueError: the table cannot be used as it is; the sentence is the first error of `validate`.
    """
    began = time.perf_counter()
    if error := first_error(validate(sheet, roles, settings.k_shot)):
        raise ValueError(error.sentence)
    start = Progress(0, 0.0, "", 0.0, settings, table=table)
    return _followed(_stages(Plan.of(sheet, roles, settings)), start, began)


def _stages(plan: Plan) -> Stage[tuple[Verdict, TableLearner]]:
    """What is done, in order."""
    yield Step("Reading", 0.01)
    fits = yield from within(fit_parts(plan), 0.01, FITTED)
    ways = {name: [one.predictors[name] for one in fits] for name in fits[0].predictors}
    outcomes: dict[str, list[Outcome]] = {name: judge_predictors(plan, fits, own) for name, own in ways.items()}
    yield Step(LEARNING, FITTED, scores=_so_far(plan, outcomes, choose(plan, outcomes)))
    if processes := (yield from within(learn_process(plan, fits), FITTED, LEARNED_BY)):
        ways[LEARNED], outcomes[LEARNED] = list(processes), judge_predictors(plan, fits, processes)
    yield Step("Training networks", LEARNED_BY, scores=_so_far(plan, outcomes, choose(plan, outcomes)))
    networks = yield from within(judge_networks(plan), LEARNED_BY, FINE_TUNED)
    outcomes |= networks.outcomes
    yield Step("Training", FINE_TUNED, scores=_so_far(plan, outcomes, choose(plan, outcomes)))
    learner = yield from within(train_meta_learner(plan, fits), FINE_TUNED, TRAINED)
    unseen = yield from within(predict_unseen(plan, learner, [one.limits for one in fits]), TRAINED, JUDGED)
    outcomes[META] = unseen
    choice = choose(plan, outcomes)
    yield Step("Choosing", JUDGED, scores=_so_far(plan, outcomes, choice))
    without = choose(plan, outcomes, META_LEARNED)
    assert choice is not None  # the meta-learner is always judged
    effects = effects_of(plan, fits[-1].process)
    predictors = {name: own[-1] for name, own in ways.items()} | networks.predictors | {META: ensemble_for_use(plan, learner)}
    residuals = residuals_of(plan, choice.outcomes)
    calibration = calibrate(residuals, NOMINAL)
    verdict = summarise(
        plan,
        outcomes,
        choice,
        without,
        learner=learner,
        residuals=residuals,
        calibration=calibration,
        nominal=NOMINAL,
    )
    verdict = dataclasses.replace(verdict, effects=effects, curves=curves_of(plan, fits[-1].process, effects))
    return verdict, TableLearner(
        plan.tasks.encoding,
        choice.predictor(plan, predictors, fits[-1].limits),
        np.array(plan.shots, np.int32),
        np.array([calibration.widths[k] for k in plan.shots]),
        np.array([calibration.floors[k] for k in plan.shots]),
        NOMINAL,
        KnownTasks.of(plan.task_column, plan.tasks.names, plan.tasks.arrays._replace(x=plan.tasks.in_use)),
    )


def _so_far(plan: Plan, outcomes: dict[str, list[Outcome]], choice: Choice | None) -> tuple[Score, ...]:
    """A first verdict, which what follows sharpens: what would be saved now, then each way, best first."""
    saved = (saved_score(plan, choice, errors_of(plan, choice.outcomes)),) if choice else ()
    return (*saved, *scores_so_far(plan, outcomes))


def _followed(stages: Stage[tuple[Verdict, TableLearner]], progress: Progress, began: float) -> Iterator[Progress]:
    """The steps of the stages as progress, with what they come to at the end."""
    while True:
        try:
            step = next(stages)
        except StopIteration as end:
            verdict, learner = end.value
            break
        known: dict[str, Any] = {} if step.scores is None else {"so_far": step.scores}
        if step.iteration is not None:
            known["iteration"] = step.iteration
        if step.validation is not None:
            known["validation"] = (*progress.validation, step.validation)
            known["validation_iterations"] = (*progress.validation_iterations, step.iteration)
        seconds = time.perf_counter() - began
        progress = dataclasses.replace(progress, doing=step.doing, share=step.share, seconds=seconds, **known)
        yield progress
    seconds = time.perf_counter() - began
    verdict = dataclasses.replace(verdict, seconds=seconds)
    yield dataclasses.replace(progress, doing="", share=1.0, seconds=seconds, verdict=verdict, learner=learner, done=True)
