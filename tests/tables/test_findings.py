"""What a table's owner is told before training, and what is mended with one click."""

import numpy as np
import pytest

from maml_engine.tables import Roles, read_sheet, validate
from maml_engine.tables.encoding import Encoding
from maml_engine.tables.findings import first_error
from maml_engine.tables.taskset import TaskSet

ROLES = Roles("t", ("x",), "y")


def sheet_of(row, tasks=8, rows=6, header="t,x,y"):
    lines = [row(task, place) for task in range(tasks) for place in range(rows)]
    return read_sheet("\n".join([header, *lines]).encode())


def wave(task, row):
    return f"task {task},{row},{np.sin(row + task):.4f}"


def codes(sheet, roles=ROLES, k_shot=3):
    return {finding.code: finding for finding in validate(sheet, roles, k_shot)}


def test_a_plain_table_is_counted_and_nothing_stands_in_the_way():
    found = codes(sheet_of(wave))
    assert set(found) == {"tasks"}
    assert found["tasks"].sentence == "8 tasks of 6 rows each, 48 rows in all."


def test_counts_of_a_thousand_and_more_are_written_with_commas():
    found = codes(sheet_of(wave, rows=1500), k_shot=1)
    assert found["tasks"].sentence == "8 tasks of 1,500 rows each, 12,000 rows in all."
    missing = sheet_of(lambda task, row: f"t{task},{row},{'' if row > 5 else task * row}", rows=300)
    assert found_in(missing, "missing").startswith(
        "Values are missing (2,352 in 'y'): 2,352 rows (8, 9, 10, 11, 12 and 2,347 more)"
    )
    small = sheet_of(lambda task, row: f"t{min(task * 1500 + row, 1200)},{row},{task * row}", rows=1500)
    assert "got 1 among 1,201 in column 't', the largest of 10,800 rows." in found_in(small, "few_tasks")


def found_in(sheet, code):
    return codes(sheet)[code].sentence


def test_a_date_with_a_time_is_read_so_with_its_time_and_a_time_of_day_is_no_date():
    sheet = sheet_of(lambda task, row: f"t{task},{13 + row}.01.2024 1{row}:30,{task * row}")
    assert found_in(sheet, "form") == "Column 'x' is read so: '13.01.2024 10:30' as 2024-01-13 10:30 (day-month-year)."
    assert found_in(sheet, "date") == "The input 'x' holds dates; they are used as days."
    clock = sheet_of(lambda task, row: f"t{task},1{row}:{30 + task},{task * row}")
    assert found_in(clock, "date") == "The input 'x' holds times of day; they are used as shares of a day."


def test_a_row_below_the_names_is_told_with_what_was_done_and_what_else_there_is():
    header = "t,x,y\n,days,bars"
    sentence = found_in(sheet_of(wave, header=header), "second_row")
    assert sentence == (
        "The row below the names was left out of them; joined to them, the columns would be 't', 'x days', 'y bars'."
    )
    joined, roles = codes(sheet_of(wave, header=header))["second_row"].fix.apply(sheet_of(wave, header=header), ROLES)
    (said,) = [one.sentence for one in validate(joined, roles, 3) if one.code == "second_row"]
    assert said == "The row below the names was joined to them; left out, the columns would be 't', 'x', 'y'."


def test_a_column_that_is_not_there_is_named():
    found = validate(sheet_of(wave), ROLES.replace(inputs=("z",)))
    assert found[0].severity == "error"
    assert found[0].sentence == "Column 'z' must be one of the file's columns: 't', 'x', 'y'."


@pytest.mark.parametrize("cell", ["inf", "-inf", "many", "1e300"])
def test_cells_that_are_no_numbers_are_found_and_left_out(cell):
    sheet = sheet_of(lambda task, row: f"t{task},{cell if (task, row) == (2, 1) else row},{task - row * row}")
    error = first_error(validate(sheet, ROLES, 3))
    assert (error.code, error.column) == ("cells", "x")
    assert "row 15" in error.sentence
    mended, roles = error.fix.apply(sheet, ROLES)
    assert len(mended) == len(sheet) - 1
    assert first_error(validate(mended, roles, 3)) is None


