"""Answers that are computed once and shared: what a key holds, what is kept, and who waits for whom."""

import threading
from collections import OrderedDict
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from dashboard.engine_calls import cache
from dashboard.engine_calls.cache import Answers, cached, digest, fingerprint
from maml_engine import Experiment, Learner, Sinusoid

WAIT = 20  # seconds, for what takes none


@dataclass(frozen=True, eq=False)
class Question:
    size: Any
    name: str = ""


@dataclass(frozen=True, eq=False)
class OtherQuestion:
    size: Any
    name: str = ""


class Pair(NamedTuple):
    first: Any
    second: Any


@pytest.fixture(autouse=True)
def _own_answers(monkeypatch):
    monkeypatch.setattr(cache, "ANSWERS", Answers(2**20))


@pytest.fixture(scope="module")
def learner():
    return Learner.untrained(Experiment(hidden_dim=4))


# Keys.

DIFFERENT = [
    *(0, 1, -1, 1.0, True, False, 0.0, -0.0, float("nan"), float("inf"), None),
    *("", "1", "None", b"1", (), [], {}, frozenset(), (1, 2), [1, 2], (1, (2,)), (1, 2, ()), ("12",), ("1", "2")),
    *({"a": 1}, {"a": 1.0}, {"a": 1, "b": 2}, {"a": 2, "b": 1}, {1: "a"}, {"a", "b"}, {("a", 1)}),
    *(np.float32(0.1), np.float64(0.1), np.int32(1), np.array(1.0), np.zeros(4), np.zeros(4, np.float32), np.zeros((2, 2))),
    *(np.array([-0.0, 0.0, 0.0, 0.0]), np.array(["a"]), np.full(4, np.nan)),
    *(Question(1), Question(1.0), Question(np.array(1.0)), OtherQuestion(1), Question(1, "1"), Pair(1, 2), Pair(1, None)),
    *(Experiment(), Experiment(seed=1), Experiment(inner_lr=0.02), Sinusoid(), Sinusoid(noise=0.1)),
]


def test_what_differs_has_different_keys():
    names = {digest(value): value for value in DIFFERENT}
    assert len(names) == len(DIFFERENT)
    assert {digest((value,)) for value in DIFFERENT}.isdisjoint(names)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (float("nan"), -np.nan),
        (0.1, np.float64(0.1)),
        ({"a": 1, "b": 2}, OrderedDict(b=2, a=1)),
        ({"a", "b"}, frozenset(("b", "a"))),
        (np.arange(6).reshape(2, 3), np.asfortranarray(np.arange(6).reshape(2, 3))),
        (np.arange(3, dtype=np.float32), jnp.arange(3, dtype=np.float32)),
        (Question((1, 2)), Question((1, 2))),
        (Experiment(seed=3), Experiment(seed=3)),
    ],
)
def test_what_is_equal_has_one_key(one, other):
    assert digest(one) == digest(other)


def test_keys_are_the_same_in_every_process():
    """Numbers that are shipped are found by them."""
    assert digest(("a", 1, 0.5, Question(np.arange(3.0)), {"b": None})).hex() == "b3443da58ee4a06fd5042a0fd0dcde6749745838"


@pytest.mark.parametrize("value", [object(), len, Question, range(3), np.array([object()]), Question(lambda: 1)])
def test_what_has_no_content_to_go_by_is_refused(value):
    with pytest.raises(TypeError, match="cannot be part of a cache's key"):
        digest({"a": [value]})


def test_a_fingerprint_follows_the_content(learner):
    same, other = (Learner.untrained(Experiment(hidden_dim=4, seed=seed)) for seed in (0, 1))
    assert fingerprint(learner) == fingerprint(same) != fingerprint(other)
    assert fingerprint(learner.replace(iteration=1)) != fingerprint(learner)
    moved = learner.replace(meta=jax.tree.map(lambda leaf: leaf + 1, learner.meta))
    assert fingerprint(moved) != fingerprint(learner)
    assert digest(same) == digest(learner) != digest(moved)


def test_a_learner_is_hashed_once(learner, monkeypatch):
    digest(learner)
    monkeypatch.setattr(cache.hashlib, "sha256", None)  # would raise
    assert digest(learner)


# Asking.


def test_an_answer_is_computed_once_and_shared():
    asked = []

    @cached
    def double(question: Question, *, times: int = 2) -> np.ndarray:
        asked.append(times)
        return question.size * times

    first = double(Question(np.arange(3)))
    assert double(Question(np.arange(3)), times=2) is first
    assert double(question=Question(np.arange(3))) is first
    assert asked == [2]
    assert double(Question(np.arange(3)), times=3) is not first
    assert double.__name__ == "double"
    with pytest.raises(TypeError, match="positional"):
        double(1, 2)


def test_functions_have_answers_of_their_own():
    def of(name):
        def answer(x: int) -> str:
            return name

        answer.__qualname__ = name
        return cached(answer)

    assert [of(name)(1) for name in ("one", "other", "one")] == ["one", "other", "one"]


