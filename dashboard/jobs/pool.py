"""Where the engine computes for all visitors: in processes of its own, so that the server's threads stay free.

Two lanes, so that neither waits for the other: short calls, which a page waits for, and jobs, which report as they go.
"""

import atexit
import contextlib
import os
import threading
from collections import Counter
from collections.abc import Callable, Generator, Iterator
from typing import ParamSpec, TypeVar

from dashboard.jobs import memory
from dashboard.jobs.engine_process import Ended, EngineProcess, Line

Given = ParamSpec("Given")
T = TypeVar("T")

# How many processes there may be: 0 computes in the server's own, 1 shares one between both lanes.
WORKERS = "MAML_LAB_WORKERS"
DEFAULT_WORKERS = 2  # one, for both lanes, where there is little memory
CALLS_AT_ONCE = 16  # in a process, which answers few at a time: while some wait for the compiler, others are answered
# A process that has grown beyond ends when it has nothing to do, and the next request starts another: what was compiled lies on
# the disk. Where it always has something to do, another takes its place at the larger mark, and for a while both are there.
# All that the pages ask for takes 550 MB, and where a process may not have that much it begins anew again and again.
MAX_MEMORY_MB, MAX_BUSY_MEMORY_MB = (400, 700) if memory.is_small() else (600, 900)
JOB_NICENESS = 10  # a page that somebody waits for goes first


class EngineLost(RuntimeError):
    """The process that computed something ended before it had; in a sentence for the visitor."""


class Pool:
    """The engine's processes; safe to use from any thread. None is started before it is needed.

    workers: how many processes, at most; None reads `MAML_LAB_WORKERS`.
    """

    def __init__(self, workers: int | None = None) -> None:
        """Starts no process yet."""
        workers = asked_workers() if workers is None else workers
        self._calls: _Lane | None = None
        self._jobs: _Lane | None = None
        if workers == 1:
            self._calls = self._jobs = _Lane(1, CALLS_AT_ONCE + 1)
        elif workers > 1:
            self._calls, self._jobs = _Lane(workers - 1, CALLS_AT_ONCE), _Lane(1, 1, JOB_NICENESS)

    def call(self, function: Callable[Given, T], /, *args: Given.args, **kwargs: Given.kwargs) -> T:
        """What `function` gives, computed in one of the processes; it must be a function of a module.

        Raises:
          EngineLost: the process ended before it had answered, twice.
          Exception: what `function` raised.
        """
        if self._calls is None:
            return function(*args, **kwargs)
        for _ in range(2):
            with contextlib.suppress(Ended), self._calls.line() as line:
                return line.call(function, args, kwargs)
        raise EngineLost(
            "The process that computed this ended before it was done, and so did another one, perhaps for want of memory: "
            "try smaller values."
        )

    def stream(self, function: Callable[Given, Iterator[T]], /, *args: Given.args, **kwargs: Given.kwargs) -> Generator[T]:
        """What the iterator yields that `function` makes, computed in one of the processes whenever the next is asked for.

        Raises:
          EngineLost: the process ended before the stream did.
          Exception: what the iterator raised.
        """
        if self._jobs is None:
            yield from function(*args, **kwargs)
            return
        try:
            with self._jobs.line() as line:
                yield from line.stream(function, args, kwargs)
        except Ended:
            raise EngineLost(
                "The process that computed this ended before it was done, perhaps for want of memory: what was reported until "
                "then is kept."
            ) from None

    @property
    def shares_lane(self) -> bool:
        """Whether jobs compute where calls do, so that ending a job's process has calls ask again."""
        return self._jobs is self._calls

    def jobs_memory_mb(self) -> float:
        """Memory that the process of the jobs has for itself now; 0 where there is none."""
        return max((process.memory_mb for process in self._jobs.processes[:]), default=0.0) if self._jobs else 0.0

    def end_jobs(self) -> bool:
        """Ends the process of the jobs, whatever it is doing: its stream ends by `EngineLost`. The next job has another.

        Returns:
          Whether that could be done: not where all is computed in this process.
        """
        if self._jobs is None:
            return False
        self._jobs.end_all()
        return True

    @property
    def has_started(self) -> bool:
        """Whether there is a process for calls, or none is needed."""
        return self._calls is None or bool(self._calls.processes)

    def start(self) -> None:
        """Starts a process for calls, so that the first need not wait for one."""
        if self._calls is not None:
            self._calls.start()

    def pids(self) -> list[int]:
        """The processes that there are now."""
        return [process.pid for lane in self._lanes() for process in lane.processes]

    def close(self) -> None:
        """Ends the processes, whatever they are doing; there will be no others."""
        for lane in self._lanes():
            lane.close()

    def _lanes(self) -> set["_Lane"]:
        return {lane for lane in (self._calls, self._jobs) if lane is not None}


