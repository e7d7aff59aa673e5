"""Programs side by side, one a core: XLA takes no second core for products as small as these."""

import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from typing import Any

import jax
import numpy as np

from maml_engine.runtime.extras import brought_by


def cores() -> int:
    """Returns how many programs to run at once: `own_cpus()`, or 1 on an accelerator."""
    return own_cpus() if jax.default_backend() == "cpu" else 1


def own_cpus() -> int:
    """Returns how many cores this process may use; JAX need not have started."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def split_among_cores(count: int) -> list[np.ndarray]:
    """Divides items among cores.

    Args:
      count: how many items; >= 1.

    Returns:
      A part for each core and none empty: indices `[items of the part]`, together 0 to `count - 1` in order.
    """
    return np.array_split(np.arange(count), min(count, cores()))


def parallel_map(work: Callable[[Any], Any], parts: Iterable[Any], *, is_compiled: bool = True) -> list[Any]:
    """Calls `work` for each part, as many at once as there are cores.

    Args:
      work: must be safe to run in several threads at once; JAX lets go of Python's lock while a program runs.
      parts: one argument each.
      is_compiled: whether the program that `work` runs is. If not, the first part goes alone: side by side each would compile
        the same program.

    Returns:
      What `work` gave, in the order of the parts.
    """
    # JAX gives its settings these names when it is imported, which no type checker sees.
    parts, is_64_bit = list(parts), jax.config.jax_enable_x64  # pyright: ignore[reportAttributeAccessIssue]

    def one(part: Any) -> Any:
        with jax.enable_x64(is_64_bit):  # JAX's settings do not come to a new thread by themselves
            return work(part)

    done = [] if is_compiled and len(parts) > 1 else [work(part) for part in parts[:1]]
    if not (parts := parts[len(done) :]):
        return done
    with ThreadPoolExecutor(min(len(parts), cores())) as threads:
        return done + list(threads.map(one, parts))


def one_thread() -> AbstractContextManager:
    """Keeps NumPy's and scikit-learn's products to one thread.

    A few thousand rows gain nothing from more, which wait on each other where other work keeps the cores busy: on two cores
    they took half as much processor time again, and no less of the clock.
    """
    with brought_by("tables"):
        from threadpoolctl import threadpool_limits

    return threadpool_limits(limits=1)
