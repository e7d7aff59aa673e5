"""Both runs of a pitfall, judged."""

import numpy as np

from dashboard.page_parts.pitfalls import runs
from dashboard.page_parts.pitfalls.cards import CARDS
from dashboard.page_parts.pitfalls.step_sizes import STEPS
from maml_engine import Learner


def test_learners_are_judged_on_the_mended_runs_tasks():
    """A narrow learner before training is judged on the wide range, as the wide one is: the same number."""
    card = CARDS["no_diversity"]
    broken, mended = (runs.on_tasks_of(Learner.untrained(run), card.mended) for run in (card.broken, card.mended))
    np.testing.assert_array_equal(broken.mean, mended.mean)
    assert len(broken.mean) == STEPS + 1
