"""`maml verdict` before it trains: what is guessed is said, what is open is asked with the flags that go on."""

import dataclasses
import shlex

import numpy as np
import pytest

from maml_engine.__main__ import main
from maml_engine.cli import verdict as command
from maml_engine.cli.exit_codes import BAD_INPUT
from maml_engine.tables import Progress, Settings
from tests.cli.tables import write_csv
from tests.small_verdict import small_verdict


class Began(Exception):
    """Training would begin."""


@pytest.fixture
def run(tmp_path, monkeypatch, capsys):
    """Writes a table and gives the command its flags: the exit code (None where training began) and what was said."""

    def judge(sheet, roles, settings):
        raise Began(sheet, roles)

    monkeypatch.setattr(command, "judge", judge)

    def run(header, rows, *flags):
        path = write_csv(tmp_path / "table.csv", header.split(","), rows)
        try:
            code = main(["verdict", "--data", str(path), *flags])
        except Began as began:
            return None, *began.args
        return code, capsys.readouterr().err

    return run


RNG = np.random.default_rng(0)
GROUPED = [[f"s{task}", row, *np.round(RNG.normal(size=2), 3)] for task in range(10) for row in range(8)]


def flags_in(said, place=0):
    """The flags that are offered, as a shell would take them apart."""
    return shlex.split(said.split("`")[1 + 2 * place])


def test_what_is_said_in_part_is_held_and_the_rest_is_guessed_for_it(run):
    rows = [[task, row, round(row + a, 3), round(3 * row + b, 3)] for task, row, a, b in GROUPED]
    code, _, roles = run("chick,time,weight,feed", rows, "--target", "feed")
    assert code is None
    assert (roles.task, roles.inputs, roles.target) == ("chick", ("time", "weight"), "feed")


def test_a_target_that_is_the_same_in_each_task_is_refused_with_the_flags_that_go_on(run):
    rows = [[f"p{task}", visit, pressure, int(task[1:]) % 5] for task, visit, pressure, _ in GROUPED]
    code, said = run("patient,visit,pressure,drug_days", rows, "--target", "drug_days")
    assert code == BAD_INPUT
    assert "same in all rows of each task" in said
    code, _, roles = run("patient,visit,pressure,drug_days", rows, *flags_in(said))
    assert (code, roles.target) == (None, "pressure")


def test_tasks_that_are_too_short_are_refused_with_the_known_rows_that_go_on(run):
    rows = [row for row in GROUPED if row[1] < 4]
    given = ["--task", "s", "--inputs", "x", "--target", "y"]
    code, said = run("s,row,x,y", rows, *given)
    assert code == BAD_INPUT
    assert flags_in(said) == [*given, "--k-shot", "3"]
    code, _, roles = run("s,row,x,y", rows, *flags_in(said))
    assert (code, roles.target) == (None, "y")


def test_a_leak_is_never_trained_with_but_by_those_who_say_so(run):
    rows = [[task, a, b, round(a + b, 3)] for task, _, a, b in GROUPED]
    code, said = run("shop,a,b,y", rows, "--task", "shop", "--inputs", "a,b", "--target", "y")
    assert code == BAD_INPUT
    assert "a sum of them" in said
    code, _, roles = run("shop,a,b,y", rows, *flags_in(said))
    assert (code, roles.inputs) == (None, ("a", "b"))
    code, _, roles = run("shop,a,b,y", rows)
    assert (code, roles.inputs) == (None, ("a",))


