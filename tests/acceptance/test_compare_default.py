"""What Compare trains when nobody has changed anything ranks its methods as the shipped figures do."""

import numpy as np
import pytest

from dashboard.page_parts.compare import choices, statistics
from dashboard.page_parts.compare.contest import DEFAULT_AMOUNT, Contest
from maml_engine import Experiment
from maml_engine.analysis.comparison import Budget

pytestmark = pytest.mark.acceptance


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_maml_is_before_reptile_after_one_step(seed):
    budget = Budget("iterations", DEFAULT_AMOUNT["iterations"])
    *_, last = Contest(tuple(choices.OWN["methods"]), Experiment(seed=seed), budget).reports()
    rows = {row.name: row for row in statistics.table({n: r.task_loss for n, r in last.rankings.items()}, last.rankings, 1)}
    print(f"\n      seed {seed}: " + ", ".join(f"{name} {row.mean:.2f}, fell by {row.fall:.0%}" for name, row in rows.items()))
    assert rows["maml"].mean < rows["reptile"].mean
    assert rows["maml"].mean < 1.2  # the range of the tutorial's run at its own length
    (difference,) = statistics.differences({n: r.task_loss for n, r in last.rankings.items()}, "reptile", 1)
    assert difference.verdict == "better", np.round([difference.low, difference.high], 2)
