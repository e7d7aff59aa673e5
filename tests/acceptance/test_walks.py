"""A visitor who does anything that the pages offer, in any order, never meets a traceback."""

import os
import random

import pytest

from tests.pages.conftest import open_app  # noqa: F401  (fixture)
from tests.pages.walks import PAGES, problems, random_change, visit

pytestmark = pytest.mark.acceptance

STEPS = int(os.environ.get("WALK_STEPS", "2000"))


@pytest.mark.parametrize("seed", range(2))
def test_a_random_walk_meets_no_traceback(open_app, seed):  # noqa: F811
    """Half of the steps go to another page, the others set a widget."""
    rng, app, page, done = random.Random(seed), open_app(), "home", []
    for step in range(STEPS // 2):
        if rng.random() < 0.5:
            page = rng.choice([other for other in PAGES if other != page])
            visit(app, page)
            done.append(f"to {page}")
        else:
            done.append(random_change(app, rng))
        wrong = list(problems(app))
        assert not wrong, (step, page, done[-8:], wrong)
    print(f"seed {seed}: {STEPS // 2} steps without a traceback")
