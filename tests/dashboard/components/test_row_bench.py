"""The bench of known rows: what a browser may send."""

import pytest

from dashboard.components.row_bench import MAX_POINTS, checked


def test_pairs_of_numbers_are_taken():
    assert checked([[1, 2.5], [-3.0, 4]]) == ((1.0, 2.5), (-3.0, 4.0))


@pytest.mark.parametrize(
    "received",
    [
        None,
        [],
        {},
        "x",
        [[1]],
        [[1, 2, 3]],
        [[1, "2"]],
        [[1, True]],
        [[1, float("nan")]],
        [[1, 1e300]],
        [[0, 0]] * (MAX_POINTS + 1),
    ],
)
def test_anything_else_is_refused_in_one_sentence(received):
    with pytest.raises(ValueError, match="the rows stay as they were"):
        checked(received)
