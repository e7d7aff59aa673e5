"""The work behind a verdict, and the verdicts that come with the app."""

import pytest

from dashboard.page_parts.your_tasks import run
from dashboard.page_parts.your_tasks.examples import EXAMPLES


def test_of_a_large_table_a_run_keeps_the_first_rows(table, monkeypatch):
    assert run.first_part(table) is table
    monkeypatch.setattr(run, "MAX_KEPT_CELLS", 10)
    kept = run.first_part(table)
    assert len(kept.sheet) == 2
    assert (kept.id, kept.name) == ("one", "table.csv (its first 2 rows)")


@pytest.mark.parametrize("name", EXAMPLES)
def test_every_example_comes_with_its_verdict(name):
    trained = run.shipped(name)
    assert trained.table.example == name
    assert trained.verdict.k_shot == trained.settings.k_shot
    assert trained.verdict.target == EXAMPLES[name].roles.target
    assert run.shipped(name, run.SHIPPED / "nowhere") is None
