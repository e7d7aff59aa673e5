"""Small tables that tests make, of tasks of uneven lengths."""

from maml_engine.tasks.table import Table

SMALL = {"task": "t", "inputs": ("x",), "target": "y", "k_shot": 2}
UNEVEN = {"a": 3, "b": 5, "c": 4, "d": 7, "e": 3, "f": 4, "g": 2}  # rows of each task; g is too small for 2 shots


def rows_of(**tasks: int) -> list[tuple[str, int, int]]:
    """Rows (task, x, y), every x its own, tasks interleaved."""
    turns = [(turn, name) for name, count in tasks.items() for turn in range(count)]
    return [(name, number, 1000 + number * number) for number, (_, name) in enumerate(sorted(turns), start=1)]


def csv_of(rows, header: str = "t,x,y", separator: str = ",") -> bytes:
    return "\n".join([header, *(separator.join(map(str, row)) for row in rows)]).encode()


def uneven(**options) -> Table:
    return Table.read(csv_of(rows_of(**UNEVEN)), **{**SMALL, **options})
