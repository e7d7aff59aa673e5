"""Where this process stands: alone, at a place that flags name, or at one that a cluster gave it; and its devices."""

import os
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from importlib.util import find_spec

import jax

from maml_engine.checks import check_number
from maml_engine.runtime.parallel import cores, own_cpus

# CPU devices are threads: more than cores gain nothing, but a few let one machine rehearse what several will do.
CPU_DEVICES_TO_REHEARSE = 8

# What a device should have to do in a meta-step, in multiplications and additions of forward passes: half as much took as long
# on two devices as on one, twice as much two thirds of the time.
WORTH_A_DEVICE = 3e6

# What srun sets for each process of a step, and `jax.distributed` reads.
SLURM = ("SLURM_JOB_ID", "SLURM_STEP_NODELIST", "SLURM_NTASKS", "SLURM_PROCID", "SLURM_LOCALID")
# What the pods of an indexed Job have; every pod has the first.
KUBERNETES = ("KUBERNETES_SERVICE_HOST", "JOB_COMPLETION_INDEX")


@dataclass(frozen=True)
class Place:
    """One process among several. None in each field: `jax.distributed` finds the values of the cluster by itself.

    coordinator: HOST:PORT at which process 0 listens.
    """

    coordinator: str | None = None
    num_processes: int | None = None
    process_id: int | None = None

    def __str__(self):
        return "This process" if self.process_id is None else f"Process {self.process_id} of {self.num_processes}"


def place_of(coordinator: str | None, num_processes: str | None, process_id: str | None) -> Place | None:
    """From what stands behind the flags `--coordinator`, `--num-processes` and `--process-id`.

    Returns:
      None where the process is alone, as `--num-processes 1` says even where a cluster says otherwise.

    Raises:
      ValueError: a flag is missing or out of range.
    """
    given = {"--coordinator": coordinator, "--num-processes": num_processes, "--process-id": process_id}
    if all(value is None for value in given.values()):
        return Place() if in_cluster(os.environ) else None
    count = None if num_processes is None else whole_number("--num-processes", num_processes, low=1)
    if count == 1:
        return None
    if missing := [flag for flag, value in given.items() if value is None]:
        raise ValueError(f"`{missing[0]}` must be given too: several processes need {', '.join(given)}.")
    host, _, port = coordinator.rpartition(":")
    if not host or not port.isdecimal() or not 1 <= int(port) <= 65_535:
        raise ValueError(f"`--coordinator` must be HOST:PORT with a port from 1 to 65535, got {coordinator!r}.")
    return Place(coordinator, count, whole_number("--process-id", process_id, low=0, high=count - 1))


def in_cluster(environment: Mapping[str, str]) -> bool:
    """Whether SLURM or Kubernetes started this process as one of several. Judged by variables alone: nothing is asked over
    a network, so a process that is alone never waits."""
    if all(name in environment for name in SLURM):
        return environment.get("SLURM_STEP_NUM_TASKS", environment["SLURM_NTASKS"]) != "1"
    # `jax.distributed` asks the API server through this package; without it the three flags say the same.
    return all(name in environment for name in KUBERNETES) and find_spec("kubernetes") is not None


def prepare_devices(count: str | int | None) -> int | None:
    """Has the CPU offer `count` devices of one thread each, if that is what will be used; to be called before JAX computes.

    Raises:
      ValueError: not a number of devices.
    """
    if find_spec("jax_plugins") is None:  # no accelerator, for which XLA compiles on all threads
        # Products as small as these cost more to hand to another thread than it gives: the tutorial's meta-step takes 1.3 to
        # 1.6 times as long with two threads as with one. A further core is used as a further device.
        os.environ.setdefault("NPROC", "1")
    if count is None:
        return None
    count = whole_number("--devices", count, low=1)
    chosen = jax.config.jax_num_cpu_devices > 0 or "xla_force_host_platform_device_count" in os.environ.get("XLA_FLAGS", "")
    if not chosen:
        with suppress(RuntimeError):  # JAX has computed already: there are as many as there are
            jax.config.update("jax_num_cpu_devices", min(count, _most_cpu_devices()))
    return count


def local_devices(count: int | None) -> list[jax.Device]:
    """The first `count` devices of this process, all where it is None.

    Raises:
      ValueError: there are fewer.
    """
    devices = jax.local_devices()
    if count is not None and count > len(devices):
        kind = devices[0].platform.upper()
        why = f" on {own_cpus()} cores" if kind == "CPU" else ""
        raise ValueError(f"`--devices` must be at most {len(devices)}, the {kind} devices that there are{why}, got {count}.")
    return devices[:count]


def idle_cores(work: float, tasks: int) -> str:
    """One sentence where a meta-step on one device has work for more of this CPU's cores; empty where it has not.

    Args:
      work: multiplications and additions of all forward passes of a meta-step. tasks: that can be shared out.
    """
    worth = min(cores(), tasks, int(work / WORTH_A_DEVICE))
    if worth < 2:
        return ""
    return f"One of {cores()} cores is at work, and these meta-steps are large enough for more: --devices {worth}."


def _most_cpu_devices() -> int:
    return max(CPU_DEVICES_TO_REHEARSE, own_cpus())


def whole_number(flag: str, content: str | int, **bounds: int) -> int:
    """What stands behind a flag.

    Raises:
      ValueError: no whole number, or out of bounds.
    """
    number = int(content) if re.fullmatch(r"-?\d{1,18}", str(content)) else content
    check_number(flag, number, integer=True, **bounds)
    return number
