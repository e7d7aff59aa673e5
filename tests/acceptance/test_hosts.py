"""Several processes on loopback, killed, stopped and started again: the figures that docs/clusters.md promises."""

import json
import os
import random
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from benchmarks.places import free_port
from maml_engine import Checkpoint
from maml_engine.io.snapshots import newest_snapshot
from tests.processes import IN_64_BITS, ROOT, SMALL, Processes, is_gone, losses_in

pytestmark = [
    pytest.mark.acceptance,
    pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="looks for processes in /proc"),
]
CYCLES = 50


def ended(run, spared, limit):
    """Seconds until all but `spared` have ended."""
    began = time.monotonic()
    while any(process.poll() is None for index, process in enumerate(run.all) if index != spared):
        assert time.monotonic() - began < limit, f"A process was still there after {limit} s."
        time.sleep(0.05)
    return time.monotonic() - began


def print_figures(**figures):
    print("\n" + json.dumps(figures), end="")


@pytest.mark.parametrize("rank", [0, 1, 2])
@pytest.mark.parametrize("moment", [0.0, 2.0, 4.0, "training"])
def test_a_kill_ends_all_within_30_seconds(tmp_path, rank, moment):
    """While starting, meeting, compiling and training; a process that never came is waited for as long as --wait says."""
    with Processes(3, "--num-iterations", 10**7, *SMALL, "--meta-batch-size", 6, "--wait", 12, "--out", tmp_path) as run:
        if moment == "training":
            run.wait_for(tmp_path / "learner.safetensors")
        victim = run.worker(rank)
        time.sleep(0 if moment == "training" else moment)
        os.kill(victim, signal.SIGKILL)
        seconds = ended(run, None, 30)
        for index, (code, _, message) in enumerate(run.ends()):
            # Who never saw process 0 cannot know that it was ever there.
            assert code == 4 or (index != rank and moment != "training" and "could not be reached" in message)
            assert len(message.splitlines()) == 1, message
    print_figures(killed=rank, at=moment, seconds=round(seconds, 1))


@pytest.mark.parametrize("rank", [0, 1])
@pytest.mark.parametrize("who", ["worker", "parent"])
def test_a_stopped_process_ends_the_others_within_60_seconds(tmp_path, rank, who):
    with Processes(2, "--num-iterations", 10**7, *SMALL, "--out", tmp_path) as run:
        run.wait_for(tmp_path / "learner.safetensors")
        worker = run.worker(rank)
        stopped = worker if who == "worker" else run.all[rank].pid
        os.kill(stopped, signal.SIGSTOP)
        seconds = ended(run, rank, 60)
        if who == "parent":
            kept = newest_snapshot(tmp_path / "checkpoint")
            os.kill(stopped, signal.SIGCONT)
        for code, _, message in run.ends():
            assert code == 4
            assert len(message.splitlines()) == 1, message
        assert is_gone(worker)
        if who == "parent":
            assert newest_snapshot(tmp_path / "checkpoint") == kept
    print_figures(stopped=rank, who=who, seconds=round(seconds, 1))


def test_processes_and_devices_in_any_number_give_the_same_losses(tmp_path):
    flags = ["--num-iterations", "200", "--hidden-dim", "16", "--meta-batch-size", "12"]
    folders = {}
    for processes, devices in ((1, 1), (2, 1), (2, 2), (3, 1)):
        folders[processes, devices] = folder = tmp_path / f"{processes}x{devices}"
        with Processes(processes, *flags, "--devices", devices, "--out", folder, **IN_64_BITS) as run:
            assert [code for code, *_ in run.ends(240)] == [0] * processes
    one = losses_in(folders[1, 1])
    for (processes, devices), folder in folders.items():
        furthest = float(np.abs(losses_in(folder) - one).max())
        print_figures(processes=processes, devices=devices, furthest=furthest)
        assert len(losses_in(folder)) == 200
        assert furthest < 1e-9


def test_a_step_of_slurm_needs_no_flag(tmp_path):
    port, command = free_port(), [sys.executable, "-m", "maml_engine", "train", *SMALL, "--num-iterations", "60"]
    step = {"SLURM_JOB_ID": "7", "SLURM_STEP_NODELIST": "127.0.0.1", "SLURM_NTASKS": "2", "JAX_COORDINATOR_PORT": str(port)}
    processes = [
        subprocess.Popen(
            [*command, "--out", str(tmp_path)], cwd=ROOT, stdout=subprocess.PIPE, text=True,
            env=os.environ | step | {"SLURM_PROCID": str(index), "SLURM_LOCALID": str(index)},
        )
        for index in range(2)
    ]  # fmt: skip
    outputs = [process.communicate(timeout=240)[0] for process in processes]
    assert [process.returncode for process in processes] == [0, 0]
    assert "Iteration 60 |" in outputs[0]
    assert outputs[1] == ""
    assert Checkpoint.load(tmp_path / "checkpoint").iteration == 60


def test_fifty_kills_and_restarts_leave_nothing_behind(tmp_path):
    """One to three processes at a time on one folder, killed at random; each cycle goes on where the one before was."""
    rng, port, checkpoint = random.Random(0), free_port(), tmp_path / "checkpoint"
    done, slowest = 0, 0.0
    for cycle in range(CYCLES):
        goal = ["--resume", tmp_path] if newest_snapshot(checkpoint) else ["--num-iterations", 10**7, *SMALL, "--out", tmp_path]
        count = rng.choice([2, 2, 3])
        with Processes(count, *goal, port=port) as run:
            wait_until_newer(run, checkpoint, done)
            workers = [run.worker(index) for index in range(count)]
            time.sleep(rng.uniform(0, 1))
            os.kill(rng.choice([*workers, *(process.pid for process in run.all)]), signal.SIGKILL)
            slowest = max(slowest, ended(run, None, 30))
            assert all(code in (4, -signal.SIGKILL) for code, *_ in run.ends())
        deadline = time.monotonic() + 5
        while not all(map(is_gone, workers)):
            assert time.monotonic() < deadline, f"cycle {cycle}: a worker was left behind"
            time.sleep(0.05)
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("127.0.0.1", port))
        before, done = done, Checkpoint.load(checkpoint).iteration
        assert done > before
    print_figures(cycles=CYCLES, slowest_end=round(slowest, 1), iterations=done)


def wait_until_newer(run, checkpoint, iteration):
    deadline = time.monotonic() + 120
    while not (newest_snapshot(checkpoint) and Checkpoint.load(checkpoint).iteration > iteration):
        assert time.monotonic() < deadline and all(process.poll() is None for process in run.all), run.ends(1)
        time.sleep(0.1)
