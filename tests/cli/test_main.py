"""The command line, as somebody at a terminal meets it: refusals, requests to end, a reader that leaves."""

import re
import signal

import pytest

from maml_engine import Checkpoint, Learner
from tests.processes import SMALL, command, finished, wait_for_learner


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ("", "COMMAND"),
        ("fly", "fly"),
        ("train --inner-learning-rate 1", "--inner-learning-rate"),
        ("train --num-iter 5", "--num-iter"),
        ("train --inner-lr", "--inner-lr"),
        *[(f"train --inner-lr {value}", f"`inner_lr` must be a number > 0, got {got}") for value, got in
          [("0", "0."), ("-1", "-1."), ("nan", "nan."), ("abc", "'abc'."), ("-abc", "'-abc'."), ("1e999", "inf.")]],
        ("train --k-shot 0", "`k_shot` must be a whole number >= 1"),
        ("train --k-shot 1.5", "`k_shot`"),
        ("train --hidden-dim 1000000000", "`hidden_dim`"),
        ("train --preset finn", "`--preset` must be one of tutorial, "),
        ("train --preset", "--preset"),
        ("train --method mamel", "`method` must be one of "),
        ("train --x-range -5", "`x_range`"),
        ("train --data x.csv", "`--data` must go with `--tasks table`"),
        ("train --target y", "`--target` must go with `--tasks table`"),
        ("train --tasks table", "`--data` must be given"),
        ("train --tasks table --data /nowhere.csv", "/nowhere.csv"),
        ("train --resume /nowhere", "/nowhere/checkpoint"),
        ("train --num-iterations 1 --out /dev/null/folder", "Could not write to /dev/null/folder"),
        ("evaluate", "FOLDER"),
        ("evaluate /nowhere", "/nowhere is not a learner's folder"),
        ("adapt /nowhere s.csv --predict q.csv", "/nowhere is not a learner's folder"),
        ("adapt /nowhere s.csv", "--predict"),
    ],
)  # fmt: skip
def test_bad_input_gets_one_line_and_exit_code_2(run, arguments, complaint):
    code, out, err = run(*arguments.split())
    assert (code, out) == (2, "")
    assert re.fullmatch(r"error: .+\n", err)
    assert complaint in err
    assert "Traceback" not in err


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_request_to_end_leaves_a_snapshot_and_says_where(tmp_path, number):
    process = command("train", "--num-iterations", "10000000", *SMALL, "--out", tmp_path)
    wait_for_learner(tmp_path, process)
    process.send_signal(number)
    code, _, err = finished(process)
    iteration = Learner.load(tmp_path).iteration
    assert code == 130
    assert err == f"Interrupted. The snapshot of iteration {iteration} is in {tmp_path}: go on with --resume {tmp_path}.\n"
    assert Checkpoint.load(tmp_path / "checkpoint").iteration == iteration


def test_a_reader_that_leaves_is_no_error():
    with command("train", "--num-iterations", "3000", *SMALL) as process:
        process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == ""
        assert process.wait(timeout=300) == 141
