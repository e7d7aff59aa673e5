"""Several processes of one run on loopback, for tests."""

import os
import socket
import subprocess
import sys
import time
from pathlib import Path

from maml_engine.io.arrays import load_arrays

ROOT = Path(__file__).resolve().parents[1]
SMALL = ["--hidden-dim", "8", "--meta-batch-size", "4"]
IN_64_BITS = {"JAX_ENABLE_X64": "1"}


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Processes:
    """One command in several processes on loopback."""

    def __init__(self, count, *arguments, own=(), port=None, **environment):
        port = port or free_port()
        self.all = [
            subprocess.Popen(
                [sys.executable, "-m", "maml_engine", "train", "--coordinator", f"127.0.0.1:{port}"]
                + ["--num-processes", str(count), "--process-id", str(index), "--wait", "120"]
                + [str(argument) for argument in (*arguments, *(own[index] if own else ()))],
                cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=os.environ | environment,
            )
            for index in range(count)
        ]  # fmt: skip

    def ends(self, timeout=120):
        """(exit code, standard output, standard error) of each."""
        texts = [process.communicate(timeout=timeout) for process in self.all]
        return [(process.returncode, *text) for process, text in zip(self.all, texts, strict=True)]

    def worker(self, index):
        """The process that a command's own watches, as soon as it is there."""
        parent, deadline = self.all[index].pid, time.monotonic() + 60
        while not (children := Path(f"/proc/{parent}/task/{parent}/children").read_text().split()):
            assert time.monotonic() < deadline
            time.sleep(0.02)
        return int(children[0])

    def wait_for(self, path):
        deadline = time.monotonic() + 120
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