def test_a_sum_below_the_table_is_no_row():
    table = sheet_of(wave).to_csv() + b",sum,12.5\n"
    found = codes(read_sheet(table))
    assert "(1 in 't'): row 50 will be left out" in found["missing"].sentence
    assert first_error(validate(read_sheet(table), ROLES, 3)) is None
    assert len(TaskSet.of(read_sheet(table), ROLES, 3)) == 8


def test_missing_inputs_are_filled_and_missing_targets_left_out_and_both_counted():
    sheet = sheet_of(lambda task, row: f"t{task},{row if row or task else 'n/a'},{task * row - row * row}")
    assert "(1 in 'x'): row 2 will be filled" in codes(sheet)["filled"].sentence
    assert TaskSet.of(sheet, ROLES, 3).rows.tolist() == [6] * 8
    sheet = sheet_of(lambda task, row: f"t{task},{row},{task * row - row * row if row or task else 'n/a'}")
    assert "(1 in 'y'): row 2 will be left out" in codes(sheet)["missing"].sentence
    assert TaskSet.of(sheet, ROLES, 3).rows.tolist() == [5, *[6] * 7]


@pytest.mark.parametrize(
    ("row", "code"),
    [
        (lambda task, row: f"t{task},{row},7", "constant_target"),
        (lambda task, row: f"{task * 10 + row},{row},{row * task}", "one_row_tasks"),
        (lambda task, row: f"{task % 3},{row},{row * task}", "few_tasks"),
    ],
)
def test_tables_that_cannot_be_learned_from(row, code):
    assert first_error(validate(sheet_of(row), ROLES, 3)).code == code


def test_where_tasks_are_too_short_fewer_known_rows_are_offered():
    rows = [f"t{task},{row},{task * row - row * row}" for task in range(12) for row in range(2 if task < 4 else 4)]
    found = first_error(validate(read_sheet("\n".join(["t,x,y", *rows]).encode()), ROLES, 5))
    assert (found.code, found.fix.k_shot) == ("few_tasks", 3)
    assert "8 tasks" in found.fix.label
    assert first_error(validate(read_sheet("\n".join(["t,x,y", *rows]).encode()), ROLES, found.fix.k_shot)) is None
    few = "\n".join(["t,x,y", *rows[:20]]).encode()  # four tasks of two rows, three of four: half of them is not left by 3
    assert first_error(validate(read_sheet(few), ROLES, 5)).fix.k_shot == 1
    assert first_error(validate(read_sheet("\n".join(["t,x,y", *rows[:8]]).encode()), ROLES, 5)).fix is None


def test_a_constant_target_beside_two_inputs_is_no_division_by_zero():
    sheet = sheet_of(lambda task, row: f"t{task},{row},{task},1", header="t,x,z,y")
    assert first_error(validate(sheet, Roles("t", ("x", "z"), "y"), 3)).code == "constant_target"


def test_small_tasks_are_named_with_their_rows():
    sheet = read_sheet(sheet_of(wave).to_csv() + b"small,1,2\n")
    found = codes(sheet)["small_tasks"]
    assert "'small' (1)" in found.sentence
    assert TaskSet.of(sheet, ROLES, 3).left_out == ("small",)


def test_two_values_are_offered_as_classes():
    sheet = sheet_of(lambda task, row: f"t{task},{row},{int(row > task % 4)}")
    found = codes(sheet)["two_values"]
    _, roles = found.fix.apply(sheet, ROLES)
    assert roles.classes
    assert first_error(validate(sheet, roles, 3)) is None


def test_text_as_a_target_is_offered_as_classes():
    sheet = sheet_of(lambda task, row: f"t{task},{row},{'good' if row > task % 4 else 'bad'}")
    error = first_error(validate(sheet, ROLES, 3))
    assert error.code == "target"
    assert error.fix.roles.classes
    assert "holds 2 different values: 'good', 'bad'." in error.sentence


def test_a_target_of_many_words_is_refused_with_what_it_holds_and_what_is_allowed():
    error = first_error(validate(sheet_of(lambda task, row: f"t{task},{row},word {task} {row}"), ROLES, 3))
    assert (error.code, error.fixes) == ("target", ())
    assert "at most 20 values" in error.sentence
    assert "'word 0 0', 'word 0 1', 'word 0 2', 'word 0 3' and " in error.sentence


