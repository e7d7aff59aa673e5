"""What the board of checks says is what was measured."""

import pytest

from dashboard.page_parts.notes import board
from maml_engine.verification.board import CHECKS
from maml_engine.verification.check import CheckResult


def test_the_recorded_board_is_whole():
    assert list(board.last_results()) == list(CHECKS)


def test_a_verdict_tells_wrong_from_slow():
    results = {
        "maml_closed_form": CheckResult("maml_closed_form", 1.0, 1e-10, 0.1),
        "meta_iteration": CheckResult("meta_iteration", 1.0, 5e-4, 0.1),
        "padding": CheckResult("padding", 0.0, 1e-12, 0.1),
    }
    assert board.verdict(results) == (1, 1, 1)


@pytest.mark.parametrize(("value", "spelled"), [(0.0, "0"), (1e-10, "1e-10"), (3.52e-16, "3.5e-16"), (0.016, "0.016")])
def test_numbers_are_short(value, spelled):
    assert board.spell_number(value) == spelled
