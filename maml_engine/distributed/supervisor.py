"""A process that does the work, and its parent that only watches it.

Where a peer is lost, JAX's C++ aborts the process and no Python handler runs; so a parent owns the exit code and the one
sentence. Both send each other a beat a second: a parent that is gone or stopped takes its worker along, which would go on
without anybody to speak for it, and a worker that is silent is killed.

What C++ writes to the worker's file descriptors 1 and 2 goes to the parent, who shows its end only where it does not know the
reason; Python's standard output and error are where the parent's are.
"""

import json
import os
import re
import select
import signal
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import NoReturn

BEAT_SECONDS, SILENCE_SECONDS, GRACE_SECONDS = 1.0, 20.0, 10.0
INTERRUPTED, PEER_LOST = 130, 4
LIFELINE = "MAML_LAB_LIFELINE"  # file descriptors: from the parent, to the parent, its standard output, its standard error


# In the parent.


def supervise(arguments: Sequence[str], advice: str) -> int:
    """Runs the command line in a process of its own, a worker, and returns its exit code.

    Args:
      arguments: of `maml`, the command first.
      advice: how to go on where a peer was lost.
    """
    from_parent, to_worker = os.pipe()
    from_worker, to_parent = os.pipe()
    log, worker_log = os.pipe()
    passed = (from_parent, to_parent, os.dup(1), os.dup(2))  # standard output and error last
    worker = subprocess.Popen(
        [sys.executable, "-m", "maml_engine", *arguments],
        env={**os.environ, LIFELINE: ",".join(map(str, passed))},
        pass_fds=passed,
        stdin=subprocess.DEVNULL,
        stdout=worker_log,
        stderr=worker_log,
        start_new_session=True,  # Ctrl-C reaches the parent alone
    )
    for descriptor in (*passed, worker_log):
        os.close(descriptor)
    watch = _Watch(worker, to_worker, from_worker, log)
    try:
        watch.until_it_ends()
    except KeyboardInterrupt:
        watch.interrupt()
    finally:
        with suppress(ProcessLookupError):
            os.killpg(worker.pid, signal.SIGKILL)
        worker.wait()
        for descriptor in (to_worker, from_worker, log):
            os.close(descriptor)
    code, message = watch.outcome(advice)
    if message:
        print(message, file=sys.stderr)
    return code


class _Watch:
    """What the parent knows of its worker."""

    def __init__(self, worker: subprocess.Popen, to_worker: int, from_worker: int, log: int):
        self.worker, self.to_worker, self.from_worker, self.log = worker, to_worker, from_worker, log
        self.last_words: tuple[int, str, bool] | None = None
        self.phase, self.tail, self._unfinished = "", b"", b""
        self.silent = self.interrupted = False
        os.set_blocking(to_worker, False)

    def until_it_ends(self, deadline: float = float("inf")) -> None:
        """Returns when the worker has ended, has been silent for too long, or the deadline is over."""
        open_ends, heard = {self.from_worker, self.log}, time.monotonic()
        while self.from_worker in open_ends and time.monotonic() < deadline:
            with suppress(OSError):  # a worker that does not read has its silence counted
                os.write(self.to_worker, b".")
            ready, _, _ = select.select(open_ends, [], [], BEAT_SECONDS)
            for end in ready:
                content = os.read(end, 65_536)
                if not content:
                    open_ends.discard(end)
                elif end == self.log:
                    self.tail = (self.tail + content)[-65_536:]
                else:
                    heard = time.monotonic()
                    self._take_in(content)
            if time.monotonic() - heard > SILENCE_SECONDS:
                self.silent = True
                return
            if not ready and self.worker.poll() is not None:
                return

    def interrupt(self) -> None:
        """Passes an interruption on, and gives the worker time to save."""
        self.interrupted = True
        with suppress(ProcessLookupError, KeyboardInterrupt):
            self.worker.send_signal(signal.SIGINT)
            self.until_it_ends(time.monotonic() + GRACE_SECONDS)

    def outcome(self, advice: str) -> tuple[int, str]:
        """The exit code, and the sentence that is still to be printed.

        Args:
          advice: how to go on where a peer was lost.
        """
        if self.last_words:
            code, message, unadvised = self.last_words
            return code, f"{message} {advice}" if unadvised else message
        if self.interrupted:
            return INTERRUPTED, "Interrupted."
        if self.silent:
            return PEER_LOST, f"error: This process's worker was silent for {SILENCE_SECONDS:.0f} s. {advice}"
        code, log = self.worker.returncode, self.tail.decode(errors="replace")
        if code >= 0:
            if code and log:
                print(log, file=sys.stderr)
            return code, ""
        if self.phase:
            return PEER_LOST, f"error: {self.phase}"
        if unhealthy := re.search(r"stopped sending heartbeats\):\s*([\d, \n]+)", log):
            names = ", ".join(unhealthy[1].split())
            return PEER_LOST, f"error: A peer process was lost: process {names} stopped answering. {advice}"
        if "coordination service" in log or "JAX distributed service" in log:
            return PEER_LOST, f"error: A peer process was lost: process 0 or the way to it is gone. {advice}"
        if -code not in (signal.SIGKILL, signal.SIGTERM):  # from outside, of which no log knows
            print(log, file=sys.stderr)
        return PEER_LOST, f"error: This process's worker was ended by {signal.Signals(-code).name}. {advice}"

    def _take_in(self, content: bytes) -> None:
        *lines, self._unfinished = (self._unfinished + content).split(b"\n")
        for line in lines:
            message = json.loads(line)
            if "code" in message:
                self.last_words = (message["code"], message["message"], message.get("unadvised", False))
            self.phase = message.get("phase", self.phase)


