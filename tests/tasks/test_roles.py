"""Which column is what: a first guess, and what cannot work."""

import pytest

from maml_engine.tables import Roles, guess_roles, read_sheet


def test_roles_are_guessed_from_names_and_contents():
    rows = [f"m{task},{row},{task % 3},{task + row * row},same" for task in range(8) for row in range(5)]
    sheet = read_sheet("\n".join(["machine,speed,size,vibration,note", *rows]).encode())
    assert guess_roles(sheet) == Roles("machine", ("speed",), "vibration")


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"inputs": ()}, "at least one column"),
        ({"inputs": "x"}, "a tuple of column names"),
        ({"inputs": ("y",)}, "different columns"),
        ({"log": ("z",)}, "`log` must be one of x, y, got 'z'"),
        ({"time": "t"}, "another column"),
        ({"classes": True, "log": ("y",)}, "must leave out the target"),
    ],
)
def test_roles_that_cannot_work_are_refused(wrong, said):
    with pytest.raises(ValueError, match=said):
        Roles(**{"task": "t", "inputs": ("x",), "target": "y", **wrong})
