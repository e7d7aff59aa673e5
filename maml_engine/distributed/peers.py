"""Processes that make one run: how they meet, agree, and notice that one of them is gone.

JAX promises no survival of a lost process on CPUs, and neither does this: all end, and all start again from the snapshot.
"""

import ipaddress
import json
import os
import re
import socket
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, TypeVar

import jax

from maml_engine.distributed import supervisor
from maml_engine.distributed.cluster import Place
from maml_engine.io.arrays import StorageError
from maml_engine.training import Diverged

# JAX's own are 100, 300 and 300 seconds. Heartbeats come from a thread of C++, every half of the time-out.
HEARTBEAT_SECONDS, SHUTDOWN_SECONDS = 20, 15
# Steps of a run that goes on take a quarter of a second a call. The first one is unknown, and so is what process 0 has to
# evaluate and save between two calls and at the end.
STUCK_SECONDS, STUCK_AT_FIRST_SECONDS, SILENT_LEADER_SECONDS = 60.0, 600.0, 3600.0
T = TypeVar("T")
PIECE = 1_000_000  # bytes of a snapshot in one message

# What JAX says where the cause is another process or the way to it.
_SIGNS = ("Gloo", "coordination", "heartbeat", "UNAVAILABLE", "ABORTED", "CANCELLED", "DEADLINE_EXCEEDED", "Connection")


class PeerLost(RuntimeError):
    """Another process of the run is gone, or cannot be heard any more."""


class Disagreement(ValueError):
    """What the processes were told does not fit together; all of them raise it."""


