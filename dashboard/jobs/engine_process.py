"""One of the engine's processes as the server sees it: started, asked, and ended. `worker` is what runs there."""

import contextlib
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from multiprocessing.connection import Connection, Pipe
from pathlib import Path
from typing import Any

from dashboard.jobs import travel
from dashboard.jobs.travel import CALL, CLOSE, DONE, ERROR, MISSING, NEXT, STREAM

ROOT = Path(__file__).resolve().parents[2]
# What an engine's process is told beside what the server was, when it starts: one thread for a product, since handing products
# as small as these to another costs more than it gives; two arenas, since each thread's own keeps what it frees; no pool.
SETTINGS = {"NPROC": "1", "MALLOC_ARENA_MAX": "2", "MAML_LAB_WORKERS": "0"}
OOM_SCORE = 500  # of a thousand: how much rather than others it is ended for want of memory


class Ended(Exception):
    """The process ended before it had answered."""


class EngineProcess:
    """A process that computes for this one, on several lines at once; each line takes one request after another.

    It ends when this object or this process does, however that ends: then the pipe to its standard input closes.
    """

    def __init__(self, lines: int, *, niceness: int = 0) -> None:
        """Starts it, and does not wait until it is up.

        Args:
          lines: how many requests it takes at a time.
          niceness: how much it gives way to this process, whatever that gives way to others.
        """
        pairs: list[tuple[Any, Any]] = [Pipe() for _ in range(lines)]
        descriptors = [theirs.fileno() for _, theirs in pairs]
        path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH", "")]))
        self._process = subprocess.Popen(
            [sys.executable, "-m", "dashboard.jobs.worker", *map(str, descriptors)],
            stdin=subprocess.PIPE,
            pass_fds=descriptors,
            env=os.environ | SETTINGS | {"PYTHONPATH": path},
            start_new_session=True,  # Ctrl-C is for the server
        )
        for _, theirs in pairs:
            theirs.close()
        if niceness:
            _give_way(self.pid, niceness)
        with contextlib.suppress(OSError):  # where the machine's memory is at its end, this process ends, not the app
            Path(f"/proc/{self.pid}/oom_score_adj").write_text(str(OOM_SCORE))
        self.lines = [Line(ours) for ours, _ in pairs]

    @property
    def pid(self) -> int:
        """Its number."""
        return self._process.pid

    @property
    def is_alive(self) -> bool:
        """Whether it still runs."""
        return self._process.poll() is None

    @property
    def memory_mb(self) -> float:
        """Memory that it has for itself now, without the code of JAX that processes share; 0 where the system does not say."""
        try:
            resident, shared = Path(f"/proc/{self.pid}/statm").read_text().split()[1:3]
        except (OSError, ValueError):
            return 0.0
        return (int(resident) - int(shared)) * os.sysconf("SC_PAGE_SIZE") / 1e6

    def end(self) -> None:
        """Ends it, whatever it is doing; who waits on a line learns of it there."""
        self._process.kill()
        self._process.wait()
        if self._process.stdin:
            self._process.stdin.close()


def _give_way(pid: int, niceness: int) -> None:
    """Lowers a process's priority below this one's.

    Linux weighs sessions against one another first where it groups them (`sched_autogroup_enabled`), whatever the niceness of
    their processes is; the process has a session of its own, which therefore has to be as nice.

    Args:
      pid: the process, with a session of its own.
      niceness: by how much.
    """
    with contextlib.suppress(OSError):
        as_nice = os.getpriority(os.PRIO_PROCESS, 0) + niceness
        os.setpriority(os.PRIO_PROCESS, pid, as_nice)
        Path(f"/proc/{pid}/autogroup").write_text(str(min(19, as_nice)))


class Line:
    """A connection to an engine's process; one request at a time."""

    def __init__(self, connection: Connection) -> None:
        """Takes over the connection."""
        self._connection = connection
        self._known: set[str] = set()  # learners that this line has sent

    def close(self) -> None:
        """Ends the conversation."""
        with contextlib.suppress(OSError):
            self._connection.close()

    def call(self, function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """What `function` gives there.

        Raises:
          Ended: the process did before it had answered.
          Exception: what `function` raised.
        """
        request, answer = self._ask(CALL, function, args, kwargs)
        return travel.unpack(answer[1:], request.held)

    def stream(self, function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Iterator[Any]:
        """What the iterator yields that `function` makes there; it computes when it is asked for the next.

        Raises:
          Ended, Exception: as for `call`.
        """
        request, _ = self._ask(STREAM, function, args, kwargs)
        goes_on = False
        try:
            while True:
                goes_on = False  # until it has answered with a report
                answer = self._answer(NEXT)
                if answer == DONE:
                    return
                goes_on = True
                yield travel.unpack(answer[1:], request.held)
        finally:
            if goes_on:
                self._send(CLOSE)

    def _ask(
        self, kind: bytes, function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> tuple[travel.Request, bytes]:
        request = travel.Request(function, args, kwargs, self._known)
        answer = self._answer(kind + request.content)
        if answer == MISSING:  # the process has let go of a learner
            self._known.clear()
            request = travel.Request(function, args, kwargs)
            answer = self._answer(kind + request.content)
        self._known |= request.sent
        return request, answer

    def _answer(self, message: bytes) -> bytes:
        self._send(message)
        try:
            answer = self._connection.recv_bytes()
        except (EOFError, OSError):
            raise Ended from None
        if answer[:1] == ERROR:
            error, where = travel.unpack(answer[1:])
            error.add_note(f"In the engine's process:\n{where}")
            raise error
        return answer

    def _send(self, message: bytes) -> None:
        try:
            self._connection.send_bytes(message)
        except OSError:
            raise Ended from None
