"""The half of a row that all rows share: a process of its own that prepares, then measures whenever it is asked to.

On standard input comes one line a repeat, "measure SECONDS"; each answer is one line of JSON. The driver (`measuring.py`) lets
the rows take turns, so that a busy moment falls on all of them.
"""

import json
import resource
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from benchmarks.problem import Problem, save_gradient


def serve(prepare: Callable[[str, Problem], "Prepared"]) -> None:
    """Runs as `python -m MODULE ROW PROBLEM_JSON GRADIENT_FILE`."""
    row, problem, gradient_file = sys.argv[1], Problem.from_json(sys.argv[2]), sys.argv[3]
    began = time.perf_counter()
    prepared = prepare(row, problem)
    save_gradient(gradient_file, prepared.loss, prepared.gradient)
    prepared.step()  # whatever is compiled or traced at the first call
    _answer({"prepare_seconds": time.perf_counter() - began, **prepared.facts})
    for line in sys.stdin:
        _answer(_measure(prepared, float(line.split()[1])))


@dataclass
class Prepared:
    """A row ready to be measured.

    step: makes `steps_a_call` meta-steps (gradient and Adam) and waits until they are done.
    loss: the meta-loss at the given weights.
    gradient: its gradient there, `[...]` by the names of `problem.WEIGHTS`.
    facts: versions, threads, options.
    steps_a_call: meta-steps of one call of `step`.
    """

    step: Callable[[], None]
    loss: float
    gradient: dict[str, np.ndarray]
    facts: dict[str, Any]
    steps_a_call: int = 1


def _measure(prepared: Prepared, seconds: float) -> dict:
    prepared.step()
    calls, began, cpu = 0, time.perf_counter(), time.process_time()
    while True:
        prepared.step()
        calls += 1
        elapsed = time.perf_counter() - began
        if elapsed >= seconds:
            break
    steps = calls * prepared.steps_a_call
    return {
        "seconds_per_step": elapsed / steps,
        "cores": (time.process_time() - cpu) / elapsed,
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


def _answer(facts: dict) -> None:
    print(json.dumps(facts), flush=True)