class Peers:
    """The processes of a run, seen from one of them. Process 0 leads: it decides when to report, and it alone writes files.

    Messages go through the key-value store of JAX's coordinator: it is there before any device computes, its waits end,
    and an interruption is met within a second.
    """

    def __init__(self, index: int = 0, count: int = 1, client: Any = None):
        self.index, self.count, self._client = index, count, client
        self._rounds = 0
        self._seconds_a_step: list[float] = []

    @property
    def leads(self) -> bool:
        """Whether this is process 0."""
        return self.index == 0

    # What they agree on.

    def settle(self, make: Callable[[], T], facts: Callable[[T], dict[str, Any]]) -> T:
        """What `make` gives, where it gives the same in all processes.

        Args:
          make: may raise ValueError, which then ends all.
          facts: what must not differ, by name; ready for JSON.

        Raises:
          Disagreement: a process was refused, or two differ; with the first field that does.
        """
        if self.count == 1:
            return make()
        made = None
        try:
            made = make()
            mine = facts(made)
        except ValueError as error:
            mine = {"error": str(error)}
        said = self._exchange("facts", mine)
        for index, theirs in enumerate(said):
            if "error" in theirs:
                raise Disagreement(theirs["error"] if index == self.index else f"Process {index}: {theirs['error']}")
        for index, theirs in enumerate(said):
            for name, value in theirs.items():
                if value != said[0].get(name):
                    raise Disagreement(
                        f"All processes must be given the same run: `{name}` is {said[0].get(name)!r} in process 0 and "
                        f"{value!r} in process {index}."
                    )
        return made

    def share(self, read: Callable[[], bytes]) -> bytes:
        """What `read` gives in process 0, in all: a snapshot's folder need not be shared.

        Raises:
          Disagreement: process 0 could not read it.
        """
        if self.count == 1:
            return read()
        if self.leads:
            try:
                content = read()
            except StorageError as error:
                self._tell("snapshot", {"error": str(error)})
                raise Disagreement(str(error)) from None
            self._tell("snapshot", {"bytes": len(content)})
            for start in range(0, len(content), PIECE):
                self._client.key_value_set_bytes(f"maml/snapshot/{start}", content[start : start + PIECE])
            return content
        said = self._hear("snapshot")
        if "error" in said:
            raise Disagreement(f"Process 0: {said['error']}")
        with _losses_named():
            starts = range(0, said["bytes"], PIECE)
            return b"".join(self._client.blocking_key_value_get_bytes(f"maml/snapshot/{start}", 60_000) for start in starts)

    def agree(self, length: int) -> int:
        """How many steps all make next: as many as process 0 says. One at first, to see how long it takes."""
        if self.count == 1:
            return length
        self._rounds += 1
        if self._rounds == 1:
            self._exchange("compiled", True)  # slow compilation must not look like a lost process
            return 1
        if not self.leads:
            return int(self._hear(f"steps/{self._rounds}"))
        self._tell(f"steps/{self._rounds}", length)
        if self._rounds > 2:  # all have read it: they took part in the steps since
            self._client.key_value_delete(f"maml/steps/{self._rounds - 1}")
        return length

    @contextmanager
    def stepping(self, length: int) -> Iterator[None]:
        """Around `length` steps in which all take part.

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
        with supervisor.ends_unless_done_within(limit, stuck), _losses_named():
            yield
        self._seconds_a_step = [*self._seconds_a_step[-20:], (time.monotonic() - began) / length]

    # Messages.

    def _exchange(self, name: str, mine: Any) -> list[Any]:
        """What every process says under `name`, in their order."""
        if self.count == 1:
            return [mine]
        self._tell(f"{name}/{self.index}", mine)
        return [self._hear(f"{name}/{index}") for index in range(self.count)]

    def _tell(self, name: str, content: Any) -> None:
        with _losses_named():
            self._client.key_value_set(f"maml/{name}", json.dumps(content))

    def _hear(self, name: str) -> Any:
        until = time.monotonic() + SILENT_LEADER_SECONDS
        with _losses_named():
            while True:
                try:
                    return json.loads(self._client.blocking_key_value_get(f"maml/{name}", 1000))
                except jax.errors.JaxRuntimeError as error:
                    if "DEADLINE_EXCEEDED" not in str(error) or time.monotonic() > until:
                        raise

    def finish(self) -> None:
        """Waits until process 0 has saved everything."""
        if self.leads:
            self._tell("finished", True)
        else:
            self._hear("finished")


@contextmanager
def join(place: Place | None, wait: int) -> Iterator[Peers]:
    """Meets the other processes, and leaves with them where all end alike.

    Args:
      place: None for a run that is alone.
      wait: seconds to wait for the others.

    Raises:
      ValueError: the coordinator cannot be reached, or its port is taken.
      PeerLost: not all came.
    """
    if place is None:
        yield Peers()
        return
    supervisor.say_phase(f"Not all processes came together within {wait} s: start them all, or see --wait.")
    _initialize(place, wait)
    supervisor.say_phase("")
    from jax._src.distributed import global_state  # JAX has no public way to its key-value store

    with _losses_named():
        jax.devices()  # a meeting of its own, before anything that only some of them might reach
    peers = Peers(global_state.process_id, global_state.num_processes, global_state.client)
    try:
        yield peers
    except (Disagreement, Diverged):  # all end so
        peers.finish()
        jax.distributed.shutdown()
        raise
    peers.finish()
    supervisor.say_done()
    with suppress(jax.errors.JaxRuntimeError):  # whoever is lost now is not missed
        jax.distributed.shutdown()


def _initialize(place: Place, wait: int) -> None:
    for name in [name for name in os.environ if name.lower().endswith("_proxy")]:
        del os.environ[name]  # gRPC would take the way over it to the coordinator, and wait
    jax.config.update("jax_enable_preemption_service", False)  # a request to end ends
    settings: dict[str, Any] = {}
    if place.coordinator is not None:
        settings = {
            "coordinator_address": place.coordinator,
            "num_processes": place.num_processes,
            "process_id": place.process_id,
            "cluster_detection_method": "deactivate",
        }
        if place.process_id:
            _reach(place.coordinator, wait)
        elif _is_loopback(place.coordinator):
            settings["coordinator_bind_address"] = place.coordinator  # otherwise all interfaces, without a password
        if place.process_id == 0:
            _refuse_taken(place.coordinator)
    try:
        with _losses_named():
            jax.distributed.initialize(
                **settings,
                initialization_timeout=wait,
                heartbeat_timeout_seconds=HEARTBEAT_SECONDS,
                shutdown_timeout_seconds=SHUTDOWN_SECONDS,
            )
    except (ValueError, RuntimeError) as error:  # the cluster's own complaint: an address or a permission that is missing
        if isinstance(error, PeerLost | jax.errors.JaxRuntimeError):
            raise
        raise ValueError(
            f"The cluster does not say how its processes meet ({error}): give --coordinator, --num-processes and "
            "--process-id, or --num-processes 1 for a run that is alone."
        ) from error


def _reach(coordinator: str, wait: int) -> None:
    """Waits until something listens there; JAX itself would abort without a word of the reason."""
    host, _, port = coordinator.rpartition(":")
    until = time.monotonic() + wait
    while True:
        try:
            socket.create_connection((host.strip("[]"), int(port)), timeout=max(1.0, until - time.monotonic())).close()
            return
        except OSError as error:
            if time.monotonic() + 0.5 > until:
                reason = (error.strerror or str(error)).lower()
                raise ValueError(
                    f"The coordinator {coordinator} could not be reached within {wait} s ({reason}): is process 0 running "
                    "there, and may this host connect to that port?"
                ) from None
            time.sleep(0.5)


def _refuse_taken(coordinator: str) -> None:
    host, _, port = coordinator.rpartition(":")
    address = host.strip("[]") if _is_loopback(coordinator) else ""
    try:
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        with socket.socket(family) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((address, int(port)))
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise ValueError(f"`--coordinator` must have a port that is free here, got {coordinator} ({reason}).") from None


def _is_loopback(coordinator: str) -> bool:
    host = coordinator.rpartition(":")[0].strip("[]")
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


@contextmanager
def _losses_named() -> Iterator[None]:
    """JAX's errors that mean a lost process, as `PeerLost`."""
    try:
        yield
    except jax.errors.JaxRuntimeError as error:
        reason = str(error).splitlines()[0]
        if not any(sign in reason for sign in _SIGNS):
            raise
        shorter = re.search(r"connection (reset|closed) by peer|socket closed", reason, re.IGNORECASE)
        raise PeerLost(f"A peer process was lost ({shorter[0].lower() if shorter else reason[:200]}).") from error
