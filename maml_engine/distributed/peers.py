"""Processes that make one run: what they agree on, and how they notice that one of them is gone.

JAX promises no survival of a lost process on CPUs, and neither does this: all end, and all start again from the snapshot.
"""

import json
import re
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import jax

from maml_engine.distributed import supervisor
from maml_engine.io.arrays import StorageError

# Steps of a run that goes on take a quarter of a second a call. The first one is unknown, and so is what process 0 has to
# evaluate and save between two calls and at the end.
STUCK_SECONDS, STUCK_AT_FIRST_SECONDS, SILENT_LEADER_SECONDS = 60.0, 600.0, 3600.0
PIECE = 1_000_000  # bytes of a snapshot in one message

# What JAX says where the cause is another process or the way to it.
_SIGNS = ("Gloo", "coordination", "heartbeat", "UNAVAILABLE", "ABORTED", "CANCELLED", "DEADLINE_EXCEEDED", "Connection")

T = TypeVar("T")


class PeerLost(RuntimeError):
    """Another process of the run is gone, or cannot be heard any more."""


class Disagreement(ValueError):
    """The processes were not started with the same run; all of them raise it."""


class Peers:
    """The processes of a run, seen from one of them. Process 0 leads: it decides when to report, and it alone writes files.

    Messages go through the key-value store of JAX's coordinator: it is there before any device computes, its waits end,
    and an interruption is met within a second.
    """

    def __init__(self, index: int = 0, count: int = 1, client: Any = None):
        """By default, a process that is alone.

        Args:
          index: which process this is, in `[0, count)`.
          count: how many there are.
          client: of JAX's key-value store; not used by a process that is alone.
        """
        self.index, self.count, self._client = index, count, client
        self._rounds = 0
        self._seconds_a_step: list[float] = []

    @property
    def leads(self) -> bool:
        """Whether this is process 0."""
        return self.index == 0

    # What they agree on.

    def agree_on(self, make: Callable[[], T], facts: Callable[[T], dict[str, Any]]) -> T:
        """Returns what `make` gives, where it gives the same in all processes.

        Args:
          make: may raise ValueError, which then ends all.
          facts: what must not differ, by name; ready for JSON.

        Raises:
          Disagreement: a process was refused, or two differ; with the first field that does.
        """
        if self.count == 1:
            return make()
        try:
            made = make()
            own_facts = facts(made)
        except ValueError as error:
            self._refuse_what_differs({"error": str(error)})
            raise  # never reached: an error of this process is a disagreement
        self._refuse_what_differs(own_facts)
        return made

    def _refuse_what_differs(self, own_facts: dict[str, Any]) -> None:
        all_facts = self._exchange("facts", own_facts)
        for index, theirs in enumerate(all_facts):
            if "error" in theirs:
                raise Disagreement(theirs["error"] if index == self.index else f"Process {index}: {theirs['error']}")
        for index, theirs in enumerate(all_facts):
            for name, value in theirs.items():
                if value != all_facts[0].get(name):
                    raise Disagreement(
                        f"All processes must be given the same run: `{name}` is {all_facts[0].get(name)!r} in process 0 and "
                        f"{value!r} in process {index}."
                    )

    def broadcast(self, read: Callable[[], bytes]) -> bytes:
        """Returns in all processes what `read` gives in process 0: a snapshot's folder need not be shared.

        Raises:
          Disagreement: process 0 could not read it.
        """
        if self.count == 1:
            return read()
        if self.leads:
            try:
                content = read()
            except StorageError as error:
                self._send("snapshot", {"error": str(error)})
                raise Disagreement(str(error)) from None
            self._send("snapshot", {"bytes": len(content)})
            for start in range(0, len(content), PIECE):
                self._client.key_value_set_bytes(f"maml/snapshot/{start}", content[start : start + PIECE])
            return content
        announced = self._receive("snapshot")
        if "error" in announced:
            raise Disagreement(f"Process 0: {announced['error']}")
        with peer_losses():
            starts = range(0, announced["bytes"], PIECE)
            return b"".join(self._client.blocking_key_value_get_bytes(f"maml/snapshot/{start}", 60_000) for start in starts)

    def common_length(self, length: int) -> int:
        """How many steps all make next: as many as process 0 wants. One at first, to see how long it takes.

        Args:
          length: how many this process would make.
        """
        if self.count == 1:
            return length
        self._rounds += 1
        if self._rounds == 1:
            self._exchange("compiled", True)  # slow compilation must not look like a lost process
            return 1
        if not self.leads:
            return int(self._receive(f"steps/{self._rounds}"))
        self._send(f"steps/{self._rounds}", length)
        if self._rounds > 2:  # all have read it: they took part in the steps since
            self._client.key_value_delete(f"maml/steps/{self._rounds - 1}")
        return length

    @contextmanager
    def stepping(self, length: int) -> Iterator[None]:
        """A context around `length` steps in which all take part.

        Raises:
          PeerLost: one did not. Where nobody is gone but nothing moves, the process ends with that message.
        """
        if self.count == 1 or length == 0:
            yield
            return
        limit = STUCK_AT_FIRST_SECONDS
        if self._seconds_a_step:
            limit = max(STUCK_SECONDS, 10 * length * statistics.median(self._seconds_a_step))
        began = time.monotonic()
        stuck = f"The processes are alive, but no step was finished in {limit:.0f} s: one of them is stuck."
        with supervisor.ends_unless_done_within(limit, stuck), peer_losses():
            yield
        self._seconds_a_step = [*self._seconds_a_step[-20:], (time.monotonic() - began) / length]

    def finish(self) -> None:
        """Waits until process 0 has saved everything."""
        if self.leads:
            self._send("finished", True)
        else:
            self._receive("finished")

    # Messages.

    def _exchange(self, name: str, own: Any) -> list[Any]:
        """What every process sends under `name`, in their order."""
        if self.count == 1:
            return [own]
        self._send(f"{name}/{self.index}", own)
        return [self._receive(f"{name}/{index}") for index in range(self.count)]

    def _send(self, name: str, content: Any) -> None:
        with peer_losses():
            self._client.key_value_set(f"maml/{name}", json.dumps(content))

    def _receive(self, name: str) -> Any:
        until = time.monotonic() + SILENT_LEADER_SECONDS
        with peer_losses():
            while True:
                try:
                    return json.loads(self._client.blocking_key_value_get(f"maml/{name}", 1000))
                except jax.errors.JaxRuntimeError as error:
                    if "DEADLINE_EXCEEDED" not in str(error) or time.monotonic() > until:
                        raise


@contextmanager
def peer_losses() -> Iterator[None]:
    """A context in which JAX's errors that mean a lost process become `PeerLost`."""
    try:
        yield
    except jax.errors.JaxRuntimeError as error:
        reason = str(error).splitlines()[0]
        if not any(sign in reason for sign in _SIGNS):
            raise
        shorter = re.search(r"connection (reset|closed) by peer|socket closed", reason, re.IGNORECASE)
        raise PeerLost(f"A peer process was lost ({shorter[0].lower() if shorter else reason[:200]}).") from error