def test_one_place_computes(monkeypatch):
    monkeypatch.setattr(cache, "compute", lambda function, args, kwargs: (function.__name__, args, kwargs))

    @cached
    def anything(x, *, y):
        raise AssertionError

    assert anything(1, y=2) == ("anything", (1,), {"y": 2})


def test_nobody_can_change_what_all_share():
    @cached
    def everything() -> dict[str, Any]:
        return {"rows": [np.zeros(3), (np.zeros((2, 2))[:1],)], "one": Question(np.zeros(2)), "pair": Pair(np.zeros(1), None)}

    found = everything()
    arrays = [found["rows"][0], found["rows"][1][0], found["one"].size, found["pair"].first]
    for array in arrays:
        with pytest.raises(ValueError, match="read-only"):
            array += 1


# What is kept.


def ask(answers, name, size=0):
    return answers.get(name.encode(), lambda: np.zeros(size, np.uint8))


def test_the_bytes_of_all_are_bounded_and_the_oldest_go_first():
    answers = Answers(10_000)
    first, second = ask(answers, "first", 4000), ask(answers, "second", 4000)
    assert 8000 <= answers.num_bytes <= 10_000
    assert ask(answers, "first") is first  # and so the second is older
    ask(answers, "third", 4000)
    assert answers.num_bytes <= 10_000
    assert ask(answers, "first") is first
    assert ask(answers, "second", 10) is not second
    assert len(answers) == 3
    answers.clear()
    assert (len(answers), answers.num_bytes) == (0, 0)


def test_what_is_larger_than_the_whole_is_answered_and_not_kept():
    answers = Answers(10_000)
    ask(answers, "small", 100)
    assert len(ask(answers, "large", 20_000)) == 20_000
    assert len(answers) == 1


@pytest.mark.parametrize(
    "answer",
    [
        np.zeros(1000),
        np.zeros((2, 1000))[1],
        jnp.zeros(2000),
        {"a": [0.1 + i for i in range(200)]},
        Question(np.zeros(1000)),
        ("x" * 8000,),
    ],
    ids=lambda answer: type(answer).__name__,
)
def test_bytes_are_counted_wherever_they_lie(answer):
    answers = Answers(2**20)
    answers.get(b"", lambda: answer)
    assert 6000 <= answers.num_bytes <= 25_000


def test_what_occurs_twice_in_an_answer_counts_once():
    answers, array = Answers(2**20), np.zeros(1000)
    answers.get(b"", lambda: [array, array, {"again": array}])
    assert answers.num_bytes < 10_000


# Many at once.


class Slow:
    """A computation that waits until it is told to end."""

    def __init__(self, answer=None, error=None):
        self.answer, self.error = answer, error
        self.calls, self.begun, self.may_end = 0, threading.Event(), threading.Event()

    def __call__(self):
        self.calls += 1
        self.begun.set()
        assert self.may_end.wait(WAIT)
        if self.error is not None:
            raise self.error
        return self.answer


def all_ask(answers, slow, visitors=8):
    """What each visitor gets: the answer or the exception."""

    def visit():
        try:
            return answers.get(b"key", slow)
        except BaseException as error:
            return error

    with ThreadPoolExecutor(visitors) as pool:
        first = pool.submit(visit)
        assert slow.begun.wait(WAIT)
        others = [pool.submit(visit) for _ in range(visitors - 1)]
        answers.get(b"another", lambda: 1)  # waits for nobody
        slow.may_end.set()
        return [visitor.result(WAIT) for visitor in (first, *others)]


def test_who_asks_the_same_at_the_same_time_waits_for_one_computation():
    answers, slow = Answers(2**20), Slow(object())
    assert all_ask(answers, slow) == [slow.answer] * 8
    assert slow.calls == 1


def test_an_exception_reaches_all_who_wait_and_is_not_kept():
    answers, slow = Answers(2**20), Slow(error=ValueError("blown up"))
    assert all_ask(answers, slow) == [slow.error] * 8
    assert slow.calls == 1
    assert answers.get(b"key", lambda: 7) == 7


def test_a_thread_that_is_told_to_end_ends_alone():
    class ScriptStopped(BaseException):
        pass

    class Stopped(Slow):
        def __call__(self):
            self.error = ScriptStopped() if self.calls == 0 else None
            return super().__call__()

    answers, slow = Answers(2**20), Stopped("answer")
    got = all_ask(answers, slow)
    assert isinstance(got[0], ScriptStopped)
    assert got[1:] == ["answer"] * 7
    assert slow.calls == 2


def test_many_threads_and_little_room():
    answers = Answers(3000)

    def visit(number):
        name = str(number % 7)
        return answers.get(name.encode(), lambda: (name, np.zeros(1000, np.uint8)))[0] == name

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(visit, range(2000)))
    assert 0 < answers.num_bytes <= 3000
