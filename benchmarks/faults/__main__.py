"""`make faults`, or `python -m benchmarks.faults [--list] [--only K1,L2] [--quick]`: what is broken or crowded on purpose.

One JSON line a figure, then a table. The ids are those of the list in docs/benchmarks.md; what missed its target has a `failed`
that is not 0.
"""

import argparse
import importlib
import json
import sys
import time
from collections.abc import Iterator
from typing import Any, NamedTuple

from benchmarks.measuring import save


class Part(NamedTuple):
    """What is measured together.

    ids: that its figures have.
    module: under `benchmarks.faults`, with a function `figures(quick)`.
    minutes: it takes on two quiet cores.
    """

    ids: str
    module: str
    minutes: int


PARTS = (Part("K1 K2", "crash_points", 35),)


def main() -> int:
    """Measures what the flags ask for."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.faults", description=__doc__.splitlines()[0])
    parser.add_argument("--list", action="store_true", help="what there is, and how long it takes")
    parser.add_argument("--all", action="store_true", help="everything, one after the other")
    parser.add_argument("--only", default="", help="ids, separated by commas")
    parser.add_argument("--quick", action="store_true", help="small numbers, to see that it works")
    parser.add_argument("--out", default="benchmarks/results", help="folder for faults.json")
    options = parser.parse_args()
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
    """A part that breaks is a figure that failed, and the next one comes all the same."""
    began = time.monotonic()
    try:
        yield from importlib.import_module(f"benchmarks.faults.{part.module}").figures(quick)
    except Exception as error:
        what = f"{part.module} broke: {type(error).__name__}: {error}"
        yield {"id": part.ids.split()[0], "what": what, "failed": 1, "seconds": round(time.monotonic() - began, 1)}


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
