"""Which column is what, on tables that strangers bring: right by rules, with its reasons, and asked where it is open."""

import numpy as np
import pytest

from maml_engine.tables import Roles, guess, guess_roles, read_sheet, table_csv
from maml_engine.tables.guessing.guess import other_targets
from tests.tables.guessing import more_stand_ins, stand_ins
from tests.tables.guessing.stand_ins import curve, grid, of_group

STAND_INS = (*stand_ins.ALL, *more_stand_ins.ALL)


def sheet_of(columns, *, names_rows=False):
    rows = len(next(iter(columns.values())))
    return read_sheet(table_csv(({"rownames": np.arange(1, rows + 1)} if names_rows else {}) | columns))


@pytest.mark.parametrize("make", STAND_INS, ids=lambda make: make.__name__)
@pytest.mark.parametrize("names_rows", [True, False], ids=["with row names", "without"])
def test_roles_of_well_known_structures_are_guessed(make, names_rows):
    one = make()
    roles = guess_roles(sheet_of(one.columns, names_rows=names_rows))
    assert (roles.task, roles.target) == (one.task, one.target)
    assert set(one.inputs) <= set(roles.inputs)
    assert not {"rownames", *one.never} & set(roles.inputs)


def test_the_order_of_rows_and_columns_is_not_what_is_leaned_on():
    rng, right = np.random.default_rng(3), 0
    for make in STAND_INS:
        one = make()
        order = rng.permutation(len(next(iter(one.columns.values()))))
        columns = {name: np.asarray(one.columns[name])[order] for name in rng.permutation(list(one.columns))}
        roles = guess_roles(sheet_of(columns))
        right += (roles.task, roles.target) == (one.task, one.target)
    assert right >= 0.85 * len(STAND_INS)


def test_the_names_are_not_what_is_leaned_on():
    right = 0
    for make in STAND_INS:
        one = make()
        plain = {name: f"v{place}" for place, name in enumerate(one.columns)}
        roles = guess_roles(sheet_of({plain[name]: cells for name, cells in one.columns.items()}))
        right += (roles.task, roles.target) == (plain[one.task], plain[one.target])
    assert right >= 0.7 * len(STAND_INS)


def test_roles_are_guessed_from_names_and_contents():
    rows = [f"m{task},{row},{task % 3},{task + row * row},same" for task in range(8) for row in range(5)]
    sheet = read_sheet("\n".join(["machine,speed,size,vibration,note", *rows]).encode())
    assert guess_roles(sheet) == Roles("machine", ("speed",), "vibration")


def test_what_is_said_already_is_held_and_the_rest_is_guessed_for_it():
    group, day = grid(20, np.arange(1, 9))
    columns = {"plant": group, "day": day, "height": curve(group, day), "leaves": curve(group, day), "field": group % 7}
    sheet = sheet_of(columns)
    assert guess_roles(sheet, target="leaves") == Roles("plant", ("day", "height"), "leaves")
    assert guess_roles(sheet, task="field", target="leaves").task == "field"
    assert guess_roles(sheet, inputs=("day",), target="height") == Roles("plant", ("day",), "height")
    with pytest.raises(ValueError, match="'mass' must be one of the file's columns"):
        guess_roles(sheet, target="mass")


def test_reasons_name_what_was_chosen_and_what_was_left_out():
    group, day = grid(20, np.arange(1, 9))
    height = curve(group, day)
    columns = {"plant": group, "code": 100 + group, "day": day, "height": height, "height_mm": 10 * height}
    said = " ".join(guess(sheet_of(columns, names_rows=True), target="height").reasons)
    for word in ("'plant'", "'rownames' is left out: it numbers the rows", "'code' is left out", "'height_mm' is left out"):
        assert word in said


def test_what_hangs_on_columns_that_do_not_hang_on_each_other_is_the_target():
    rng = np.random.default_rng(0)
    group, _ = grid(30, np.arange(15))
    load, cooling = np.round(rng.uniform(0, 5, 450), 2), np.round(rng.uniform(0, 1, 450), 2)
    wear = np.round(8 / (1 + np.exp(-3 * (load - of_group(group, range(4)) - 2 * cooling))) + rng.normal(0, 0.1, 450), 2)
    columns = {"machine": group, "load": load, "cooling": cooling, "wear": wear}
    assert guess_roles(sheet_of(columns)) == Roles("machine", ("load", "cooling"), "wear")


def test_two_targets_that_are_near_are_asked():
    rng = np.random.default_rng(0)
    group, _ = grid(20, np.arange(8))
    columns = {"firm": group, "pqa": rng.integers(0, 1000, 160), "pqb": np.round(rng.normal(size=160), 3)}
    question = guess(sheet_of(columns)).question
    assert question.part == "target"
    assert {roles.target for roles in question.choices} == {"pqa", "pqb"}
    assert "'pqa' or 'pqb'" in question.sentence
    assert guess(sheet_of(columns), target="pqb").question is None


def test_two_tasks_that_are_near_are_asked():
    rng = np.random.default_rng(0)
    first, second = np.repeat(np.arange(12), 12), np.tile(np.arange(12), 12)
    order = rng.permutation(144)
    sheet = sheet_of({"shop": first[order], "customer": second[order], "sales": np.round(rng.normal(size=144), 3)})
    question = guess(sheet).question
    assert question.part == "task"
    assert {roles.task for roles in question.choices} == {"shop", "customer"}


def test_classes_are_predicted_where_nothing_was_measured():
    rng = np.random.default_rng(0)
    group, week = grid(50, [0, 2, 4, 6, 11])
    columns = {
        "y": rng.choice(["y", "n"], 250),
        "week": week,
        "ID": [f"X{k:02d}" for k in group],
        "trt": of_group(group, ["a", "b"]),
    }
    roles = guess_roles(sheet_of(columns))
    assert (roles.task, roles.target, roles.classes) == ("ID", "y", True)


def test_of_many_columns_those_are_used_that_go_with_the_target():
    rng = np.random.default_rng(0)
    group, _ = grid(20, np.arange(30))
    noise = {f"s{place}": np.round(rng.normal(size=600), 3) for place in range(60)}
    columns = {"machine": group} | noise | {"result": np.round(3 * noise["s47"] - noise["s58"] + rng.normal(size=600), 3)}
    found = guess(sheet_of(columns))
    assert {"s47", "s58"} <= set(found.roles.inputs)
    assert "40 more columns" in found.reasons[-1]


def test_other_targets_are_offered_for_one_that_cannot_be():
    group, visit = grid(12, np.arange(1, 10))
    columns = {"patient": group, "visit": visit, "pressure": curve(group, visit), "drug_days": (3 * group) % 7}
    sheet = sheet_of(columns)
    assert [roles.target for roles in other_targets(sheet, Roles("patient", ("visit",), "drug_days"))] == ["pressure"]


def test_a_table_without_a_task_is_refused():
    with pytest.raises(ValueError, match="No column can name the tasks"):
        guess_roles(sheet_of({"a": np.arange(30) / 7, "b": np.arange(30) ** 2 / 3, "c": np.arange(30) / 11}))