class _Lane:
    """Processes of one kind, and the lines to them that are free."""

    def __init__(self, most: int, lines: int, niceness: int = 0) -> None:
        self._most, self._lines, self._niceness = most, lines, niceness
        self.processes: list[EngineProcess] = []
        self._free: list[tuple[EngineProcess, Line]] = []
        self._busy: Counter[EngineProcess] = Counter()
        self._changed = threading.Condition()  # its lock may be taken again by who has it
        self._has_started = self._is_closed = False

    @contextlib.contextmanager
    def line(self) -> Iterator[Line]:
        """A line for one request; waits until there is one."""
        process, line = self._take()
        try:
            yield line
        except Ended:
            with self._changed:
                self._forget(process)
            raise
        finally:
            self._give_back(process, line)

    def start(self) -> None:
        """Starts a process where there is none."""
        with self._changed:
            if not self.processes and not self._is_closed:
                self._start()

    def end_all(self) -> None:
        """Ends all processes; the next request starts another."""
        with self._changed:
            for process in list(self.processes):
                self._forget(process)
            self._changed.notify_all()

    def close(self) -> None:
        """Ends all processes, for good."""
        with self._changed:
            self._is_closed = True
            self.end_all()

    def _take(self) -> tuple[EngineProcess, Line]:
        with self._changed:
            while not self._is_closed:
                while self._free:
                    process, line = self._free.pop()
                    if process.is_alive:
                        self._busy[process] += 1
                        return process, line
                    line.close()
                    self._forget(process)
                if len(self.processes) < self._most:
                    self._start()
                else:
                    self._changed.wait()
        raise Ended

    def _give_back(self, process: EngineProcess, line: Line) -> None:
        with self._changed:
            self._busy[process] -= 1
            self._free.append((process, line))
            most = MAX_BUSY_MEMORY_MB if self._busy[process] else MAX_MEMORY_MB
            if process not in self.processes or process.memory_mb > most:
                self._retire(process)
            self._changed.notify_all()

    def _start(self) -> None:
        if not self._has_started:  # after whatever waits for a process at the end, so before it at the end
            self._has_started = True
            atexit.register(self.close)
        process = EngineProcess(self._lines, niceness=self._niceness)
        self.processes.append(process)
        self._free += [(process, line) for line in process.lines]

    def _forget(self, process: EngineProcess) -> None:
        """Ends a process; whoever waits for it learns of it on their line."""
        process.end()
        self._retire(process)

    def _retire(self, process: EngineProcess) -> None:
        """Gives a process nothing more to do, and ends it once it has nothing left."""
        if process in self.processes:
            self.processes.remove(process)
        for _, line in (idle := [pair for pair in self._free if pair[0] is process]):
            line.close()
        self._free = [pair for pair in self._free if pair not in idle]
        if not self._busy[process]:
            process.end()
            del self._busy[process]


def asked_workers() -> int:
    """What `MAML_LAB_WORKERS` says.

    Raises:
      ValueError: it is not a number of processes.
    """
    asked = os.environ.get(WORKERS, "")
    if not asked:
        if os.name != "posix":
            return 0  # a pipe cannot be handed to a process in this way
        return 1 if memory.is_small() else DEFAULT_WORKERS
    if not asked.isdecimal():
        raise ValueError(f"`{WORKERS}` must be a number of processes, 0 or more, got {asked!r}.")
    return int(asked)


POOL = Pool()
