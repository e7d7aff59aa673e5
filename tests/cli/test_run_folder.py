"""A run's folder is whole at any moment, whatever fails."""

import dataclasses
import os
import subprocess
import sys
import time

import numpy as np
import pytest

from maml_engine import Checkpoint, Experiment, Learner, train
from maml_engine.cli import run_folder
from maml_engine.io.arrays import StorageError
from tests.processes import ROOT, SMALL, wait_for_learner


def test_a_disk_that_is_full_for_a_while_does_not_end_the_run(run, tmp_path, monkeypatch):
    save, failed = Checkpoint.save, []

    def full_at_first(self, path):
        if not failed:
            failed.append(self.iteration)
            raise StorageError("Could not write: No space left on device.")
        save(self, path)

    monkeypatch.setattr(Checkpoint, "save", full_at_first)
    code, _, err = run("train", "--num-iterations", "60", *SMALL, "--out", tmp_path)
    assert code == 0
    assert "No space left on device" in err
    assert Learner.load(tmp_path).iteration == 60


def test_a_disk_that_stays_full_is_reported_with_exit_code_2(run, tmp_path, monkeypatch):
    def full(*args):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    code, _, err = run("train", "--num-iterations", "40", *SMALL, "--out", tmp_path)
    assert code == 2
    assert "No space left on device" in err.splitlines()[-1]


def test_what_another_run_has_written_since_is_not_overwritten(tmp_path):
    """A process that was stopped, given up and woken again."""
    first, *_, second = train(Experiment(num_iterations=60, hidden_dim=8, meta_batch_size=4))
    losses = np.zeros(60, np.float32)
    stale = run_folder.RunFolder(str(tmp_path))
    stale.keep(first, losses)
    run_folder.RunFolder(str(tmp_path)).keep(second, losses)
    with pytest.raises(StorageError, match=f"Another run has written to {tmp_path} since this one did"):
        stale.keep(dataclasses.replace(first, iteration=first.iteration + 1), losses)
    assert Checkpoint.load(tmp_path / "checkpoint").iteration == second.iteration


def test_a_kill_at_any_moment_leaves_the_last_snapshot_whole(tmp_path):
    """Saves follow each other without a pause, so that most kills hit one."""
    script = (
        "import sys; from maml_engine import __main__\n"
        "from maml_engine.cli import run_folder; from maml_engine.training import loop\n"
        "run_folder.SECONDS_BETWEEN_SAVES, loop.SECONDS_BETWEEN_REPORTS = 0.0, 0.001\n"
        "sys.exit(__main__.main(sys.argv[1:]))"
    )
    rng = np.random.default_rng(0)
    done = 0
    for _ in range(4):
        goal = ["--resume", tmp_path] if done else ["--num-iterations", "10000000", *SMALL, "--out", tmp_path]
        arguments = [sys.executable, "-c", script, "train", *map(str, goal)]
        process = subprocess.Popen(arguments, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        wait_for_learner(tmp_path, process, newer_than=done)
        time.sleep(rng.uniform(0, 0.3))
        process.kill()
        process.communicate()
        checkpoint, learner = Checkpoint.load(tmp_path / "checkpoint"), Learner.load(tmp_path)
        assert checkpoint.iteration >= learner.iteration > done
        assert any(is_its_own for is_its_own, _ in run_folder.histories(tmp_path, checkpoint))  # in its place, or ahead of it
        done = checkpoint.iteration
