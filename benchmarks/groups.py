"""What is measured: groups of tables, each a function from the effort to text and numbers."""

import itertools
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from benchmarks.machine import peak_flops
from benchmarks.measuring import ROOT, Timing, best, measure, ratio
from benchmarks.problem import Problem

PEERS = ("torch.compile", "torch.func", "TorchOpt", "higher", "autograd loop")
COMPILED = ("torch.compile", "torch.compile, cpp_wrapper", "torch.compile, max-autotune")
OURS = ("engine", "engine, own loop", "engine, one step a call", "engine, plain", "tutorial")
SHARED = ("engine, a device a core", "1")  # a row, and the threads of a device
SLOW = ("torch.func", "TorchOpt", "higher", "autograd loop")


@dataclass(frozen=True)
class Effort:
    """How long to measure.

    repeats: of each row.
    seconds: of each repeat, at least.
    quick: fewer sizes and settings, for a look.
    """

    repeats: int = 20
    seconds: float = 0.3
    quick: bool = False


@dataclass(frozen=True)
class Group:
    """What a group of tables found.

    text: lines for reading.
    timings: for JSON.
    figures: single numbers by name.
    """

    text: list[str]
    timings: list[Timing]
    figures: dict[str, float]


def step(effort: Effort) -> Group:
    """The tutorial's meta-step for K = 1, 5, 10 at both orders, every row, and ratios to the engine."""
    text, timings, figures = [], [], {}
    for inner_steps, second_order in itertools.product((1,) if effort.quick else (1, 5, 10), (True, False)):
        problem = Problem(inner_steps=inner_steps, second_order=second_order)
        compiled = COMPILED[:1] if effort.quick or inner_steps > 1 else COMPILED
        ours = OURS if second_order else ("engine", "engine, own loop", "engine, one step a call", "tutorial")
        peers = [*compiled, *SLOW] if second_order else [*compiled, "torch.func", "higher", "autograd loop"]
        rows = [(row, threads) for row in (*ours, *peers) for threads in (("1",) if row in SLOW[1:] else ("1", "all"))]
        some = measure(rows, problem, repeats=effort.repeats, seconds=effort.seconds)
        timings += some
        text += _table(problem, some)
        figures |= _against_targets(problem, some)
        if second_order and inner_steps == 1:
            figures |= _headline(some)
            text += _share_of_peak(problem, best(some, "engine"), figures)
    return Group(text, timings, figures)


def tasks(effort: Effort) -> Group:
    """25 to 4 000 tasks, with one thread and with all."""
    sizes = (25, 400) if effort.quick else (25, 100, 400, 1000, 4000)
    return _grid([Problem(tasks=size) for size in sizes], effort, lambda problem: problem.tasks, "tasks")


def widths(effort: Effort) -> Group:
    """Hidden layers of 40 to 1 024 units."""
    sizes = (40, 256) if effort.quick else (40, 128, 512, 1024)
    return _grid([Problem(width=size) for size in sizes], effort, lambda problem: problem.width, "width")


