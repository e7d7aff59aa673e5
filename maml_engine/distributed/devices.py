"""Which devices of this machine a run uses, and when more of them would make it faster."""

import os
from contextlib import suppress
from importlib.util import find_spec

import jax

from maml_engine.distributed.flags import whole_number
from maml_engine.runtime.parallel import cores, own_cpus

# CPU devices are threads: more than cores gain nothing, but a few let one machine rehearse what several will do.
CPU_DEVICES_TO_REHEARSE = 8

# What a device should have to do in a meta-step, in multiplications and additions of forward passes: half as much took as long
# on two devices as on one, twice as much two thirds of the time.
MIN_WORK_PER_DEVICE = 3e6


def prepare_devices(count: str | int | None) -> int | None:
    """Makes the CPU offer `count` devices of one thread each; to be called before JAX computes.

    Nothing changes where an accelerator is there, or where the user has chosen a number of CPU devices.

    Args:
      count: what was typed behind `--devices`; None where the flag is missing.

    Returns:
      `count` as a number; None where it is.

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
    # JAX gives its settings these names when it is imported, which no type checker sees.
    is_set = jax.config.jax_num_cpu_devices > 0  # pyright: ignore[reportAttributeAccessIssue]
    if not is_set and "xla_force_host_platform_device_count" not in os.environ.get("XLA_FLAGS", ""):
        with suppress(RuntimeError):  # JAX has computed already: there are as many as there are
            jax.config.update("jax_num_cpu_devices", min(count, _max_cpu_devices()))
    return count


# `jax.Device` is a variable, which a type checker does not take for a type.
def local_devices(count: int | None) -> list[jax.Device]:  # pyright: ignore[reportInvalidTypeForm]
    """Returns the first `count` devices of this process, or all where it is None.

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
    """Says in one sentence that a meta-step on one device has work for more of this CPU's cores; empty where it has not.

    Args:
      work: multiplications and additions of all forward passes of a meta-step.
      tasks: how many can be shared out, one or more a device.
    """
    worth = min(cores(), tasks, int(work / MIN_WORK_PER_DEVICE))
    if worth < 2:
        return ""
    return f"One of {cores()} cores is at work, and these meta-steps are large enough for more: --devices {worth}."


def _max_cpu_devices() -> int:
    return max(CPU_DEVICES_TO_REHEARSE, own_cpus())
