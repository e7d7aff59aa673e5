"""What tests ask of the engine's processes: functions of a module, as all that is asked there."""

import os
import time
from pathlib import Path
from typing import NamedTuple

from maml_engine import Diverged, Learner


def add(a, b=0):
    return a + b


def process():
    return os.getpid()


def streamlit_is_there():
    import sys

    return "streamlit" in sys.modules


def settings():
    return {name: os.environ.get(name) for name in ("NPROC", "MALLOC_ARENA_MAX", "MAML_LAB_WORKERS", "XLA_FLAGS")}


def refuse():
    raise ValueError("`k_shot` must be at least 1, got 0.")


def diverge():
    raise Diverged("The meta-loss is no longer a finite number at iteration 7.", 7, None)


class Stubborn(Exception):
    def __init__(self, one, two):
        super().__init__(one)
        self.two = two


def raise_what_does_not_travel():
    raise Stubborn("one", "two")


def end_at_once():
    os._exit(1)


def end_unless(path):
    """Ends the process the first time, and answers afterwards."""
    if not Path(path).exists():
        Path(path).touch()
        os._exit(1)
    return "answered"


def count(to, fails_at=-1, ends_at=-1):
    for number in range(to):
        if number == fails_at:
            refuse()
        if number == ends_at:
            os._exit(1)
        yield number


def count_and_say_when_closed(path):
    try:
        yield from range(100)
    finally:
        Path(path).touch()


def sleep(seconds):
    time.sleep(seconds)
    return os.getpid()


def wait_for(path):
    """Waits until the file is there; another beside it says that it waits."""
    Path(f"{path}.waiting").touch()
    while not Path(path).exists():
        time.sleep(0.01)
    return os.getpid()


def digits(learner: Learner):
    return id(learner)


def with_what_came(table, number):
    yield {"table": table, "number": number}


def jax_array():
    import jax.numpy as jnp

    return {"array": jnp.arange(3)}


class Reached(NamedTuple):
    iteration: int
    done: bool = False


def reach_one_and_sleep(seconds):
    yield Reached(1)
    time.sleep(seconds)
    yield Reached(2, done=True)


def reach_one_and_take(megabytes):
    yield Reached(1)
    taken = bytearray(int(megabytes * 1e6))
    taken[::4096] = b"x" * len(taken[::4096])  # it is had once it is written to
    time.sleep(100)
    yield Reached(2, done=True)


def wrapped_twice():
    return "inside"
