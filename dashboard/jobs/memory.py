"""How much memory there is for the app and its engine's processes."""

import contextlib
import os
from pathlib import Path

MEMORY = "MAML_LAB_MEMORY_MB"
SMALL_MB = 1500  # with less, the engine has one process, which compiles one thing at a time and begins anew sooner


def is_small() -> bool:
    """Whether there is little."""
    return limit_mb() < SMALL_MB


def limit_mb(groups: Path = Path("/sys/fs/cgroup")) -> float:
    """What the operator says in `MAML_LAB_MEMORY_MB`; else what this machine has, or what its container may take of it.

    Args:
      groups: where Linux says what a container may take.

    Raises:
      ValueError: the operator says no number of megabytes.
    """
    if said := os.environ.get(MEMORY, ""):
        if not said.isdecimal() or not int(said):
            raise ValueError(f"`{MEMORY}` must be a number of megabytes, 1 or more, got {said!r}.")
        return float(said)
    limits = [os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")]
    for name in ("memory.max", "memory/memory.limit_in_bytes"):  # of the second and the first version of control groups
        with contextlib.suppress(OSError, ValueError):  # it is not there, or says "max"
            limits.append(int((groups / name).read_text()))
    return min(limits) / 1e6