# In the worker.


class _Lifeline(threading.Thread):
    """Beats, listens, and ends the process where it must not go on."""

    def __init__(self, from_parent: int, to_parent: int, output: int, errors: int):
        super().__init__(name="lifeline", daemon=True)
        self.from_parent, self.to_parent = from_parent, to_parent
        self.deadline, self.message = float("inf"), ""
        sys.stdout = os.fdopen(output, "w", buffering=1, errors="replace")
        sys.stderr = os.fdopen(errors, "w", buffering=1, errors="replace")

    def run(self) -> None:
        """Until the process ends."""
        heard = time.monotonic()
        while True:
            self.send({})
            before = time.monotonic()
            if select.select([self.from_parent], [], [], BEAT_SECONDS)[0]:
                if not os.read(self.from_parent, 65_536):
                    os._exit(PEER_LOST)  # the parent is gone
                heard = time.monotonic()
                time.sleep(BEAT_SECONDS / 2)
            now = time.monotonic()
            if now - before > SILENCE_SECONDS or now - heard > SILENCE_SECONDS:
                # Stopped and woken again: the others have ended or begun anew, and nothing may be written over theirs.
                self.end(PEER_LOST, f"error: This process was stopped for more than {SILENCE_SECONDS:.0f} s.", unadvised=True)
            if now > self.deadline:
                self.end(PEER_LOST, f"error: {self.message}", unadvised=True)

    def send(self, content: dict[str, object]) -> None:
        """One line to the parent; one write, so that it arrives whole."""
        try:
            os.write(self.to_parent, json.dumps(content, ensure_ascii=False).encode() + b"\n")
        except OSError:
            os._exit(PEER_LOST)

    def end(self, code: int, message: str, *, unadvised: bool = False) -> NoReturn:
        """Last words, and out: past JAX's hook at exit, which would wait minutes for the lost.

        Args:
          unadvised: the message does not say how to go on.
        """
        self.send({"code": code, "message": message[:900], "unadvised": unadvised})
        with suppress(OSError, ValueError):
            sys.stdout.flush()
        os._exit(code)


_lifeline: _Lifeline | None = None


def _find_lifeline() -> _Lifeline | None:
    """The line to the parent that watches this process; from the first call on, it does. None where nobody watches."""
    global _lifeline
    if _lifeline is None and LIFELINE in os.environ:
        _lifeline = _Lifeline(*map(int, os.environ.pop(LIFELINE).split(",")))
        _lifeline.start()
    return _lifeline


def is_worker() -> bool:
    """Whether a parent watches this process; from the first call on, it does."""
    return _find_lifeline() is not None


def end_worker(code: int, message: str) -> None:
    """In a worker, ends the process and has the parent print `message`; elsewhere does nothing."""
    if _lifeline is not None:
        _lifeline.end(code, message)


def to_the_end(run: Callable[[], int]) -> int:
    """Calls `run` and returns its exit code; a worker's process ends with it."""
    lifeline = _find_lifeline()
    if lifeline is None:
        return run()
    try:
        code = run()
    except BaseException:
        traceback.print_exc()
        code = 1
    lifeline.end(code, "")


def announce_success() -> None:
    """Makes the parent take whatever comes from here on for a good end."""
    if _lifeline is not None:
        _lifeline.send({"code": 0, "message": ""})


def announce_phase(phase: str) -> None:
    """Sets what the parent prints should this process be aborted from here on; "" for what it finds in the log."""
    if _lifeline is not None:
        _lifeline.send({"phase": phase})


@contextmanager
def ends_unless_done_within(seconds: float, message: str) -> Iterator[None]:
    """In a worker, ends the process with `message` where the body takes longer."""
    if _lifeline is None:
        yield
        return
    _lifeline.message, _lifeline.deadline = message, time.monotonic() + seconds
    try:
        yield
    finally:
        _lifeline.deadline = float("inf")
