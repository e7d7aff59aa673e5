"""A parent and its worker."""

import json
import os
import signal
import subprocess
import sys

import pytest

from maml_engine import Checkpoint
from maml_engine.distributed import supervisor
from tests.processes import IN_64_BITS, ROOT, SMALL, Processes, is_gone, needs_proc


@pytest.mark.parametrize(
    ("log", "sentence"),
    [
        ("The following tasks are unhealthy (stopped sending heartbeats):\n1\nThe tasks have crashed.", "process 1 stopped"),
        ("Terminating process because the JAX distributed service detected fatal errors", "process 0 or the way to it"),
        ("*** something else", "worker was ended by SIGABRT"),
    ],
)
def test_an_abort_becomes_one_sentence_and_exit_code_4(capsys, log, sentence):
    worker = subprocess.Popen([sys.executable, "-c", "import os; os.abort()"])
    worker.wait()
    watch = supervisor._Watch(worker, os.open(os.devnull, os.O_WRONLY), 0, 0)
    watch.tail = log.encode()
    code, message = watch.outcome("Go on.")
    os.close(watch.to_worker)
    assert code == 4
    assert sentence in message
    assert message.endswith("Go on.")
    assert ("something else" in capsys.readouterr().err) == ("something else" in log)  # a log is shown where it is all there is


WORKER = (
    "import time; from maml_engine.distributed import supervisor\n"
    "assert supervisor.is_worker()\n"
    "with supervisor.ends_unless_done_within(0.5, 'Nothing moves.'):\n"
    "    time.sleep(0.1)\n"
    "with supervisor.ends_unless_done_within({limit}, 'Nothing moves.'):\n"
    "    time.sleep(60)\n"
)


@pytest.mark.parametrize("parent_dies", [True, False])
def test_a_worker_ends_when_it_is_stuck_or_its_parent_is_gone(parent_dies):
    from_parent, to_worker = os.pipe()
    from_worker, to_parent = os.pipe()
    passed = (from_parent, to_parent)
    worker = subprocess.Popen(
        [sys.executable, "-c", WORKER.format(limit=60 if parent_dies else 0.5)],
        cwd=ROOT, pass_fds=passed, stderr=subprocess.DEVNULL,
        env=os.environ | {supervisor.LIFELINE: f"{from_parent},{to_parent},1,2"},
    )  # fmt: skip
    for end in passed:
        os.close(end)
    with os.fdopen(from_worker) as messages:
        first = json.loads(messages.readline())
        if parent_dies:
            os.close(to_worker)
        last = [json.loads(line) for line in messages][-1:]
    if not parent_dies:
        os.close(to_worker)
        assert last == [{"code": 4, "message": "error: Nothing moves.", "unadvised": True}]
    assert first == {}
    assert worker.wait(timeout=300) == 4


@needs_proc
def test_an_interruption_leaves_a_snapshot_and_no_process(tmp_path):
    with Processes(2, "--num-iterations", 10**7, *SMALL, "--out", tmp_path, **IN_64_BITS) as run:
        run.wait_for(tmp_path / "learner.safetensors")
        workers = [run.worker(0), run.worker(1)]
        run.all[0].send_signal(signal.SIGINT)
        (code, _, message), (code_other, *_) = run.ends()
        assert all(is_gone(worker) for worker in workers)
    assert (code, code_other) == (130, 4)
    iteration = Checkpoint.load(tmp_path / "checkpoint").iteration
    assert message == f"Interrupted. The snapshot of iteration {iteration} is in {tmp_path}: go on with --resume {tmp_path}.\n"
