"""Bad input after bad input into a parser: what came of it, how long the slowest took, and what memory it left behind."""

import gc
import os
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

MAX_SECONDS, MAX_GROWTH_MB, MAX_REFUSAL = 2.0, 20.0, 1200
WARM = 0.2  # of the tries: before them code and tables are still being loaded


class Tries:
    """What came of all tries of one kind.

    id, what: of the figure.
    """

    def __init__(
        self,
        id: str,
        what: str,
        *,
        clock: Callable[[], float] = time.process_time,
        resident: Callable[[], float] | None = None,
    ):
        """Begins with none.

        Args:
          id: of the figure.
          what: of the figure.
          clock: seconds of a processor so far, of whoever parses.
          resident: its memory now, in megabytes; None is this process's.
        """
        self.id, self.what, self._clock, self._resident_mb = id, what, clock, resident or resident_mb
        self.tries, self.refused, self.slowest, self.slowest_seed = 0, 0, 0.0, ""
        self.problems: dict[str, list[str]] = {}
        self._resident: list[float] = []

    def one(self, parse: Callable[[], Any], seed: str | int) -> None:
        """Only a ValueError of one sentence may come out; `seed` is named where something else does."""
        began = self._clock()
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("error")
                parse()
        except ValueError as error:
            self.refused += 1
            if len(str(error).splitlines()) != 1 or len(str(error)) > MAX_REFUSAL:
                self.wrong(f"no sentence: {str(error)[:300]!r}", seed)
        except Exception as error:
            self.wrong(f"{type(error).__name__}: {str(error)[:200]}", seed)
        took = self._clock() - began
        if took > self.slowest:
            self.slowest, self.slowest_seed = took, str(seed)
        self.tries += 1
        self._resident.append(self._resident_mb())

    def wrong(self, problem: str, seed: str | int) -> None:
        """Counts what must not be."""
        self.problems.setdefault(problem, []).append(str(seed))

    def figure(self) -> dict[str, Any]:
        """As it is printed."""
        gc.collect()
        warm = self._resident[int(WARM * len(self._resident)) :]
        growth = self._resident_mb() - warm[0] if warm else 0.0
        failed = sum(map(len, self.problems.values())) + (self.slowest > MAX_SECONDS) + (growth > MAX_GROWTH_MB)
        return {
            "id": self.id,
            "what": self.what,
            "tries": self.tries,
            "refused": self.refused,
            "slowest_s": round(self.slowest, 2),
            "slowest_seed": self.slowest_seed,
            "growth_mb": round(growth, 1),
            "failed": failed,
            "problems": {problem: seeds[:5] for problem, seeds in list(self.problems.items())[:20]},
        }


def resident_mb() -> float:
    """Memory of this process now."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


def peak_of(function: Callable[[], Any]) -> tuple[float, float]:
    """Processor seconds of a call, and megabytes that it took at its highest beyond what was resident before."""
    Path("/proc/self/clear_refs").write_text("5")  # the peak begins anew
    before, began = resident_mb(), time.process_time()
    function()
    took = time.process_time() - began
    lines = Path("/proc/self/status").read_text().splitlines()
    peak = next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) * 1024 / 1e6
    return took, peak - before
