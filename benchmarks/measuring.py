"""Rows as processes that take turns, and what their times say."""

import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from benchmarks.problem import Problem, gradient_error

ROOT = Path(__file__).resolve().parents[1]
PEERS = ROOT / "benchmarks" / ".venv" / "bin" / "python"
TOLERANCE = 1e-4
REFERENCE = "engine"


@dataclass
class Timing:
    """One row on one problem with one number of threads.

    row: its name.
    problem: what it computes.
    threads: "1" or "all".
    seconds: of a meta-step, one number a repeat.
    error: of its meta-gradient against the engine's, relative.
    facts: versions, seconds to prepare, peak memory.
    failed: why there are no times; "" where there are.
    """

    row: str
    problem: Problem
    threads: str
    seconds: list[float] = field(default_factory=list)
    error: float = float("nan")
    facts: dict = field(default_factory=dict)
    failed: str = ""

    @property
    def median(self) -> float:
        """NaN where the row failed."""
        return statistics.median(self.seconds) if self.seconds else float("nan")

    @property
    def spread(self) -> float:
        """Between the quartiles, as a share of the median."""
        if len(self.seconds) < 4:
            return float("nan")
        low, _, high = statistics.quantiles(self.seconds, n=4)
        return (high - low) / self.median


class RowProcess:
    """A row under way."""

    def __init__(self, row: str, problem: Problem, threads: str, gradient_file: Path):
        self.gradient_file, self.process = gradient_file, None
        is_ours = row.startswith(("engine", "tutorial"))
        python, module = (sys.executable, "benchmarks.jax_rows") if is_ours else (str(PEERS), "benchmarks.torch_rows")
        self.command = [python, "-m", module, row, problem.to_json(), str(gradient_file)]
        self.environment = os.environ | ({} if threads == "all" else {"NPROC": threads, "ROW_THREADS": threads})

    def start(self) -> dict:
        """Prepares the row; what it says of itself.

        Raises:
          RuntimeError: it cannot be had here, or it ended; its last words.
        """
        if not Path(self.command[0]).is_file():
            raise RuntimeError("not installed: `make bench` does that")
        self.log = tempfile.TemporaryFile("w+")  # noqa: SIM115 (closed by `end`)
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": self.log, "text": True}
        self.process = subprocess.Popen(self.command, cwd=ROOT, env=self.environment, **pipes)
        return self.answer()

    def end(self) -> None:
        """Whatever state it is in."""
        if self.process is None:
            return
        self.process.stdin.close()
        self.process.terminate()
        self.process.wait(30)
        self.log.close()

    def answer(self) -> dict:
        """The next line.

        Raises:
          RuntimeError: the row ended; its last words.
        """
        line = self.process.stdout.readline()
        if line:
            return json.loads(line)
        self.log.seek(0)
        words = [line.strip() for line in self.log.read().splitlines() if line.strip()]
        raise RuntimeError(words[-1][:200] if words else "ended without a word")

    def measure(self, seconds: float) -> dict:
        """One repeat."""
        self.process.stdin.write(f"measure {seconds}\n")
        self.process.stdin.flush()
        return self.answer()


def measure(rows: Sequence[tuple[str, str]], problem: Problem, *, repeats: int, seconds: float) -> list[Timing]:
    """All rows on one problem: prepared one after the other, compared, then measured in turns.

    Args:
      rows: pairs (row, threads), "1" or "all". The engine with the same order of gradient must be among them: the others'
        meta-gradients are held to its own, and a row that differs by more than `TOLERANCE` is not timed.
      problem: what they compute.
      repeats: of each row.
      seconds: that each repeat takes, at least.
    """
    print(f"... {problem.name}: {len(rows)} rows", file=sys.stderr, flush=True)  # a group takes minutes before its table comes
    timings = [Timing(row, problem, threads) for row, threads in rows]
    with tempfile.TemporaryDirectory() as folder:
        processes = []
        try:
            for place, timing in enumerate(timings):
                process = RowProcess(timing.row, problem, timing.threads, Path(folder) / f"{place}.npz")
                processes.append(process)
                try:
                    timing.facts = process.start()
                except RuntimeError as error:
                    timing.failed = str(error)
            _compare(timings, processes)
            for _ in range(repeats):
                for timing, process in zip(timings, processes, strict=True):
                    if not timing.failed:
                        measured = process.measure(seconds)
                        timing.seconds.append(measured.pop("seconds_per_step"))
                        timing.facts |= measured
        finally:
            for process in processes:
                process.end()
    return timings


def _compare(timings: list[Timing], processes: list[RowProcess]) -> None:
    reference = next(p.gradient_file for t, p in zip(timings, processes, strict=True) if t.row == REFERENCE and not t.failed)
    for timing, process in zip(timings, processes, strict=True):
        if timing.failed:
            continue
        timing.error = gradient_error(process.gradient_file, reference, timing.problem.kind)
        if not timing.error <= TOLERANCE:
            timing.failed = f"its meta-gradient differs from the engine's by {timing.error:.1e}, so it is not timed"


def ratio(slower: Timing, faster: Timing, *, resamples: int = 2000) -> tuple[float, float, float]:
    """How many times as long `slower` takes, by medians, with a 95 % bootstrap interval over the repeats."""
    if not (slower.seconds and faster.seconds):
        return (float("nan"),) * 3
    rng = np.random.default_rng(0)
    draws = [np.median(rng.choice(np.array(t.seconds), (resamples, len(t.seconds))), axis=1) for t in (slower, faster)]
    low, high = np.quantile(draws[0] / draws[1], [0.025, 0.975])
    return slower.median / faster.median, float(low), float(high)


def best(timings: Sequence[Timing], prefix: str) -> Timing | None:
    """The fastest of a peer's settings and thread numbers; None where none has a time."""
    with_times = [timing for timing in timings if timing.row.startswith(prefix) and timing.seconds]
    return min(with_times, key=lambda timing: timing.median, default=None)


def percentile_95(times: Sequence[float]) -> float:
    """Of at least one time; one that was measured, not between two."""
    return sorted(times)[min(len(times) - 1, int(0.95 * len(times)))]


def save(content: dict, folder: str, name: str) -> None:
    """Writes what was measured as JSON into a folder, which is made where it is not there."""
    place = Path(folder)
    place.mkdir(parents=True, exist_ok=True)
    (place / name).write_text(json.dumps(content, indent=1) + "\n")
