"""How values travel between the server and the engine's processes: pickled, between two processes of our own and no others.

A learner that a process has is named to it and does not travel again. Reports that hold what the request came with, say a
table, bring back the very same object. Arrays of JAX arrive as NumPy's.
"""

import hashlib
import io
import pickle
import sys
import types
import weakref
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from maml_engine import Learner, TableLearner

# What a message begins with. The server's: a call, a stream, its next report, no more of it.
CALL, STREAM, NEXT, CLOSE = b"C", b"S", b"N", b"X"
# The answers': a value, an exception, the end of a stream, "send the learners again".
VALUE, ERROR, DONE, MISSING = b"V", b"E", b"D", b"M"
MAX_LEARNER_BYTES = 32 * 2**20  # of learners that a process keeps; one takes some 12 KB on the tutorial's network
_NOT_HELD = (str, bytes, int, float, bool, type(None))


class Missing(LookupError):
    """A learner was named that this process no longer has: it must be sent again."""


class Learners:
    """The learners that came to a process, by the digest of what was sent; the oldest make room."""

    def __init__(self, max_bytes: int = MAX_LEARNER_BYTES) -> None:
        """Starts empty."""
        self._max_bytes, self._num_bytes = max_bytes, 0
        self._held = OrderedDict[str, tuple[Learner | TableLearner, int]]()

    def named(self, digest: str) -> Learner | TableLearner:
        """The learner of that digest.

        Raises:
          Missing: it is not here.
        """
        try:
            self._held.move_to_end(digest)
            return self._held[digest][0]
        except KeyError:
            raise Missing(digest) from None

    def unpacked(self, digest: str, content: bytes) -> Learner | TableLearner:
        """The learner that was sent, kept under its digest."""
        learner = unpack(content)
        _, num_bytes = self._held.pop(digest, (None, 0))
        self._held[digest] = learner, len(content)
        self._num_bytes += len(content) - num_bytes
        while self._num_bytes > self._max_bytes and len(self._held) > 1:
            _, (_, num_bytes) = self._held.popitem(last=False)
            self._num_bytes -= num_bytes
        return learner


class Request:
    """What is asked of the engine, ready to be sent.

    known: digests of learners, which are named; others are sent whole.
    sent: digests of all learners in it.
    """

    def __init__(self, function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any], known: Iterable[str] = ()):
        """Packs the call.

        Raises:
          TypeError: the function is not one of a module's, and another process would not find it.
        """
        self.known, self.sent = known, set[str]()
        self.held = parts_of(function, args, kwargs)
        self.content = _packed((function, args, kwargs), self._reduced)

    def _reduced(self, value: Any) -> Any:
        if not isinstance(value, Learner | TableLearner):
            return NotImplemented
        digest, content = _digests.get(value), b""
        if digest is None or digest not in self.known:
            content = pack(value)
            digest = _digests[value] = hashlib.blake2b(content, digest_size=20).hexdigest()
        self.sent.add(digest)
        return (_named, (digest,)) if digest in self.known else (_unpacked, (digest, content))


def parts_of(function: Callable[..., Any], args: Sequence[Any], kwargs: dict[str, Any]) -> list[Any]:
    """What a call is made of, in an order that both processes agree on: answers refer to it."""
    if isinstance(function, partial):
        return parts_of(function.func, (*function.args, *args), {**function.keywords, **kwargs})
    return [part for part in (getattr(function, "__self__", None), *args, *kwargs.values()) if not isinstance(part, _NOT_HELD)]


def opened(content: bytes, learners: Learners) -> tuple[Callable[..., Any], tuple[Any, ...], dict[str, Any]]:
    """A request where it arrives: function and arguments.

    Raises:
      Missing: it names a learner that is not here.
    """
    return unpack(content, named=learners.named, unpacked=learners.unpacked)


def pack(answer: Any, held: Sequence[Any] = ()) -> bytes:
    """An answer; what it shares with `held` is referred to."""
    places = {id(part): place for place, part in enumerate(held)}

    def reduced(value: Any) -> Any:
        place = places.get(id(value))
        return NotImplemented if place is None else (_part, (place,))

    return _packed(answer, reduced)


def unpack(content: bytes, held: Sequence[Any] = (), **finds: Callable[..., Any]) -> Any:
    """What was packed, with the same `held`; `finds` says what stands for a learner."""
    return _Unpickler(
        io.BytesIO(content), {"_part": held.__getitem__} | {f"_{name}": find for name, find in finds.items()}
    ).load()


def _packed(value: Any, reduced: Callable[[Any], Any]) -> bytes:
    buffer = io.BytesIO()
    _Pickler(buffer, reduced).dump(value)
    return buffer.getvalue()


class _Pickler(pickle.Pickler):
    def __init__(self, buffer: io.BytesIO, reduced: Callable[[Any], Any]) -> None:
        super().__init__(buffer, protocol=5)
        self._reduced = reduced

    def reducer_override(self, value: Any) -> Any:
        """Asked for all but numbers, words and collections."""
        if isinstance(value, types.FunctionType):
            return _function(value)
        if isinstance(value, jax.Array) and not jnp.issubdtype(value.dtype, jax.dtypes.prng_key):
            return np.asarray(value).__reduce_ex__(5)
        return self._reduced(value)


class _Unpickler(pickle.Unpickler):
    def __init__(self, buffer: io.BytesIO, finds: dict[str, Callable[..., Any]]) -> None:
        super().__init__(buffer)
        self._finds = finds

    def find_class(self, module: str, name: str) -> Any:
        """What stands for something else is found here, all else where it is defined."""
        if module == __name__ and name in self._finds:
            return self._finds[name]
        return super().find_class(module, name)


def _function(function: types.FunctionType) -> Any:
    """A function by its name; of one that a decorator has wrapped the inside, as it was asked for."""
    if function.__module__ == "__main__" or "<" in function.__qualname__:
        raise TypeError(f"`{function.__qualname__}` must be a function of a module, for another process to find it.")
    found: Any = sys.modules[function.__module__]
    for name in function.__qualname__.split("."):
        found = getattr(found, name)
    return (_inside, (found,)) if getattr(found, "__wrapped__", None) is function else NotImplemented


def _inside(function: Any) -> Any:
    return function.__wrapped__


_digests: weakref.WeakKeyDictionary[Learner | TableLearner, str] = weakref.WeakKeyDictionary()


def _stand_in(*_: Any) -> Any:
    """Found by name alone: `_Unpickler` puts something else in its place."""
    raise LookupError("This came from another conversation.")


def _part(place: int) -> Any:
    return _stand_in(place)


def _named(digest: str) -> Any:
    return _stand_in(digest)


def _unpacked(digest: str, content: bytes) -> Any:
    return _stand_in(digest, content)