def steps(effort: Effort) -> Group:
    """1 to 50 inner steps: time and temporary memory of each way to the gradient."""
    sizes = (1, 10) if effort.quick else (1, 2, 5, 10, 20, 50)
    ways = ("engine", "engine, plain", "engine, mixed", "engine, checkpointed")
    text, timings, slopes = ["", "Growth with the inner steps (25 tasks, width 40; one thread)"], [], {}
    for order, rows in ((True, ways), (False, ("engine",))):
        found = {row: [] for row in rows}
        for size in sizes:
            problem = Problem(inner_steps=size, second_order=order)
            some = measure([(row, "1") for row in rows], problem, repeats=max(3, effort.repeats // 4), seconds=effort.seconds)
            timings += some
            for timing in some:
                found[timing.row].append((size, timing.median, timing.facts.get("temp_mb", float("nan"))))
        for row, cells in found.items():
            name = row if order else "first order"
            slopes[name] = _slope(*zip(*[cell[:2] for cell in cells], strict=True))
            listed = "  ".join(f"K={k}: {1e6 * s:,.0f} us, {mb:.2f} MB" for k, s, mb in cells)
            text.append(f"  {name:<22} {listed}  (time grows with the power {slopes[name]:.2f})")
    return Group(text, timings, {f"power of K, {name}": slope for name, slope in slopes.items()})


def conv4(effort: Effort) -> Group:
    """Omniglot-sized steps: 5-way 1-shot, 8 tasks; and the temporary memory of 50 inner steps."""
    text, timings, figures = [], [], {}
    width = 64
    for second_order in (True, False):
        problem = Problem("conv4", tasks=8, shots=1, width=width, inner_lr=0.4, second_order=second_order)
        ours = ("engine", "engine, plain") if second_order else ("engine",)
        peers = ("autograd loop", "torch.func", "torch.func, norm written out")
        rows = [SHARED, *((row, threads) for row in (*ours, *peers) for threads in ("1", "all"))]
        some = measure(rows, problem, repeats=max(5, effort.repeats // 2), seconds=effort.seconds)
        timings += some
        text += _table(problem, some)
        if second_order and (mine := best(some, "engine")) and (loop := best(some, "autograd loop")):
            figures["Conv4, engine over the autograd loop"] = mine.median / loop.median
    if not effort.quick:
        memory, text_of_memory = _conv4_memory(width)
        text += text_of_memory
        figures |= memory
    return Group(text, timings, figures)


def start(effort: Effort) -> Group:
    """From an empty process to the first report, with an empty compilation cache and with a full one."""
    del effort
    script = (
        "import time; began = time.perf_counter()\n"
        "from maml_engine.runtime.compilation_cache import enable_compilation_cache; enable_compilation_cache()\n"
        "from maml_engine import Experiment, train; imported = time.perf_counter()\n"
        "report = next(train(Experiment())); ended = time.perf_counter(); import json, resource\n"
        "print(json.dumps({'import': imported - began, 'compile': report.compile_seconds, 'first report': ended - began,"
        " 'peak_mb': resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}))"
    )
    text, figures = ["", "From an empty process to the first report of the tutorial's run"], {}
    with tempfile.TemporaryDirectory() as home:
        for run in ("empty cache", "full cache"):
            found = _printed(script, os.environ | {"MAML_LAB_HOME": home})
            figures |= {f"{run}, {name}": value for name, value in found.items()}
            text.append(
                f"  {run}: import {found['import']:.2f} s, compile and first evaluation {found['compile']:.2f} s, first report "
                f"after {found['first report']:.2f} s, peak memory {found['peak_mb']:,.0f} MB"
            )
    return Group(text, [], figures)


def population(effort: Effort) -> Group:
    """Eight seeds as one program against one seed."""
    iterations = 500 if effort.quick else 2000
    script = (
        "import json\n"
        "from maml_engine import Experiment\n"
        "from maml_engine.training.population import train_population\n"
        f"runs = [Experiment(num_iterations={iterations}, seed=seed) for seed in range(8)]\n"
        "print(json.dumps({count: min(train_population(runs[:count]).seconds for _ in range(3)) for count in (1, 8)}))"
    )
    seconds = _printed(script)
    times = seconds["8"] / seconds["1"]
    text = ["", f"Eight seeds as one population: {times:.1f} times one seed ({iterations} iterations, sampling included)"]
    return Group(text, [], {"eight seeds over one": times})


GROUPS: dict[str, Callable[[Effort], Group]] = {
    "step": step, "conv4": conv4, "steps": steps, "tasks": tasks, "widths": widths, "population": population, "start": start,
}  # fmt: skip


def _table(problem: Problem, timings: Sequence[Timing]) -> list[str]:
    fastest = best(timings, "engine")
    lines = ["", problem.name, f"  {'row':<30}{'threads':>8}{'median':>12}{'minimum':>12}{'spread':>8}{'times the engine':>26}"]
    for timing in timings:
        if timing.failed:
            lines.append(f"  {timing.row:<30}{timing.threads:>8}  {timing.failed}")
            continue
        times, low, high = ratio(timing, fastest)
        lines.append(
            f"  {timing.row:<30}{timing.threads:>8}{1e6 * timing.median:>9,.0f} us{1e6 * min(timing.seconds):>9,.0f} us"
            f"{timing.spread:>8.0%}{f'{times:.2f} ({low:.2f} to {high:.2f})':>26}"
        )
    return lines


def _against_targets(problem: Problem, timings: Sequence[Timing]) -> dict[str, float]:
    """The engine's time over `torch.compile`'s, and one meta-step a call over many."""
    mine, own, peer = (best(timings, row) for row in ("engine", "engine, own loop", "torch.compile"))
    over = {"engine over torch.compile": (mine, peer), "one step a call over many": (own, mine)}
    return {f"{name}, {problem.name}": a.median / b.median for name, (a, b) in over.items() if a and b}


def _headline(timings: Sequence[Timing]) -> dict[str, float]:
    mine, figures = best(timings, "engine"), {"tutorial's step, us": 1e6 * best(timings, "engine").median}
    for peer in (*PEERS, "tutorial"):
        if theirs := best(timings, peer):
            figures[f"{peer} over the engine"] = theirs.median / mine.median
    return figures


def _share_of_peak(problem: Problem, timing: Timing, figures: dict[str, float]) -> list[str]:
    peaks = peak_flops()
    peak = max(peaks.values())
    share = problem.flops() / timing.median / peak
    figures |= {"share of one core's peak": share, "peak, GFLOP/s": peak / 1e9}
    listed = ", ".join(f"{name} {flops / 1e9:.0f}" for name, flops in peaks.items())
    return [
        f"  {problem.flops() / 1e6:.1f} MFLOP a step: {share:.0%} of one core's peak, {peak / 1e9:.0f} GFLOP/s on a product of "
        f"1024 x 1024 x 1024 ({listed})"
    ]


def _printed(script: str, environment: dict[str, str] | None = None) -> Any:
    """What a Python process of its own prints, as JSON."""
    command = [sys.executable, "-c", script]
    return json.loads(subprocess.run(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True, check=True).stdout)


def _grid(problems: Sequence[Problem], effort: Effort, size_of: Callable[[Problem], int], what: str) -> Group:
    text, timings, mine = [], [], []
    ours, peers = ("engine", "engine, plain"), ("torch.compile", "torch.func")
    rows = [SHARED, *((row, threads) for row in (*ours, *peers) for threads in ("1", "all"))]
    for problem in problems:
        some = measure(rows, problem, repeats=max(4, effort.repeats // 4), seconds=effort.seconds)
        timings += some
        text += _table(problem, some)
        mine.append((size_of(problem), best(some, "engine").median))
    slope = _slope(*zip(*mine, strict=True))
    text.append(f"  The engine's time grows with {what} to the power {slope:.2f}")
    peak = max(peak_flops().values())
    shares = {size: problem.flops() / seconds / peak for problem, (size, seconds) in zip(problems, mine, strict=True)}
    listed = ", ".join(f"{size}: {share:.0%}" for size, share in shares.items())
    text.append(f"  Share of one core's peak ({peak / 1e9:.0f} GFLOP/s) by {what}: {listed} (both cores count)")
    figures = {f"share of one core's peak, {what} {size}": share for size, share in shares.items()}
    return Group(text, timings, figures | {f"power of {what}": slope})


def _slope(sizes: Sequence[float], seconds: Sequence[float]) -> float:
    """The exponent of the power law that fits best; NaN for one size or a missing time."""
    return float(np.polyfit(np.log(sizes), np.log(seconds), 1)[0]) if len(sizes) > 1 else float("nan")


def _conv4_memory(width: int) -> tuple[dict[str, float], list[str]]:
    """Temporary bytes that the compiled meta-gradient asks for; nothing is run."""
    script = (
        f"import json\nfrom benchmarks.memory import conv4_megabytes\nprint(json.dumps(conv4_megabytes({width}, (10, 50))))"
    )
    megabytes = _printed(script)
    text = ["", f"Conv4, width {width}, 8 tasks: temporary memory of the compiled meta-gradient, MB"]
    for way, by_steps in megabytes.items():
        text.append(f"  {way:<22}" + "".join(f"{f'K = {k}: {mb:,.0f}':>18}" for k, mb in by_steps.items()))
    plain = megabytes["engine, plain"]["50"]
    figures = {f"Conv4 memory at K = 50, {way} over plain": by_steps["50"] / plain for way, by_steps in megabytes.items()}
    return figures, text