def test_a_target_of_numbers_and_a_word_may_be_read_as_numbers():
    sheet = sheet_of(lambda task, row: f"t{task},{row},{f'{np.sin(row + task):.4f}' if row % 2 else 'low'}")
    error = first_error(validate(sheet, ROLES, 3))
    assert error.code == "target"
    read, _ = error.fix.apply(sheet, ROLES)
    again = first_error(validate(read, ROLES, 3))
    assert again.code == "cells" and "'low'" in again.sentence
    assert first_error(validate(*again.others[0].apply(read, ROLES), 2)) is None


@pytest.mark.parametrize(
    ("leak", "how"),
    [
        (lambda x, y, task: 3 * y - 7, "up to a factor"),
        (lambda x, y, task: 2 * y + 100 * task, "within a task"),
        (lambda x, y, task: np.exp(y), "equal or near values"),
    ],
)
def test_a_column_that_gives_the_target_away(leak, how):
    rng = np.random.default_rng(0)

    def row(task, place):
        x, y = rng.uniform(-1, 1, 2)
        return f"t{task},{x},{leak(x, y, task)},{y}"

    sheet = sheet_of(row, tasks=20, rows=30, header="t,x,z,y")
    roles = Roles("t", ("x", "z"), "y")
    found = codes(sheet, roles)["leak"]
    assert found.column == "z"
    assert how in found.sentence
    assert found.fix.roles.inputs == ("x",)
    assert "leak" not in codes(sheet, found.fix.roles)


def test_columns_that_give_the_target_away_as_a_sum():
    rng = np.random.default_rng(0)

    def row(task, place):
        a, b, c = rng.uniform(-1, 1, 3)
        return f"t{task},{a},{b},{c},{a + b}"

    found = codes(sheet_of(row, tasks=20, header="t,a,b,c,y"), Roles("t", ("a", "b", "c"), "y"))["leak"]
    assert "'a', 'b' together" in found.sentence


def test_a_skewed_column_is_offered_its_logarithm():
    rng = np.random.default_rng(0)
    sheet = sheet_of(lambda task, row: f"t{task},{rng.lognormal(0, 2)},{rng.normal()}", tasks=20)
    found = codes(sheet)["skew"]
    assert found.fix.roles.log == ("x",)
    assert "skew" not in codes(sheet, found.fix.roles)


def test_a_skewed_target_is_said_with_what_happens_to_it():
    rng = np.random.default_rng(0)
    sheet = sheet_of(lambda task, row: f"t{task},{row},{rng.lognormal(0, 2)}", tasks=20)
    found = codes(sheet)["skewed_target"]
    assert "its logarithm is predicted where a simple fit then errs less" in found.sentence
    mended, roles = found.fix.apply(sheet, ROLES)
    assert "skewed_target" not in codes(mended, roles)
    assert Encoding.of(mended, roles).shape == ""


@pytest.mark.parametrize(("levels", "severity"), [(40, "note"), (400, "warning")])
def test_many_categories_count_by_what_the_target_is_like_with_them(levels, severity):
    rng = np.random.default_rng(0)
    sheet = sheet_of(lambda task, row: f"t{task},k{rng.integers(levels)},{rng.normal()}", tasks=60)
    assert codes(sheet)["many_categories"].severity == severity


def test_a_logarithm_that_cannot_be_taken_is_taken_back():
    error = first_error(validate(sheet_of(wave), ROLES.replace(log=("x",)), 3))
    assert "needs numbers above 0" in error.sentence
    assert error.fix.roles.log == ()


def test_an_id_that_is_a_number_here_and_text_there_is_one_task():
    sheet = sheet_of(
        lambda task, row: f"{task}{'.0' if row % 2 and task < 7 else ''}{'b' if task == 7 else ''},{row},{row * task}"
    )
    assert "0.0 and 0, 1.0 and 1" in codes(sheet)["task_ids"].sentence
    assert TaskSet.of(sheet, ROLES, 3).names == (*map(str, range(7)), "7b")


def test_an_input_that_is_the_same_within_each_task_is_shown_as_such():
    sheet = sheet_of(lambda task, row: f"t{task},{row},{task * task},{np.sin(row + task):.4f}", header="t,x,age,y")
    found = codes(sheet, Roles("t", ("x", "age"), "y"))["between_input"]
    assert (found.severity, found.column) == ("note", "age")
    assert found.sentence == "The input 'age' is the same in all rows of each task: it tells tasks apart."
