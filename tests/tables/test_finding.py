"""What has to be settled before anything is trained, and what settles it."""

import numpy as np

from maml_engine.tables import Roles, read_sheet, validate
from maml_engine.tables.finding import stops

ROLES = Roles("t", ("a", "b"), "y")


def sheet_of(total):
    rng = np.random.default_rng(0)
    rows = [(f"t{row // 8}", *rng.uniform(0, 9, 2).round(3)) for row in range(80)]
    return read_sheet("\n".join(["t,a,b,y", *(f"{task},{a},{b},{total(a, b)}" for task, a, b in rows)]).encode())


def test_a_leak_stops_until_it_is_left_out_or_said_to_be_meant():
    sheet = sheet_of(lambda a, b: round(a + b, 3))
    (stop,) = stops(validate(sheet, ROLES, 3), sheet)
    assert (stop.code, len(stop.fixes)) == ("leak", 1)  # of two parts of a sum none is left: they can only be kept
    kept, roles = stop.fixes[0].apply(sheet, ROLES)
    assert roles == ROLES
    assert stops(validate(kept, roles, 3), kept) == ()
    assert "leak" in [finding.code for finding in validate(kept, roles, 3)]  # it is still said


def test_one_column_is_left_out_or_kept():
    sheet = sheet_of(lambda a, b: round(2 * a - 1, 3))
    (stop,) = stops(validate(sheet, ROLES, 3), sheet)
    assert [fix.label for fix in stop.fixes] == ["Leave out 'a'", "Keep 'a' as it is"]
    for fix, inputs in zip(stop.fixes, (("b",), ("a", "b")), strict=True):
        changed, roles = fix.apply(sheet, ROLES)
        assert roles.inputs == inputs
        assert stops(validate(changed, roles, 3), changed) == ()


def test_what_only_is_worth_a_word_stops_nothing():
    sheet = sheet_of(lambda a, b: round(a * np.sin(b), 3))
    assert stops(validate(sheet, ROLES, 3), sheet) == ()
