"""K1 and K2: a save killed, or refused by the disk, at every write-side system call that it makes.

A process with the shim imports everything once and forks for each case, which takes a fraction of a second. After a kill the
version before or the new one is opened, whole, by the shipped code, and the next save works. After an error there is one
sentence, nothing printed, nothing changed in memory, and the next save works in the same process. TensorStore writes from
threads, so the order of calls varies from case to case: a number of a call is not always the same call.
"""

import argparse
import importlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.faults.forks import forked
from benchmarks.faults.saved_things import KeptRun, SavedLearner, SavedRun, SavedTable, Thing, make_reports
from benchmarks.faults.shim import COUNT, ERRORS, KILLS, Shim, environment
from benchmarks.measuring import ROOT
from benchmarks.places import memory_folder

THINGS = {thing.name: thing for thing in (SavedLearner, SavedTable, SavedRun, KeptRun)}
FAULTS = KILLS | ERRORS
MODULES = ("orbax.checkpoint", "maml_engine.cli.run_folder", "maml_engine.tables", "dashboard.runs")  # once, for all forks


def measure(names: list[str], faults: list[str] | None = None, *, cases: int = 0) -> Iterator[dict[str, Any]]:
    """One figure for each thing, fault and beginning.

    Args:
      names: of `THINGS`.
      faults: of `KILLS` and `ERRORS`; None for all.
      cases: about how many calls of a save are tried, evenly spaced; 0 tries all.
    """
    # A kill of a process leaves the same in memory as on a disk.
    with tempfile.TemporaryDirectory(prefix="maml-lab-crash-", dir=memory_folder()) as folder:
        reports = Path(folder) / "reports.pickle"
        make_reports(reports)
        flags = [str(reports), "--cases", str(cases), "--things", *names, "--faults", *(faults or FAULTS)]
        command = [sys.executable, "-m", "benchmarks.faults.crash_points", *flags]
        with subprocess.Popen(command, cwd=ROOT, env=environment(), stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            yield from map(json.loads, process.stdout)
        if process.returncode:
            raise RuntimeError(f"the process that forks ended with {process.returncode}")


def figures(quick: bool) -> Iterator[dict[str, Any]]:
    """All things and faults."""
    return measure(list(THINGS), cases=3 if quick else 0)


class Cases:
    """All cases of one thing, begun with nothing there or with a version before."""

    def __init__(self, thing: Thing, folder: Path, *, faults: list[str], cases: int):
        self._thing, self._folder, self._faults, self._cases, self._shim = thing, folder, faults, cases, Shim()
        self._begun = {"first save": folder / "empty", "replacing": folder / "begun"}
        for place in self._begun.values():
            place.mkdir(parents=True)
        made = forked(lambda: thing.save(folder / "begun", 0))
        if made.problem:
            raise RuntimeError(made.problem)

    def figures(self) -> Iterator[dict[str, Any]]:
        """One for each fault and beginning."""
        for beginning, before in self._begun.items():
            for fault in self._faults:
                how, error = FAULTS[fault]
                began, cases, problems = time.monotonic(), 0, {}
                calls = self._calls(before)
                call = 1
                while call < 10 * calls:  # until a save comes to its end before the fault
                    attempt = self._killed if fault in KILLS else self._refused
                    hit, problem = attempt(before, how, call, error)
                    cases += hit
                    if problem:
                        problems.setdefault(problem, []).append(call)
                    if not hit and call > calls:
                        break
                    call += max(1, calls // self._cases) if self._cases else 1
                yield {
                    "id": "K1" if fault in KILLS else "K2",
                    "what": f"{self._thing.name}, {beginning}, {fault}",
                    "calls": calls,
                    "cases": cases,
                    "failed": sum(map(len, problems.values())),
                    "problems": {problem: at[:8] for problem, at in problems.items()},
                    "seconds": round(time.monotonic() - began, 1),
                }

    def _calls(self, before: Path) -> int:
        """How many there are when nothing goes wrong."""
        folder = self._copy(before)

        def count() -> int:
            self._shim.arm(folder, COUNT, 0)
            self._thing.save(folder, 1)
            return self._shim.disarm()

        return forked(count).result

    def _killed(self, before: Path, how: int, call: int, error: int) -> tuple[bool, str]:
        """Whether the kill came, and what is wrong afterwards."""
        folder, versions = self._copy(before), _versions(before)

        def save() -> None:
            self._shim.arm(folder, how, call, error)
            self._thing.save(folder, 1)

        saved = forked(save)

        def look() -> None:
            found = self._thing.offered(folder)
            assert found in versions, f"version {found} is offered"
            assert saved.killed or found == 1, "a save that ended is not offered"
            self._thing.save(folder, 2)
            assert self._thing.offered(folder) == 2, "the next save is not offered"

        looked = forked(look)
        return saved.killed, saved.problem or looked.problem or self._told(looked.printed)

    def _refused(self, before: Path, how: int, call: int, error: int) -> tuple[bool, str]:
        """Whether a call failed, and what is wrong then or afterwards."""
        folder, versions = self._copy(before), _versions(before)

        def save() -> bool:
            refusal = ""
            self._shim.arm(folder, how, call, error)
            try:
                self._thing.save(folder, 1)
            except ValueError as refused:
                refusal = str(refused)
            self._shim.disarm()
            fired = self._shim.fired
            found = self._thing.offered(folder)
            assert found in versions, f"version {found} is offered"
            if not refusal:
                assert found == 1, "a save that nobody refused is not offered"
            else:
                assert len(refusal.splitlines()) == 1 and len(refusal) < 400, f"not one sentence: {refusal}"
                if "unchanged" in refusal:
                    self._thing.unchanged(folder, before, refusal)
            self._thing.save(folder, 2)
            assert self._thing.offered(folder) == 2, "the next save is not offered"
            return fired

        saved = forked(save)
        return bool(saved.result) or bool(saved.problem), saved.problem or self._told(saved.printed)

    def _told(self, printed: str) -> str:
        """Whatever was printed but a line of the log is a problem: its last line."""
        lines = [line for line in printed.strip().splitlines() if not (self._thing.log and line.startswith(self._thing.log))]
        return f"printed {len(lines)} lines: {lines[-1][:200]}" if lines else ""

    def _copy(self, before: Path) -> Path:
        folder = self._folder / "case"
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(before, folder)
        return folder


def _versions(before: Path) -> tuple[int | None, int]:
    """What may be offered: the one before or the new one."""
    return (0 if any(before.iterdir()) else None), 1


def main() -> None:
    """In the process that has the shim."""
    parser = argparse.ArgumentParser()
    parser.add_argument("reports", type=Path)
    parser.add_argument("--cases", type=int, default=0)
    parser.add_argument("--things", nargs="+", choices=THINGS, default=list(THINGS))
    parser.add_argument("--faults", nargs="+", choices=FAULTS, default=list(FAULTS))
    options = parser.parse_args()
    for module in MODULES:
        importlib.import_module(module)

    for name in options.things:
        with tempfile.TemporaryDirectory(prefix="maml-lab-crash-", dir=memory_folder()) as folder:
            cases = Cases(THINGS[name](options.reports), Path(folder).resolve(), faults=options.faults, cases=options.cases)
            if len(os.listdir("/proc/self/task")) != 1:
                raise RuntimeError("this process has threads: a fork of it would not be whole")
            for figure in cases.figures():
                print(json.dumps(figure), flush=True)


if __name__ == "__main__":
    main()
