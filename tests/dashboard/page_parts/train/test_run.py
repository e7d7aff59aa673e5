"""How far a run is, in words."""

import dataclasses

import pytest

from dashboard.jobs import DONE, RUNNING, Snapshot
from dashboard.page_parts.train import run
from maml_engine import Experiment

EXPERIMENT = Experiment(num_iterations=2000)
RUN = Snapshot(EXPERIMENT, RUNNING, iteration=500, iterations_per_second=1234.0, seconds=20.0, seconds_left=95.0)


@pytest.mark.parametrize(
    ("snapshot", "text"),
    [
        (Snapshot(EXPERIMENT, RUNNING), "Compiling the training step ..."),
        (RUN, "500 of 2,000 iterations, 1,234 a second, 1.6 min left"),
        (dataclasses.replace(RUN, status=DONE, iteration=2000), "2,000 of 2,000 iterations in 20 s"),
    ],
)
def test_progress_says_what_there_is_to_wait_for(snapshot, text):
    assert run.progress(snapshot) == (snapshot.iteration / 2000, text)
