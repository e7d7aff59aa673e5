"""What is said of the map is what the map holds."""

import re

import numpy as np
import pytest

from dashboard.page_parts.pitfalls import step_size_map
from dashboard.page_parts.pitfalls.step_sizes import INNER_LRS, STEPS, Shown
from maml_engine import Experiment, Learner
from maml_engine.analysis.divergence import Frontier

BEFORE = 3.0


def shown(after_one: int, after_ten: int) -> Shown:
    """A learner whose first size to diverge is that one after one step, and that one after ten."""
    loss = np.full((len(INNER_LRS), 2, STEPS + 1), BEFORE)
    for steps, first in ((1, after_one), (STEPS, after_ten)):
        loss[:first, :, steps], loss[first:, :, steps] = 1.0, 50.0
    learner = Learner.untrained(Experiment(hidden_dim=2))
    return Shown(learner, Frontier(np.array(INNER_LRS), loss, loss), shots=10, summary="mean")


ALL = len(INNER_LRS)


@pytest.mark.parametrize(
    ("one", "ten", "said"),
    [
        (
            5,
            5,
            "as high after ten steps as after one: α = 0.002 holds, 0.005 does not. .*3.00 → 1.00 → 1.00, and 3.00 → 50.00",
        ),
        (7, 5, "α = 0.005 is good for one step and ruinous after ten. .*: 3.00 → 1.00 → 50.00"),
        (5, 7, "α = 0.005 is too long for one step, and made good by ten. .*: 3.00 → 50.00 → 1.00"),
        (ALL, ALL, "every step size of the map holds. .*: 3.00 → 1.00 → 1.00 at α = 1"),
        (0, 0, "no step size of the map holds. .*: 3.00 → 50.00 → 50.00 at α = 0.0001"),
        (ALL, 0, "α = 0.0001 is good for one step and ruinous after ten. .*: 3.00 → 1.00 → 50.00"),
    ],
)
def test_the_frontier_is_told_as_it_lies(one, ten, said):
    found = shown(one, ten)
    assert found.found.first_diverged()[1] == one and found.found.first_diverged()[STEPS] == ten
    assert re.search(said, step_size_map.spell_frontier(found))
