"""Runs to keep, and a learner that opens."""

from functools import cache

import numpy as np

from dashboard.downloads.files import learner_zip
from dashboard.runs import Run
from maml_engine import Experiment, Learner

SMALL = Experiment(hidden_dim=4, num_layers=1, seed=3)


def a_run(run_id, owner="me", **changes):
    arrays = {"curve_iterations": np.arange(3), "curves": np.arange(6.0).reshape(3, 2), "history": np.ones((5, 3))}
    fields = {"experiment": SMALL, "result": {"error": [0.1, 0.2]}} | arrays | changes
    return Run(id=run_id, owner=owner, **fields)


@cache
def a_learner(seed=3):
    return learner_zip(Learner.untrained(SMALL if seed == 3 else Experiment(hidden_dim=4, num_layers=1, seed=seed)))
