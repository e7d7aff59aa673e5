"""Published tables, and short runs of their cards."""

from dashboard.page_parts.notes import published
from maml_engine.experiment.presets import PRESETS
from maml_engine.verification.published import CARDS


def test_every_card_is_in_the_recorded_tables():
    assert {row.card for row in published.last_rows()} == set(CARDS)


def test_a_short_run_is_the_card_with_fewer_iterations():
    short = published.short_run("finn_sinusoid")
    assert short.num_iterations == published.SHORT_ITERATIONS
    assert PRESETS["finn_sinusoid"].differences(short) == ["num_iterations 70000"]
