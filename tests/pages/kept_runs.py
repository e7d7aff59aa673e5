"""Runs in the library of the tests' own home folder, as if somebody had trained them here."""

import dataclasses
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import numpy as np

from dashboard.downloads.files import learner_zip
from dashboard.engine_calls import resources
from dashboard.runs import Run, RunLibrary, library
from dashboard.widgets.visitor import LOCAL, owner_of
from maml_engine import Experiment

OWNER = owner_of(LOCAL)


def a_run(run_id: str, loss: float = 0.5, *, owner: str = OWNER, **changes) -> Run:
    """A run that has ended, with a curve that falls to `loss`."""
    fields = {name: changes.pop(name) for name in ("name", "note", "status", "kind", "message") if name in changes}
    experiment = Experiment(**({"num_iterations": 100, "hidden_dim": 4} | changes))
    curves = np.linspace(3, [3, loss, loss / 2], 5)
    at = np.arange(5) * 25
    history = np.stack([np.arange(1, 101), np.full(100, loss), np.full(100, loss)], axis=1)
    return Run(
        id=run_id,
        owner=owner,
        experiment=experiment,
        iteration=100,
        seconds=2.5,
        history=history,
        curve_iterations=at,
        curves=curves,
        **fields,
    )


def empty(kept: RunLibrary | None = None) -> None:
    """Deletes what other tests have left in a library; None takes the tests' own."""
    kept = kept or library()
    while runs := kept.list(OWNER):
        for run in runs:
            kept.delete(run.id, OWNER)


@contextmanager
def kept(*runs: Run, with_learner: bool = False) -> Iterator[None]:
    """These runs in the library, the newest first, and none afterwards."""
    learner = learner_zip(resources.shipped_learners()["sinusoid_maml"]) if with_learner else None
    now = datetime.now(UTC)
    for place, run in enumerate(runs):
        library().save(dataclasses.replace(run, created=now - timedelta(minutes=place)), learner)
    try:
        yield
    finally:
        for run in [*runs, *library().list(OWNER)]:
            library().delete(run.id, run.owner)
