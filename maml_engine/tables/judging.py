"""The whole work, from a sheet to a verdict and a learner: a generator, so that whoever consumes it decides when to stop.

Its stages are functions that hand a value on, each in a module of its own.
"""

import dataclasses
import time
from collections.abc import Iterator
from typing import Any

from maml_engine.io.sheet import Sheet
from maml_engine.tables.conformal import calibrate
from maml_engine.tables.findings import first_error, validate
from maml_engine.tables.fine_tuning import judge_networks
from maml_engine.tables.fits import fit_parts
from maml_engine.tables.learner import TableLearner
from maml_engine.tables.meta_learner import learner_for_use, predict_unseen, residuals_of, train_meta_learner
from maml_engine.tables.plan import Plan
from maml_engine.tables.settings import RECOMMENDED, Settings
from maml_engine.tables.steps import Stage, Step, within
from maml_engine.tables.summary import summarise
from maml_engine.tables.verdict import Progress, Verdict
from maml_engine.tasks.roles import Roles

NOMINAL = 0.9
# Shares of the work, for the bar: the networks take most of it.
FITTED, FINE_TUNED, TRAINED, JUDGED = 0.15, 0.3, 0.85, 0.98


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
    networks = yield from within(judge_networks(plan), FITTED, FINE_TUNED)
    learner = yield from within(train_meta_learner(plan, fits), FINE_TUNED, TRAINED)
    unseen = yield from within(predict_unseen(plan, learner), TRAINED, JUDGED)
    calibration = calibrate([residuals_of(plan, one) for one in unseen], plan.settings.k_shot, NOMINAL)
    results = {name: [one.results[name] for one in fits[:-1]] for name in fits[0].results} | networks
    verdict = summarise(plan, results, learner, unseen, calibration=calibration, nominal=NOMINAL)
    return verdict, learner_for_use(plan, learner, calibration, NOMINAL)


def _followed(stages: Stage[tuple[Verdict, TableLearner]], progress: Progress, began: float) -> Iterator[Progress]:
    """The steps of the stages as progress, with what they come to at the end."""
    while True:
        try:
            step = next(stages)
        except StopIteration as end:
            verdict, learner = end.value
            break
        known = {}
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
