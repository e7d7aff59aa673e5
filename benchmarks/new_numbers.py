"""`python -m benchmarks.new_numbers [--pages adapt,compare] [--changes 20] [--out FOLDER]`: what new numbers cost.

One visitor alone on a warm server. Before each change that is measured another control asks for what nobody has asked for
before (another seed, another place), so that no answer is at hand. By page and control: what the visitor waits, the server's
processor time, and how many programs JAX compiled meanwhile.
"""

import argparse
import random
import statistics
import sys
from collections.abc import Sequence
from typing import Any, NamedTuple

from benchmarks import machine, measuring
from benchmarks.visitors import Server, Visitor


class Place(NamedTuple):
    """Where a visitor asks for new numbers.

    page: its path, "" for the first one.
    query: of the link by which it is opened.
    renew: the key of a control that makes everything on the page new; "" where there is none.
    controls: keys of what is moved.
    """

    page: str
    query: str
    renew: str
    controls: tuple[str, ...]


PLACES = (
    Place("", "", "point_seed", ("shots", "point_noise", "point_seed", "sine_bench")),
    *(Place("learn", f"lesson={number}", "", ("sine_bench",)) for number in (1, 2, 8)),
    *(Place("learn", f"lesson={number}", "", ("parameter_plane",)) for number in (3, 4, 5, 7)),
    Place("learn", "lesson=6", "", ("learn_lr", "learn_steps")),
    Place("parameter_space", "", "parameter_plane", ("parameter_plane", "surface")),
    Place("parameter_space", "space=The+real+network", "slice_seed", ("slice_seed", "slice_steps")),
    Place("gradients", "", "seed", ("gradient_lr", "inner_steps", "meta_batch_size", "k_shot", "seed", "sine_bench")),
    Place("train", "", "seed", ("inner_lr", "hidden_dim", "seed")),
    Place("adapt", "", "task_seed", ("adapt_shots", "adapt_lr", "task_seed", "task_range", "sine_bench")),
    Place("compare", "", "seed", ("k_shot", "meta_batch_size", "hidden_dim", "seed", "look")),
    Place("pitfalls", "", "", ("pitfall_shots", "cell_lr", "cell_steps")),
    Place("your_tasks", "", "", ("example", "known_rows", "effort")),
)
# How far a number goes, where that is beyond 5.
MOST = {"meta_batch_size": 50, "k_shot": 80, "hidden_dim": 100}


def main() -> int:
    """Measures what the flags ask for, and writes it down."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.new_numbers", description=__doc__.splitlines()[0])
    parser.add_argument("--pages", default="", help="only these, by their paths; all where none is named")
    parser.add_argument("--changes", type=int, default=20, help="measured of each control")
    parser.add_argument("--out", default="benchmarks/results", help="folder for new_numbers.json")
    options = parser.parse_args()
    wanted = options.pages.split(",") if options.pages else [place.page for place in PLACES]
    places = [place for place in PLACES if (place.page or "home") in wanted or place.page in wanted]
    server = Server("streamlit_app.py", counts_compiling=True)
    try:
        visit(server, places, changes=8, choose=InTurn(1))  # everything has been used once
        print("| page | control | median | 95th | processor | programs compiled |\n|---|---|---|---|---|---|", flush=True)
        rows = visit(server, places, changes=options.changes, choose=random.Random(0), say=True)
    finally:
        server.stop()
    content = {"machine": machine.describe(), "rows": rows}
    measuring.save(content, options.out, "new_numbers.json")
    every = [time for row in rows for time in row["rerun_times_ms"]]
    middle, highest = statistics.median(every), measuring.percentile_95(every)
    print(f"all: median {middle:.0f} ms, 95th percentile {highest:.0f} ms, {len(every)} changes")
    return 0


class InTurn(random.Random):
    """Takes the choices that there are one after the other, so that each has been taken."""

    turn = 0

    def choice(self, seq: Sequence) -> Any:
        """The next one."""
        self.turn += 1
        return seq[self.turn % len(seq)]


def visit(server: Server, places: list[Place], *, changes: int, choose: random.Random, say: bool = False) -> list[dict]:
    """Moves every control of every place.

    Args:
      server: nobody else uses it.
      places: where.
      changes: of each control.
      choose: the values.
      say: whether to print a line a control.
    """
    rows = []
    for place in places:
        visitor = Visitor(server.port)
        visitor.open(place.page, place.query)
        visitor.rerun()
        for control in place.controls:
            times, cpu, compiled = [], [], []
            for _ in range(changes):
                if place.renew and control != place.renew and visitor.change(place.renew, choose):
                    visitor.rerun()
                if not visitor.change(control, choose, most=MOST.get(control, 5)):
                    print(f"{place.page}: no {control} there", file=sys.stderr)
                    break
                before, programs = server.cpu_seconds(), server.programs_compiled()
                times.append(1e3 * visitor.rerun())
                cpu.append(1e3 * (server.cpu_seconds() - before))
                compiled.append(server.programs_compiled() - programs)
            for error in visitor.exceptions:
                print(f"{place.page}, {control}: {error}", file=sys.stderr)
            visitor.exceptions.clear()
            if times:
                named = (place.page or "home") + (f"?{place.query}" if place.query else "")
                figures = {"page": named, "control": control, "rerun_times_ms": times, "cpu_ms": statistics.mean(cpu)}
                rows.append(figures | {"programs_compiled": sum(compiled)})
                if say:
                    print(row_of(rows[-1]), flush=True)
        visitor.close()
    return rows


def row_of(figures: dict) -> str:
    """A line of the table."""
    times = figures["rerun_times_ms"]
    waits = f"{statistics.median(times):.0f} ms | {measuring.percentile_95(times):.0f} ms | {figures['cpu_ms']:.0f} ms"
    return f"| {figures['page']} | {figures['control']} | {waits} | {figures['programs_compiled']} |"


if __name__ == "__main__":
    sys.exit(main())
