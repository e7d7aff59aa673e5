"""What processes agree on, and a clear end where one is lost."""

import json
import os
import re
import signal
import time

import jax
import numpy as np
import pytest

from maml_engine import Checkpoint
from maml_engine.distributed import Disagreement, Peers
from tests.processes import IN_64_BITS, SMALL, Processes, command, finished, losses_in, needs_proc


class Store:
    """What JAX's coordinator does for `Peers`."""

    def __init__(self):
        self.content = {}

    def key_value_set(self, name, value):
        self.content[name] = value

    key_value_set_bytes = key_value_set

    def key_value_delete(self, name):
        del self.content[name]

    def blocking_key_value_get(self, name, milliseconds):
        if name not in self.content:
            raise jax.errors.JaxRuntimeError("UNAVAILABLE: Socket closed")
        return self.content[name]

    blocking_key_value_get_bytes = blocking_key_value_get


def test_followers_make_as_many_steps_as_process_0_says():
    store = Store()
    leader, follower = Peers(0, 2, store), Peers(1, 2, store)
    store.key_value_set("maml/compiled/1", "true")
    assert (leader.common_length(500), follower.common_length(300)) == (1, 1)
    for wanted in (7, 400, 3):
        assert (leader.common_length(wanted), follower.common_length(1)) == (wanted, wanted)
    assert sum("steps" in name for name in store.content) <= 2  # what has been read is not kept


def test_a_snapshot_reaches_processes_that_cannot_read_it(monkeypatch):
    monkeypatch.setattr("maml_engine.distributed.peers.PIECE", 3)
    store = Store()
    assert Peers(0, 2, store).broadcast(lambda: b"0123456789") == b"0123456789"
    assert Peers(1, 2, store).broadcast(lambda: pytest.fail("read by a follower")) == b"0123456789"


def test_a_refusal_in_one_process_refuses_all():
    store = Store()
    store.key_value_set("maml/facts/1", json.dumps({"error": "`--data` must be given."}))
    with pytest.raises(Disagreement, match="Process 1: `--data` must be given"):
        Peers(0, 2, store).agree_on(lambda: 1, lambda made: {"made": made})


def test_processes_with_different_experiments_are_refused_by_the_first_field():
    with Processes(2, *SMALL, own=(["--inner-lr", "0.1"], ["--inner-lr", "0.2", "--seed", "1"])) as run:
        for code, out, message in run.ends():
            assert (code, out) == (2, "")
            assert message == (
                "error: All processes must be given the same run: `inner_lr` is 0.1 in process 0 and 0.2 in process 1.\n"
            )


@needs_proc
def test_a_killed_process_ends_the_others_and_the_run_goes_on_elsewhere(tmp_path):
    """Two processes, one is killed; then one process with three devices, for four tasks, goes on from the snapshot."""
    with Processes(2, "--num-iterations", 10**7, *SMALL, "--out", tmp_path, **IN_64_BITS) as run:
        run.wait_for(tmp_path / "learner.safetensors")
        os.kill(run.worker(1), signal.SIGKILL)
        began = time.monotonic()
        (code, _, message), (code_killed, _, message_killed) = run.ends()
        assert time.monotonic() - began < 60
    assert (code, code_killed) == (4, 4)
    stopped = Checkpoint.load(tmp_path / "checkpoint").iteration
    # Whether the worker or its parent notices first is a matter of moments; both say how to go on.
    by_worker = rf" .*\. The snapshot of iteration {stopped} is in {tmp_path}: go on with --resume {tmp_path}\."
    again = rf"Start all processes again, with --resume {tmp_path} to go on from its last snapshot\."
    by_parent = rf": process 1 stopped answering\. {again}"
    assert re.fullmatch(rf"error: A peer process was lost(?:{by_worker}|{by_parent})\n", message), message
    assert message_killed.startswith(
        "error: This process's worker was ended by SIGKILL. Start all processes again, with --resume"
    )
    assert len(message_killed.splitlines()) == 1

    goal = ["--num-iterations", stopped + 40]
    code, out, message = finished(command("train", "--resume", tmp_path, "--devices", 3, *goal, **IN_64_BITS))
    assert code == 0
    assert f"Iteration {stopped + 40} |" in out
    assert message == (
        "4 tasks do not divide among 3 devices: 2 of 6 places stay empty in each meta-step. "
        "--meta-batch-size 3 or 6 fills them all.\n"
    )
    assert finished(command("train", *SMALL, "--out", tmp_path / "whole", *goal, **IN_64_BITS))[0] == 0
    assert losses_in(tmp_path).dtype == np.float64
    assert len(losses_in(tmp_path)) == stopped + 40
    np.testing.assert_allclose(losses_in(tmp_path), losses_in(tmp_path / "whole"), rtol=0, atol=1e-9)
