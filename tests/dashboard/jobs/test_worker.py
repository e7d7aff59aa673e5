"""Within one of the engine's processes: what compiles does so alone, and what is quick does not wait for it."""

import contextlib
import threading

import pytest

from dashboard.jobs import worker
from dashboard.jobs.worker import Turns
from tests.dashboard.jobs import asked


class Clock:
    """Says how long a turn took, without waiting."""

    now = 0.0

    def monotonic(self):
        return self.now


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(worker, "time", clock)
    return clock


def is_free(turns, function):
    """Whether another thread has the turn of a function at once."""
    had = threading.Event()

    def take():
        with turns.of(function):
            had.set()

    thread = threading.Thread(target=take, daemon=True)
    thread.start()
    return had.wait(0.2)


def test_what_is_asked_for_the_first_time_waits_for_what_is_slow_and_what_was_quick_does_not(clock):
    turns = Turns()
    with turns.of(asked.add):
        pass
    with turns.of(asked.process):
        assert is_free(turns, asked.add)
        assert not is_free(turns, asked.sleep)
    assert is_free(turns, asked.add)


def test_what_took_long_waits_the_next_time_until_it_is_quick_again(clock):
    turns = Turns()
    for seconds, free in ((0.0, True), (worker.COMPILED_SECONDS + 1, False), (0.0, True)):
        with turns.of(asked.add):
            clock.now += seconds
        with turns.of(asked.sleep):
            assert is_free(turns, asked.add) == free
            clock.now += worker.COMPILED_SECONDS + 1


def test_as_many_that_are_slow_as_there_is_room_for(clock):
    turns = Turns(slow_at_once=2)
    with turns.of(asked.process):
        with turns.of(asked.sleep):
            assert not is_free(turns, asked.count)
        assert is_free(turns, asked.count)


def test_few_that_are_quick_compute_at_once(clock):
    turns = Turns()
    with turns.of(asked.add):
        pass
    with contextlib.ExitStack() as those_before:
        for _ in range(worker.QUICK_AT_ONCE):
            assert is_free(turns, asked.add)
            those_before.enter_context(turns.of(asked.add))
        assert not is_free(turns, asked.add)


def test_a_turn_ends_with_an_error():
    turns = Turns()
    with pytest.raises(ValueError), turns.of(asked.add):
        raise ValueError
    assert is_free(turns, asked.process)
