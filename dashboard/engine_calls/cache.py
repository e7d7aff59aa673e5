"""The engine's answers, each computed once and shared by all visitors.

`cached` makes a function ask here first. A key is a digest of the function's name and of what its arguments hold, so equal
questions meet whoever asks. Answers are handed out as they are, without a copy: `size_of` makes every array in them read-only,
and a page never changes the mappings and lists that it gets. All functions together keep `MOST_BYTES`; what was not asked for
longest goes first. What comes with the app (`first_numbers`) is not computed at all. Knows nothing of streamlit.
"""

import contextlib
import dataclasses
import functools
import hashlib
import inspect
import sys
import threading
import weakref
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping, Set
from typing import Any, NamedTuple, ParamSpec, TypeVar

import jax
import numpy as np

from dashboard.engine_calls import first_numbers
from dashboard.jobs import POOL
from maml_engine import Experiment, Learner, TableLearner

Given = ParamSpec("Given")
Answer = TypeVar("Answer")

MOST_BYTES = 64 * 2**20
_DIGEST_BYTES = 20


def cached(function: Callable[Given, Answer], *, is_quick: bool = False) -> Callable[Given, Answer]:
    """`function`, whose answers are kept; two who ask the same at the same time wait for one computation.

    Args:
      function: of a module that the engine's processes can import, without streamlit.
      is_quick: whether it compiles nothing and takes a millisecond or so: then it is computed here, wherever it is defined.
    """
    signature, name = inspect.signature(function), f"{function.__module__}.{function.__qualname__}"

    @functools.wraps(function)
    def ask(*args: Given.args, **kwargs: Given.kwargs) -> Answer:
        asked = signature.bind(*args, **kwargs)
        asked.apply_defaults()
        key = digest((name, asked.arguments))
        for questions in _overhearing:
            questions.append(Question(key.hex(), function, args, kwargs))
        return ANSWERS.get(key, lambda: _found(key.hex(), function, args, kwargs, is_quick=is_quick))

    return ask


def _found(key: str, function: Callable[..., Any], args: tuple[Any, ...], kwargs: Mapping[str, Any], *, is_quick: bool) -> Any:
    """The answer that comes with the app, or a computed one."""
    if key in first_numbers.names():
        return first_numbers.load(key)
    return function(*args, **kwargs) if is_quick else compute(function, args, kwargs)


