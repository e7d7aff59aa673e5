"""`maml` in processes of its own, for tests: one, or several of one run on loopback."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from benchmarks.places import free_port
from maml_engine import Learner
from maml_engine.io.arrays import load_arrays

ROOT = Path(__file__).resolve().parents[1]
SMALL = ["--hidden-dim", "8", "--meta-batch-size", "4"]
IN_64_BITS = {"JAX_ENABLE_X64": "1"}

needs_proc = pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="looks for processes in /proc")


def command(*arguments, **environment):
    """Starts `maml` with `arguments`."""
    return subprocess.Popen(
        [sys.executable, "-m", "maml_engine", *map(str, arguments)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | environment,
    )


def finished(process, timeout=300):
    """(exit code, standard output, standard error)."""
    texts = process.communicate(timeout=timeout)
    return process.returncode, *texts


def wait_for_learner(folder, process, newer_than=0):
    """Until a learner beyond `newer_than` iterations lies there."""
    deadline = time.monotonic() + 300
    while time.monotonic() < deadline and process.poll() is None:
        if (folder / "learner.safetensors").is_file() and Learner.load(folder).iteration > newer_than:
            return
        time.sleep(0.02)
    process.kill()
    pytest.fail(f"No snapshot came: {process.communicate()[1]}")


class Processes:
    """One command in several processes on loopback."""

    def __init__(self, count, *arguments, own=(), port=None, **environment):
        port = port or free_port()
        place = ["--coordinator", f"127.0.0.1:{port}", "--num-processes", count, "--wait", "120"]
        self.all = [
            command("train", *place, "--process-id", index, *arguments, *(own[index] if own else ()), **environment)
            for index in range(count)
        ]

    def ends(self, timeout=300):
        """(exit code, standard output, standard error) of each."""
        return [finished(process, timeout) for process in self.all]

    def worker(self, index):
        """The process that a command's own watches, as soon as it is there."""
        parent, deadline = self.all[index].pid, time.monotonic() + 300
        while not (children := Path(f"/proc/{parent}/task/{parent}/children").read_text().split()):
            assert time.monotonic() < deadline
            time.sleep(0.02)
        return int(children[0])

    def wait_for(self, path):
        deadline = time.monotonic() + 300
        while not path.is_file():
            assert time.monotonic() < deadline and all(process.poll() is None for process in self.all), self.ends(1)
            time.sleep(0.05)

    def __enter__(self):
        return self

    def __exit__(self, *error):
        for process in self.all:
            process.kill()
            process.communicate()


def is_gone(pid):
    """Ended, whether or not its parent has taken notice."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except (FileNotFoundError, ProcessLookupError):
        return True


def losses_in(folder):
    return load_arrays(folder / "history.safetensors")[0]["meta_loss"]
