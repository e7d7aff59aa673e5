"""A function in a copy of this process: what it gives, what it prints, and how it ends."""

import os
import pickle
import signal
import tempfile
import traceback
from collections.abc import Callable
from typing import Any, NamedTuple


class Ended(NamedTuple):
    """How the copy ended.

    result: what the function gave; None where it did not come to that.
    printed: by it and by its libraries.
    killed: whether SIGKILL ended it.
    problem: one word on what went wrong otherwise: an exception with its place, or another signal; empty for nothing.
    """

    result: Any
    printed: str
    killed: bool
    problem: str


def forked(function: Callable[[], Any], *, seconds: int = 60) -> Ended:
    """Runs a function in a fork of this process, which must have one thread.

    Args:
      function: gives something that pickles.
      seconds: after which it counts as hung, and is ended.
    """
    with tempfile.TemporaryFile() as said, tempfile.TemporaryFile() as answers:
        child = os.fork()
        if child == 0:
            _run(function, said.fileno(), answers.fileno(), seconds)
        _, status = os.waitpid(child, 0)
        ending = os.waitstatus_to_exitcode(status)
        said.seek(0)
        answers.seek(0)
        printed, content = said.read().decode(errors="replace"), answers.read()
    if ending == -signal.SIGKILL:
        return Ended(None, printed, True, "")
    if ending:
        return Ended(None, printed, False, "hung" if ending == -signal.SIGALRM else f"ended with {ending}")
    result, problem = pickle.loads(content)  # our own, of a moment ago
    return Ended(result, printed, False, problem)


def _run(function: Callable[[], Any], said: int, answers: int, seconds: int) -> None:
    """In the child; never returns."""
    try:
        os.dup2(said, 1)
        os.dup2(said, 2)
        signal.alarm(seconds)
        try:
            answer = (function(), "")
        except Exception as error:
            place = traceback.extract_tb(error.__traceback__)[-1]
            answer = (None, f"{type(error).__name__}: {error} ({os.path.basename(place.filename)}:{place.lineno})")
        os.write(answers, pickle.dumps(answer))
    finally:
        os._exit(0)
