"""A trainer that is held and let go by the test, and the wait for what comes of it."""

import threading
import time
from types import SimpleNamespace

import numpy as np

from maml_engine import Diverged


class HeldTrainer:
    """Reports ten iterations at a time, each when the test lets it."""

    def __init__(self):
        self.allowed = threading.Semaphore(0)
        self.calls = 0

    def __call__(self, experiment, tasks=None):
        self.calls += 1
        for iteration in range(10, experiment.num_iterations + 1, 10):
            if not self.allowed.acquire(timeout=100):
                raise RuntimeError("the test has forgotten its trainer")
            if experiment.seed == 13:
                raise Diverged("The meta-loss is no longer a finite number at iteration 1: lower `inner_lr` first.", 1, None)
            if experiment.seed == 14:
                raise ValueError("`k_shot` must be at most 3.")
            if experiment.seed == 15:
                raise KeyError("surprise")
            yield SimpleNamespace(
                iteration=iteration,
                meta_loss=np.full(10, 1.0 / iteration),
                curve=SimpleNamespace(mean=np.array([3.0, 1.0])),
                curve_iteration=iteration // 20 * 20,
                iterations_per_second=100.0,
                seconds=iteration / 100,
                seconds_left=1.0,
                learner=f"learner {iteration}",
                result=f"result {iteration}",
                done=iteration >= experiment.num_iterations,
                warning="",
            )


def wait_for(condition, seconds=100.0):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come"
        time.sleep(0.005)


def status(registry, job_id):
    return registry.snapshot(job_id).status
