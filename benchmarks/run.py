"""`make bench`, or `python -m benchmarks.run [--quick] [--groups step,conv4] [--out FOLDER]`: the tables, as text and as JSON.

Each row is a process of its own; the rows of a table take turns; each meta-gradient is held to the engine's before anything is
timed; each row runs with one thread and, where that could help, with all; a peer's best setting is taken as its figure.
Sampling is in nobody's clock; gradient and Adam are in everybody's. "engine" makes many meta-steps a call, as training does;
"one step a call" is what the peers do, and "own loop" is `examples/own_loop.py`.
"""

import argparse
import dataclasses
import json
import sys
from pathlib import Path

from benchmarks import machine
from benchmarks.groups import GROUPS, Effort
from benchmarks.measuring import PEERS, Timing


def main() -> int:
    """Measures what the flags ask for, and writes it down group by group."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.run", description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="a few minutes: fewer repeats and sizes")
    parser.add_argument("--groups", default=",".join(GROUPS), help=f"some of {', '.join(GROUPS)}")
    parser.add_argument("--out", default="benchmarks/results", help="folder for bench.txt and bench.json")
    options = parser.parse_args()
    names = options.groups.split(",")
    if unknown := [name for name in names if name not in GROUPS]:
        parser.error(f"--groups must be some of {', '.join(GROUPS)}, got {', '.join(unknown)}")
    if not PEERS.is_file():
        print("No peers here (`make bench` installs them): their rows will say so.", file=sys.stderr)
    effort = Effort(repeats=6, seconds=0.15, quick=True) if options.quick else Effort()
    report = Report(Path(options.out))
    for name, value in machine.describe().items():
        report.say(f"{name}: {value}")
    for name in names:
        group = GROUPS[name](effort)
        report.add(name, group)
    return 0


class Report:
    """What has been measured so far: printed, and written after each group."""

    def __init__(self, folder: Path):
        self.folder, self.lines = folder, []
        self.content = {"machine": machine.describe(), "figures": {}, "timings": []}
        folder.mkdir(parents=True, exist_ok=True)

    def say(self, line: str) -> None:
        """One line."""
        print(line, flush=True)
        self.lines.append(line)

    def add(self, name: str, group) -> None:
        """A group's lines, timings and figures."""
        for line in group.text:
            self.say(line)
        self.content["figures"][name] = group.figures
        self.content["timings"] += [_plain(timing) for timing in group.timings]
        (self.folder / "bench.txt").write_text("\n".join(self.lines) + "\n")
        (self.folder / "bench.json").write_text(json.dumps(self.content, indent=1) + "\n")


def _plain(timing: Timing) -> dict:
    return dataclasses.asdict(timing) | {"median": timing.median, "spread": timing.spread}


if __name__ == "__main__":
    sys.exit(main())
