"""A pitfall's learners on the same new tasks; no streamlit, since the engine's own processes import it."""

import numpy as np

from dashboard.engine_calls.cache import cached
from dashboard.page_parts.pitfalls.step_sizes import STEPS
from dashboard.results import LossCurve
from maml_engine import Experiment, Learner, evaluate
from maml_engine.core.keys import key_of

JUDGED_TASKS, KEY = 200, 5


@cached
def on_tasks_of(learner: Learner, run: Experiment) -> LossCurve:
    """`learner` on test tasks of another run, the same for all: loss after 0 .. 10 steps."""
    with np.errstate(all="ignore"):  # some tasks may blow up
        curves = evaluate(
            learner,
            key_of(KEY),
            num_tasks=JUDGED_TASKS,
            k_shot=run.k_shot,
            k_query=50,
            inner_steps=STEPS,
            tasks=run.build_tasks(),
        )
        return LossCurve(curves.mean, *curves.interval())
