"""How the processes of a run meet, and how they part."""

import ipaddress
import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import jax

from maml_engine.distributed import supervisor
from maml_engine.distributed.cluster import ClusterProcess
from maml_engine.distributed.peers import Disagreement, PeerLost, Peers, peer_losses
from maml_engine.training import Diverged

# JAX's own are 100, 300 and 300 seconds. Heartbeats come from a thread of C++, every half of the time-out.
HEARTBEAT_SECONDS, SHUTDOWN_SECONDS = 20, 15


@contextmanager
def join(process: ClusterProcess | None, wait: int) -> Iterator[Peers]:
    """A context in which this process is one of a run's: it meets the others, and leaves with them where all end alike.

    Args:
      process: which one this is; None for a run that is alone.
      wait: seconds to wait for the others.

    Raises:
      ValueError: the coordinator cannot be reached, or its port is taken.
      PeerLost: not all came.
    """
    if process is None:
        yield Peers()
        return
    supervisor.announce_phase(f"Not all processes came together within {wait} s: start them all, or see --wait.")
    _initialize(process, wait)
    supervisor.announce_phase("")
    from jax._src.distributed import global_state  # JAX has no public way to its key-value store

    with peer_losses():
        jax.devices()  # a meeting of its own, before anything that only some of them might reach
    peers = Peers(global_state.process_id, global_state.num_processes, global_state.client)
    try:
        yield peers
    except (Disagreement, Diverged):  # all end so
        peers.finish()
        jax.distributed.shutdown()
        raise
    peers.finish()
    supervisor.announce_success()
    with suppress(jax.errors.JaxRuntimeError):  # whoever is lost now is not missed
        jax.distributed.shutdown()


def _initialize(process: ClusterProcess, wait: int) -> None:
    for name in [name for name in os.environ if name.lower().endswith("_proxy")]:
        del os.environ[name]  # gRPC would take the way over it to the coordinator, and wait
    jax.config.update("jax_enable_preemption_service", False)  # a request to end ends
    settings: dict[str, Any] = {}
    if process.coordinator is not None:
        settings = {
            "coordinator_address": process.coordinator,
            "num_processes": process.num_processes,
            "process_id": process.process_id,
            "cluster_detection_method": "deactivate",
        }
        if process.process_id:
            _reach(process.coordinator, wait)
        elif _is_loopback(process.coordinator):
            settings["coordinator_bind_address"] = process.coordinator  # otherwise all interfaces, without a password
        if process.process_id == 0:
            _refuse_taken(process.coordinator)
    try:
        with peer_losses():
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
    """Refuses a port on which another process listens."""
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
