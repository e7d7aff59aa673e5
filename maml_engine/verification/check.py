"""What a check is: a claim that can be measured, and what one measurement of it found."""

import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class CheckResult:
    """One run of a check.

    name: of the check.
    error: in the check's unit.
    tolerance: the largest error allowed.
    seconds: wall time, compiling included.
    """

    name: str
    error: float
    tolerance: float
    seconds: float

    @property
    def ok(self) -> bool:
        """Whether the error is allowed; one that is no number is not."""
        return self.error <= self.tolerance


@dataclass(frozen=True)
class Check:
    """A claim that can be measured.

    name: by which `maml check` runs it.
    group: under which it is shown.
    title: what is compared.
    claim: what it means where it holds, one sentence.
    tolerance: the largest error allowed.
    measure: gives the error.
    unit: of the error.
    decides: whether a failure makes the numbers wrong; a time that is too long only makes them slow.
    """

    name: str
    group: str
    title: str
    claim: str
    tolerance: float
    measure: Callable[[], float]
    unit: str = "relative error"
    decides: bool = True

    def run(self) -> CheckResult:
        """Measures it, here and now."""
        began = time.perf_counter()
        error = float(self.measure())
        return CheckResult(self.name, error, self.tolerance, time.perf_counter() - began)
