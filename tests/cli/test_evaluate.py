"""`maml evaluate`."""

import pytest


@pytest.mark.parametrize(
    ("flags", "complaint"),
    [
        ("--num-tasks 0", "`num_tasks`"),
        ("--num-tasks many", "`num_tasks`"),
        ("--k-shot 0", "`k_shot`"),
        ("--inner-steps -1", "`inner_steps` must be a whole number >= 0, got -1"),
        ("--seed -1", "`seed`"),
        ("--data x.csv", "`--data` must be left out"),
    ],
)
def test_evaluate_refuses_numbers_out_of_range(run, trained, flags, complaint):
    code, _, err = run("evaluate", trained, *flags.split())
    assert code == 2
    assert complaint in err


def test_evaluate_prints_a_small_table(run, trained):
    code, out, _ = run("evaluate", trained, "--num-tasks", 5, "--inner-steps", 2)
    assert code == 0
    header, *rows = out.splitlines()[1:]
    assert header.split() == ["step", "mean", "loss", "95", "%", "interval"]
    assert [row.split()[0] for row in rows] == ["0", "1", "2"]