def test_two_answers_that_are_near_are_asked(run):
    rng = np.random.default_rng(0)
    rows = [
        [place // 8, a, round(b, 3)]
        for place, (a, b) in enumerate(zip(rng.integers(0, 1000, 160), rng.normal(size=160), strict=True))
    ]
    code, said = run("firm,pqa,pqb", rows)
    assert code == BAD_INPUT
    assert "which is it?" in said
    assert [run("firm,pqa,pqb", rows, *flags_in(said, place))[2].target for place in (0, 1)] == ["pqa", "pqb"]


@pytest.mark.parametrize(
    ("header", "row", "asked"),
    [
        ("shop,day,y", lambda task, row, y: [task, f"{row % 12 + 1:02d}/{row + 2:02d}/2024", y], "day-month-year"),
        (
            "shop,x,y",
            lambda task, row, y: [task, row, f"{1000 + int(99 * y):,}" if row % 2 else int(500 + 99 * y)],
            "2 ways",
        ),
        ("shop,x,y", lambda task, row, y: [task, row, -200 if row == 3 else y], "stand for a missing one"),
    ],
)
def test_what_can_be_read_in_two_ways_is_asked_and_either_goes_on(run, header, row, asked):
    rows = [row(task, place, y) for task, place, y, _ in GROUPED]
    target = ("--task", "shop", "--target", "y")
    code, said = run(header, rows, *target)
    assert code == BAD_INPUT
    assert asked in said
    for place in (0, 1):
        assert run(header, rows, *flags_in(said, place))[0] is None


def test_words_as_the_target_are_said_to_be_classes_or_refused_with_what_they_are(run):
    rows = [[task, a, "high" if b > 0 else "low"] for task, _, a, b in GROUPED]
    flags = ("--task", "shop", "--inputs", "x", "--target", "level")
    code, said = run("shop,x,level", rows, *flags)
    assert code == BAD_INPUT
    assert "column 'level' holds 2 different values: '" in said
    code, _, roles = run("shop,x,level", rows, *flags_in(said))
    assert (code, roles.classes) == (None, True)
    rows = [[task, a, f"note {place}"] for place, (task, _, a, _) in enumerate(GROUPED)]
    code, said = run("shop,x,level", rows, "--target", "level")
    assert code == BAD_INPUT
    assert "at most 20 values, which may be classes; column 'level' holds 80 different values: 'note 0'" in said


def test_where_nobody_watches_each_thing_done_is_a_line(capsys):
    """A bar that is no terminal's says nothing for minutes."""
    steps = [
        Progress(0, share, doing, 0.0, Settings()) for doing, share in (("Reading", 0.0), ("Fitting", 0.2), ("Fitting", 0.4))
    ]
    last = dataclasses.replace(steps[-1], doing="", share=1.0, verdict=small_verdict(), learner=object())
    command._watched(iter([*steps, last]))
    assert capsys.readouterr().err.splitlines() == ["Reading (0% done, 0 s)", "Fitting (20% done, 0 s)"]


def test_what_is_no_number_may_be_taken_as_missing(run):
    rows = [[task, row, "inf" if row == 3 else a, y] for task, row, a, y in GROUPED]
    code, said = run("shop,t,x,y", rows, "--task", "shop", "--inputs", "x", "--target", "y")
    assert code == BAD_INPUT
    assert "'inf' in 10 rows" in said
    code, sheet, _ = run("shop,t,x,y", rows, *flags_in(said))
    assert (code, sheet.missing("x").sum()) == (None, 10)


def test_where_no_column_can_name_the_tasks_the_flag_for_it_is_named(run):
    rows = [[f"s{max(0, row - 99)}", row / 7, row * row % 13 / 11] for row in range(150)]
    code, said = run("shop,x,y", rows)
    assert code == BAD_INPUT
    assert "`--task`" in said


def test_a_leak_that_is_meant_needs_one_flag(run):
    rows = [[task, a, b, round(2 * a + 1, 3)] for task, _, a, b in GROUPED]
    code, said = run("shop,a,b,y", rows, "--task", "shop", "--inputs", "a,b", "--target", "y")
    assert code == BAD_INPUT
    assert run("shop,a,b,y", rows, *flags_in(said, 0))[2].inputs == ("b",)
    assert run("shop,a,b,y", rows, *flags_in(said, 1))[2].inputs == ("a", "b")


def test_flags_that_name_nothing_are_refused(run):
    for flags, said in [
        (("--read", "z as 1,234.5"), "'z'"),
        (("--read", "x as german"), "`read` must be one of"),
        (("--second-row", "maybe"), "`second-row` must be one of"),
    ]:
        code, error = run("shop,t,x,y", GROUPED, "--target", "y", *flags)
        assert code == BAD_INPUT
        assert said in error
