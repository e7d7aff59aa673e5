"""One of the engine's processes: `python -m dashboard.jobs.worker FILE_DESCRIPTOR ...`, started by `engine_process`.

A thread answers each connection, one request after another: a call's answer is a value, a stream gives a report whenever it is
asked for one. Where standard input ends, so has the server, however it ended, and so does this process.
"""

import contextlib
import ctypes
import os
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from functools import partial
from multiprocessing.connection import Connection
from typing import Any

from dashboard.jobs import memory, travel
from dashboard.jobs.travel import CALL, DONE, ERROR, MISSING, NEXT, STREAM, VALUE
from maml_engine.runtime.compilation_cache import enable_compilation_cache
from maml_engine.runtime.lowered_programs import forget_lowered

QUICK_AT_ONCE = 3
COMPILED_SECONDS = 0.3  # what takes longer has compiled, and the compiler has let go of much that it had asked for


class Turns:
    """Who computes now: what was quick the last time as soon as few others do, what was not after the others of its kind.

    A compiler asks for 50 to 150 MB while it compiles, and more at once than there are cores would only share them. What is
    asked for the first time may compile, and so may what took long the last time; what is quick does not wait for those.
    """

    def __init__(self, slow_at_once: int = 1) -> None:
        """Nothing is known to be quick."""
        self._slow = threading.Semaphore(slow_at_once)
        self._few = threading.Semaphore(QUICK_AT_ONCE)
        self._quick: set[str] = set()

    @contextlib.contextmanager
    def of(self, function: Callable[..., Any]) -> Iterator[None]:
        """Waits for the turn of a function, and has it meanwhile."""
        name = f"{function.__module__}.{function.__qualname__}"
        with self._few if name in self._quick else self._slow:
            began = time.monotonic()
            try:
                yield
            finally:
                took_long = time.monotonic() - began > COMPILED_SECONDS
                (self._quick.discard if took_long else self._quick.add)(name)


def main(descriptors: list[int]) -> None:
    """Answers until the server ends."""
    enable_compilation_cache()
    learners, turns = travel.Learners(), Turns(1 if memory.is_small() else 2)
    for descriptor in descriptors:
        connection = Connection(descriptor)
        threading.Thread(target=serve, args=(connection, learners, turns), name="maml-lab-engine", daemon=True).start()
    with contextlib.suppress(OSError):
        while os.read(sys.stdin.fileno(), 1024):
            pass
    os._exit(0)  # a thread may be inside a compiled program, and there is nothing to tidy


def serve(connection: Connection, learners: travel.Learners, turns: Turns) -> None:
    """Answers the requests of a connection until it is closed; the process's connections share learners and turns."""
    with connection, contextlib.suppress(EOFError, OSError):
        while True:
            message = connection.recv_bytes()
            if message[:1] == CALL:
                connection.send_bytes(_answer(partial(_called, message[1:], learners, turns)))
            elif message[:1] == STREAM:
                _stream(connection, message[1:], learners)
            # anything else belongs to a stream that has ended meanwhile


def _called(content: bytes, learners: travel.Learners, turns: Turns) -> bytes:
    function, args, kwargs = travel.opened(content, learners)
    with turns.of(function):
        answer = function(*args, **kwargs)
    return travel.pack(answer, travel.parts_of(function, args, kwargs))


def _stream(connection: Connection, content: bytes, learners: travel.Learners) -> None:
    """Sends a report whenever one is asked for, until there are no more, or no more are wanted."""
    reports: Iterator[Any] = iter(())
    held: list[Any] = []

    def begin() -> bytes:
        nonlocal reports, held
        function, args, kwargs = travel.opened(content, learners)
        held = travel.parts_of(function, args, kwargs)
        reports = iter(function(*args, **kwargs))
        return b""

    answer = _answer(begin)
    connection.send_bytes(answer)
    while answer[:1] == VALUE and connection.recv_bytes() == NEXT:
        answer = _answer(lambda: travel.pack(next(reports), held))
        connection.send_bytes(answer)
    if close := getattr(reports, "close", None):
        _answer(lambda: close() or b"")


def _answer(work: Callable[[], bytes]) -> bytes:
    """What the server is told of `work`, however it ends; memory that is no longer needed is given back before."""
    began = time.monotonic()
    try:
        return VALUE + work()
    except StopIteration:
        return DONE
    except travel.Missing:
        return MISSING
    except Exception as error:
        return ERROR + _pack_error(error)
    finally:
        if time.monotonic() - began > COMPILED_SECONDS:
            _trim()


def _trim() -> None:
    """Lets go of what compiling has left, and gives the system what the C library would keep (as it is where not glibc)."""
    forget_lowered()
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)


def _pack_error(error: Exception) -> bytes:
    """An exception with where it came from; in words where it cannot travel."""
    where = "".join(traceback.format_exception(error))
    try:
        content = travel.pack((error, where))
        travel.unpack(content)
        return content
    except Exception:
        return travel.pack((RuntimeError(f"{type(error).__name__}: {error}"), where))


if __name__ == "__main__":
    main([int(descriptor) for descriptor in sys.argv[1:]])