def compute(function: Callable[..., Any], args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
    """Computes an answer that nobody has yet, in one of the engine's processes: there the pages' questions reach the engine."""
    return POOL.call(function, *args, **kwargs)


class Question(NamedTuple):
    """What was asked.

    key: of its answer, in hexadecimal.
    function: that was asked.
    args: by place.
    kwargs: by name.
    """

    key: str
    function: Callable[..., Any]
    args: tuple[Any, ...]
    kwargs: Mapping[str, Any]


@contextlib.contextmanager
def overheard() -> Iterator[list[Question]]:
    """Lists what is asked meanwhile, by whomever: for the command that makes the numbers which come with the app."""
    _overhearing.append(questions := [])
    try:
        yield questions
    finally:
        _overhearing[:] = [others for others in _overhearing if others is not questions]


_overhearing: list[list[Question]] = []


# Keys.


def digest(value: Any) -> bytes:
    """Twenty bytes that are equal for equal values, on every machine and in every process.

    `1`, `1.0` and `True` differ, and so do `0.0` and `-0.0`; nan equals nan.

    Raises:
      TypeError: something in it is neither a plain value, an array, a collection nor a dataclass.
    """
    found = hashlib.blake2b(digest_size=_DIGEST_BYTES)
    _put(value, found.update)
    return found.digest()


def _put(value: Any, add: Callable[[bytes], None]) -> None:
    """Adds of every value its kind, its length and its content; what a question mostly holds comes first."""
    if isinstance(value, np.float64):  # a float, as Python sees it
        value = float(value)
    kind = type(value)
    if value is None or kind in (bool, int, float):
        add(_framed(kind.__name__, repr(value).encode()))
    elif kind in (str, bytes):
        add(_framed(kind.__name__, value.encode() if kind is str else value))
    elif isinstance(value, Learner | TableLearner):
        add(_framed("learner", fingerprint(value).encode()))
    elif isinstance(value, Experiment):  # which has a digest that fields to come do not change, nor what comes with the app
        add(_framed("experiment", value.digest.encode()))
    elif isinstance(value, tuple | list):
        add(_framed(kind.__name__ if kind in (tuple, list) else _title(kind), str(len(value)).encode()))
        for inner in value:
            _put(inner, add)
    elif (names := _field_names(kind)) is not None:
        add(_framed(_title(kind), " ".join(names).encode()))
        for name in names:
            _put(getattr(value, name), add)
    elif isinstance(value, Mapping | Set):
        pairs = value.items() if isinstance(value, Mapping) else value
        add(_framed("mapping" if isinstance(value, Mapping) else "set", str(len(value)).encode()))
        for inner in sorted(map(digest, pairs)):
            add(inner)
    elif isinstance(value, np.ndarray | np.generic | jax.Array) and not (array := np.asarray(value)).dtype.hasobject:
        add(_framed(f"array {array.dtype.str} {array.shape}", array.tobytes()))
    else:
        raise TypeError(f"{_title(kind)} cannot be part of a cache's key: {value!r:.80}")


def _framed(kind: str, content: bytes) -> bytes:
    return f"{kind} {len(content)}:".encode() + content


@functools.lru_cache(maxsize=512)  # pages may make classes anew at every run
def _title(kind: type) -> str:
    return f"{kind.__module__}.{kind.__qualname__}"


@functools.lru_cache(maxsize=512)
def _field_names(kind: type) -> tuple[str, ...] | None:
    """Of a dataclass."""
    return tuple(field.name for field in dataclasses.fields(kind)) if dataclasses.is_dataclass(kind) else None


def fingerprint(learner: Learner | TableLearner) -> str:
    """Names a learner by its content; kept with it, as hashing a network at every question would cost more than the answer."""
    if (name := _fingerprints.get(learner)) is None:
        if isinstance(learner, TableLearner):
            name = digest(learner.parts()).hex()
        else:
            rest = (learner.iteration, jax.tree.leaves(learner.scaling))
            name = digest((learner.experiment.digest, jax.tree.leaves(learner.meta), rest)).hex()
        _fingerprints[learner] = name
    return name


_fingerprints: weakref.WeakKeyDictionary[Learner | TableLearner, str] = weakref.WeakKeyDictionary()


# Answers.


class _Kept(NamedTuple):
    """An answer and what it takes."""

    answer: Any
    num_bytes: int


class _Flight:
    """A computation that is under way, and those who wait for it."""

    def __init__(self) -> None:
        self.landed = threading.Event()
        self.kept: _Kept | None = None
        self.error: Exception | None = None


class Answers:
    """Answers by key, from any thread; the bytes of all are bounded, and who was not asked for longest goes first."""

    def __init__(self, most_bytes: int) -> None:
        """Starts empty."""
        self.most_bytes, self.num_bytes = most_bytes, 0
        self._lock = threading.Lock()
        self._kept: OrderedDict[bytes, _Kept] = OrderedDict()
        self._flights: dict[bytes, _Flight] = {}

    def get(self, key: bytes, make: Callable[[], Any]) -> Any:
        """The answer that is kept, or the one that `make` computes, once for all who ask meanwhile.

        Raises:
          Exception: what `make` raised, to all who waited; whoever asks next tries anew.
        """
        while True:
            with self._lock:
                if (kept := self._kept.get(key)) is not None:
                    self._kept.move_to_end(key)
                    return kept.answer
                flight = self._flights.get(key)
                if is_mine := flight is None:
                    flight = self._flights[key] = _Flight()
            if is_mine:
                return self._compute(key, flight, make)
            flight.landed.wait()
            if flight.error is not None:
                raise flight.error
            if flight.kept is not None:
                return flight.kept.answer
            # The thread that computed was told to end; that was meant for it alone.

    def clear(self) -> None:
        """Forgets all answers."""
        with self._lock:
            self._kept.clear()
            self.num_bytes = 0

    def __len__(self) -> int:
        return len(self._kept)

    def _compute(self, key: bytes, flight: _Flight, make: Callable[[], Any]) -> Any:
        try:
            answer = make()
            flight.kept = _Kept(answer, size_of(answer, settle=True))
            return answer
        except Exception as error:
            flight.error = error
            raise
        finally:
            with self._lock:
                del self._flights[key]
                if flight.kept is not None and flight.kept.num_bytes <= self.most_bytes:
                    self._keep(key, flight.kept)
            flight.landed.set()

    def _keep(self, key: bytes, kept: _Kept) -> None:
        self._kept[key] = kept
        self.num_bytes += kept.num_bytes
        while self.num_bytes > self.most_bytes:
            _, dropped = self._kept.popitem(last=False)
            self.num_bytes -= dropped.num_bytes


def size_of(answer: Any, *, settle: bool = False) -> int:
    """How many bytes a value takes with all that it holds.

    Args:
      answer: the value.
      settle: makes the arrays in it read-only, since all visitors share it.
    """
    num_bytes, seen, left = 0, set(), [answer]
    while left:
        value = left.pop()
        if id(value) in seen or value is None or isinstance(value, bool | type):
            continue
        seen.add(id(value))
        num_bytes += sys.getsizeof(value)
        if isinstance(value, np.ndarray):
            num_bytes += value.nbytes if value.base is not None else 0  # a view's own size leaves out what it looks at
            if settle:
                value.flags.writeable = False
        elif isinstance(value, Mapping):
            left += [*value, *value.values()]
        elif isinstance(value, tuple | list | Set):
            left += value
        elif not isinstance(value, str | bytes):
            num_bytes += getattr(value, "nbytes", 0)  # an array of JAX, which nobody can change
            left += getattr(value, "__dict__", {}).values()
    return num_bytes


ANSWERS = Answers(MOST_BYTES)
