"""`make faults`, or `python -m benchmarks.faults [--list] [--only K1,L2] [--quick]`: what is broken or crowded on purpose.

One JSON line a figure, then a table. The ids are those of the list in docs/benchmarks.md; what missed its target has a `failed`
that is not 0.
"""

import argparse
import importlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any, NamedTuple

from benchmarks.measuring import ROOT, save


class Part(NamedTuple):
    """What is measured together.

    ids: that its figures have.
    module: under `benchmarks.faults`, with a function `figures(quick)`.
    minutes: it takes on two quiet cores.
    """

    ids: str
    module: str
    minutes: int


PARTS = (
    Part("K1 K2", "crash_points", 35),
    Part("B1", "bad_inputs", 5),
    Part("B1", "bad_pages", 5),
    Part("B2", "bombs", 2),
    Part("B3", "learner_files", 2),
    Part("B4", "exports", 1),
    Part("L2", "leaving", 6),
    Part("L3", "returning", 8),
    Part("L4", "rush", 15),
    Part("L5", "neighbour", 7),
    Part("S1", "guessing", 12),
    Part("K3", "random_kills", 25),
)


def main() -> int:
    """Measures what the flags ask for."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.faults", description=__doc__.splitlines()[0])
    parser.add_argument("--list", action="store_true", help="what there is, and how long it takes")
    parser.add_argument("--all", action="store_true", help="everything, one after the other")
    parser.add_argument("--only", default="", help="ids, separated by commas")
    parser.add_argument("--quick", action="store_true", help="small numbers, to see that it works")
    parser.add_argument("--here", choices=[part.module for part in PARTS], help=argparse.SUPPRESS)
    parser.add_argument("--out", default="benchmarks/results", help="folder for faults.json")
    options = parser.parse_args()
    if options.here:
        for figure in importlib.import_module(f"benchmarks.faults.{options.here}").figures(options.quick):
            print(json.dumps(figure), flush=True)
        return 0
    asked = set(filter(None, options.only.split(",")))
    parts = [part for part in PARTS if options.all or asked & set(part.ids.split())]
    if options.list or not parts:
        for part in PARTS:
            print(f"{part.ids:12} {_about(part)}, about {part.minutes} minutes on two quiet cores")
        print(f"{'together':12} about {sum(part.minutes for part in PARTS)} minutes")
        return 0
    found = []
    for part in parts:
        print(f"... {part.ids}: {_about(part)}", file=sys.stderr, flush=True)
        for figure in _figures(part, options.quick):
            if not asked or figure["id"] in asked:
                print(json.dumps(figure), flush=True)
                found.append(figure)
    print(_table(found))
    save({"figures": found}, options.out, "faults.json")
    return int(any(figure["failed"] for figure in found))


def _figures(part: Part, quick: bool) -> Iterator[dict[str, Any]]:
    """From a process of its own; a part that breaks is a figure that failed, and the next one comes all the same."""
    began = time.monotonic()
    command = [sys.executable, "-m", "benchmarks.faults", "--here", part.module, *(["--quick"] if quick else [])]
    environment = os.environ | {"JAX_PLATFORMS": "cpu", "OPENBLAS_NUM_THREADS": "1"}  # one thread, so that it may fork
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield from map(json.loads, process.stdout)
    took = round(time.monotonic() - began)
    print(f"... {part.module}: {took} s", file=sys.stderr, flush=True)
    if process.returncode:
        yield {"id": part.ids.split()[0], "what": f"{part.module} broke", "failed": 1, "seconds": took, "problems": {}}


def _about(part: Part) -> str:
    """What a part's module says of itself, without the ids."""
    first = str(importlib.import_module(f"benchmarks.faults.{part.module}").__doc__).splitlines()[0]
    return first.partition(": ")[2].rstrip(".")


def _table(figures: list[dict[str, Any]]) -> str:
    lines = ["| id | what | measured | failed |", "|---|---|---|---|"]
    for figure in figures:
        rest = {name: value for name, value in figure.items() if name not in ("id", "what", "failed", "problems")}
        measured = ", ".join(f"{name} {value}" for name, value in rest.items())
        lines.append(f"| {figure['id']} | {figure['what']} | {measured} | {figure['failed']} |")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
