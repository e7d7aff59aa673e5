import pytest

from dashboard.components.axis_brush import MAX_RANGES, checked

NAN = float("nan")


def test_ranges_are_taken_as_they_are_told():
    said = {"inner_lr": [[-3, -1.5], [0, 1]], "method": [[0.75, 1.25]]}
    assert checked(said, ["inner_lr", "method"]) == {"inner_lr": [(-3.0, -1.5), (0.0, 1.0)], "method": [(0.75, 1.25)]}


@pytest.mark.parametrize(
    "said",
    [
        None,
        "all",
        [[0, 1]],
        {"inner_lr": None},
        {"inner_lr": [0, 1]},
        {"inner_lr": [[1, 0]]},
        {"inner_lr": [[0, NAN], [float("inf"), 1], [0], [0, 1, 2], ["0", "1"], [True, False]]},
        {"stranger": [[0, 1]]},
    ],
)
def test_what_no_axis_has_is_not_taken(said):
    assert checked(said, ["inner_lr"]) == {}


def test_a_thousand_ranges_are_cut():
    assert len(checked({"a": [[0, 1]] * 1000}, ["a"])["a"]) == MAX_RANGES
