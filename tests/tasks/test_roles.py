"""Which column is what: what cannot work."""

import pytest

from maml_engine.tables import Roles


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
