"""What one meta-gradient costs: seconds and bytes, measured, exact against first-order."""

import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

import jax
import numpy as np

from maml_engine.checks import check_number
from maml_engine.core.adapter import Adapter, MetaParams
from maml_engine.core.episode import Episode
from maml_engine.core.exact import exact_gradient
from maml_engine.core.first_order import first_order_gradient

# Ways to a meta-gradient, by name: which gradient, and how it is computed.
WAYS: dict[str, Callable] = {
    "first-order": first_order_gradient,
    "exact, mixed": partial(exact_gradient, mode="mixed"),
    "exact, checkpointed": partial(exact_gradient, mode="checkpointed"),
    "exact, plain": partial(exact_gradient, mode="plain"),
}

# What is measured where nothing else is asked for: steps at one number of tasks, tasks at one number of steps.
STEPS, TASKS = (1, 2, 5, 10, 20), (5, 25, 125)
STEPS_AT_TASKS, TASKS_AT_STEPS = 25, 5


@dataclass(frozen=True)
class Cost:
    """What one way to a meta-gradient costs at one size.

    way: a name in `WAYS`.
    inner_steps: gradient steps on each support set.
    num_tasks: tasks of the batch.
    seconds: median of one call's wall time, compilation apart.
    temp_bytes: what the compiled program asks for besides its arguments and results.
    compile_seconds: tracing and compiling, once.
    """

    way: str
    inner_steps: int
    num_tasks: int
    seconds: float
    temp_bytes: int
    compile_seconds: float


def measure_costs(
    adapter: Adapter, episode: Episode, sizes: Sequence[tuple[int, int]] | None = None, *, repeats: int = 15
) -> Iterator[Cost]:
    """Measures every way to the meta-gradient at each size. The ways take turns, so that a busy moment falls on all of them.

    Args:
      adapter: the method and its meta-parameters.
      episode: tasks on a leading axis `[tasks]`; repeated as often as a size needs, since what they hold costs nothing.
      sizes: pairs (inner steps, tasks); None takes `default_sizes()`.
      repeats: calls of each way, of which the median counts.

    Yields:
      Each size's costs as soon as they are known.
    """
    check_number("repeats", repeats, low=1, integer=True)
    for inner_steps, num_tasks in default_sizes() if sizes is None else sizes:
        sized = adapter.replace(method=adapter.method.replace(inner_steps=inner_steps))
        tasks = _repeated(episode, num_tasks)
        calls = {way: _compiled(way, sized, tasks) for way in WAYS}
        seconds = _interleaved({way: call for way, (call, _, _) in calls.items()}, sized.meta, tasks, repeats)
        for way, (_, size, compile_seconds) in calls.items():
            yield Cost(way, inner_steps, num_tasks, seconds[way], size, compile_seconds)


def default_sizes() -> list[tuple[int, int]]:
    """The pairs (inner steps, tasks) that are measured where nothing else is asked for, each once."""
    both = [(steps, STEPS_AT_TASKS) for steps in STEPS] + [(TASKS_AT_STEPS, tasks) for tasks in TASKS]
    return list(dict.fromkeys(both))


def growth(sizes: Sequence[float], costs: Sequence[float]) -> float:
    """Fits the power law `cost ~ size ** p` by logarithms.

    Args:
      sizes: numbers of steps or tasks.
      costs: what each costs.

    Returns:
      p; NaN for fewer than two sizes.
    """
    if len(set(sizes)) < 2 or min(costs) <= 0:
        return float("nan")
    return float(np.polyfit(np.log(sizes), np.log(costs), 1)[0])


def _compiled(way: str, adapter: Adapter, episode: Episode) -> tuple[Callable, int, float]:
    """A compiled call `(meta, episode) -> (meta_loss, gradient)`, its bytes and the seconds that compiling it took."""

    def value_and_grad(meta: MetaParams, episode: Episode) -> tuple[jax.Array, MetaParams]:
        return WAYS[way](adapter.replace(meta=meta), episode)

    began = time.perf_counter()
    compiled = jax.jit(value_and_grad).lower(adapter.meta, episode).compile()
    seconds = time.perf_counter() - began
    return compiled, temp_bytes(compiled), seconds


def temp_bytes(compiled: jax.stages.Compiled) -> int:
    """What a compiled program asks for besides its arguments and results."""
    analysis = compiled.memory_analysis()
    assert analysis is not None, "XLA's CPU and GPU backends know what a program asks for."
    return int(analysis.temp_size_in_bytes)


def _interleaved(calls: dict[str, Callable], meta: MetaParams, episode: Episode, repeats: int) -> dict[str, float]:
    meta, episode = jax.device_put((meta, episode))
    samples: dict[str, list[float]] = {way: [] for way in calls}
    for repeat in range(repeats + 1):
        for way, call in calls.items():
            began = time.perf_counter()
            jax.block_until_ready(call(meta, episode))
            if repeat > 0:  # the first call warms up
                samples[way].append(time.perf_counter() - began)
    return {way: statistics.median(times) for way, times in samples.items()}


def _repeated(episode: Episode, num_tasks: int) -> Episode:
    tasks = episode.support.x.shape[0]
    return jax.tree.map(lambda leaf: np.asarray(leaf)[np.arange(num_tasks) % tasks], episode)
