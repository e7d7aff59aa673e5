"""`maml check`."""

import dataclasses
import functools
import json
import re

import pytest


def test_check_prints_each_error_beside_its_tolerance(run):
    code, out, err = run("check", "maml_closed_form", "sine_waves")
    assert (code, err) == (0, "")
    first, second, last = out.splitlines()
    assert re.match(r"ok +maml_closed_form +\d\.\d\de-\d\d  allowed 1e-10 relative error", first)
    assert second.startswith("ok") and last == "All 2 checks hold."


def test_check_as_json_says_how_it_was_made(run):
    code, out, err = run("check", "--json", "reptile_closed_form")
    assert code == 0
    record = json.loads(out)
    assert record["command"] == "python -m maml_engine check reptile_closed_form --json"
    (row,) = record["results"]
    assert row["ok"] and row["error"] <= row["tolerance"] == 1e-10
    assert "reptile_closed_form" in err


def test_a_check_that_fails_is_exit_code_1_and_a_slow_time_is_not(run, monkeypatch):
    from maml_engine.verification import board

    wrong = dataclasses.replace(board.CHECKS["maml_closed_form"], measure=lambda: 0.5)
    slow = dataclasses.replace(board.CHECKS["adapting_twelve"], measure=lambda: 5.0)
    monkeypatch.setitem(board.CHECKS, "maml_closed_form", wrong)
    monkeypatch.setitem(board.CHECKS, "adapting_twelve", slow)
    code, out, err = run("check", "maml_closed_form", "adapting_twelve")
    assert code == 1
    assert [line.split()[0] for line in out.splitlines()] == ["WRONG", "slow"]
    assert err == "error: 1 of 2 checks failed: maml_closed_form.\n"
    assert run("check", "adapting_twelve")[0] == 0


def test_learning_figures_are_of_the_cards_and_seeds_that_are_named(run, monkeypatch):
    from maml_engine.cli import check
    from maml_engine.verification.published import PRESETS

    experiment = dataclasses.replace(PRESETS["finn_sinusoid"].experiment, num_iterations=3)
    monkeypatch.setitem(PRESETS, "finn_sinusoid", dataclasses.replace(PRESETS["finn_sinusoid"], experiment=experiment))
    monkeypatch.setattr(check, "run_cards", functools.partial(check.run_cards, num_tasks=20))
    code, out, err = run("check", "--published", "finn_sinusoid", "--seeds", "3,1", "--json")
    record = json.loads(out)
    assert record["command"] == "python -m maml_engine check --published finn_sinusoid --seeds 3,1 --json"
    assert [(row["step"], row["seeds"], row["num_iterations"], row["ok"]) for row in record["results"]] == [
        (step, [3, 1], 3, False) for step in (1, 5, 10)
    ]
    assert code == 1  # three iterations reproduce nothing
    lines = err.splitlines()
    assert lines[0].startswith("WRONG MAML, the sinusoid of its paper, after 1: printed 0.67, ours ")
    assert lines[-1] == "error: 1 cards are not reproduced: finn_sinusoid."


@pytest.mark.parametrize(
    "arguments",
    [["nothing"], ["--published", "maml_closed_form"], *(["--published", "--seeds", seeds] for seeds in ("1,x", "1,1", "-1"))],
)
def test_check_refuses_what_it_does_not_know(run, arguments):
    code, out, err = run("check", *arguments)
    assert (code, out) == (2, "")
    assert len(err.splitlines()) == 1 and arguments[-1] in err
