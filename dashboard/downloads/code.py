"""What a visitor takes home: the learner, the curves, a figure's numbers, the same run as a script or a notebook. In memory."""

import csv
import io
import json
import tempfile
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from dashboard.jobs import Snapshot
from maml_engine import Experiment, Learner
from maml_engine.runtime.paths import home_folder
from maml_engine.tables import escape_cell

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from maml_engine.tables import TableLearner


def learner_zip(learner: "Learner | TableLearner", beside: Mapping[str, bytes] | None = None) -> bytes:
    """The learner's folder, to be unpacked and opened with `Learner.load`.

    Args:
      beside: files by name that lie next to the folder.
    """
    content = io.BytesIO()
    with tempfile.TemporaryDirectory(prefix="maml-lab-") as folder:
        learner.save(folder)
        with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
            for path in sorted(Path(folder).iterdir()):
                archive.writestr(_entry(f"learner/{path.name}"), path.read_bytes())
            for name, rows in (beside or {}).items():
                archive.writestr(_entry(name), rows)
    return content.getvalue()


def _entry(name: str) -> zipfile.ZipInfo:
    """A file of no date, so that the same content gives the same bytes."""
    return zipfile.ZipInfo(name, (2000, 1, 1, 0, 0, 0))


def save(learner: "Learner | TableLearner", name: str) -> Path:
    """Writes the learner's folder among this machine's runs.

    Raises:
      StorageError: the disk is full, or writing is not allowed.
    """
    folder = home_folder() / "runs" / name
    learner.save(folder)
    return folder


def curves_csv(snapshot: Snapshot) -> str:
    """One row a measurement: `iteration, curve, step, loss`; `curve` is "meta_loss", "meta_loss_mean" or "held_out"."""
    content = io.StringIO()
    rows = csv.writer(content, lineterminator="\n")
    rows.writerow(["iteration", "curve", "step", "loss"])
    for iteration, loss, mean in snapshot.history.tolist():
        rows.writerow([int(iteration), "meta_loss", "", repr(loss)])
        rows.writerow([int(iteration), "meta_loss_mean", "", repr(mean)])
    for iteration, curve in zip(snapshot.curve_iterations.tolist(), np.asarray(snapshot.curves).tolist(), strict=True):
        for step, loss in enumerate(curve):
            rows.writerow([iteration, "held_out", step, repr(loss)])
    return content.getvalue()


def figure_html(figure: "go.Figure") -> str:
    """The figure as a page of its own, which needs no network."""
    return figure.to_html(include_plotlyjs=True, full_html=True)


def figure_csv(figure: "go.Figure") -> str:
    """The numbers that a figure draws, one row a point: its trace, its panel where there are several, x, y, and z of a map.

    Columns have the titles of the axes where all traces share them. Error bars are half-widths, downwards and upwards.
    """
    traces = [_trace_columns(trace, number) for number, trace in enumerate(figure.data, 1)]
    panels = list(dict.fromkeys(trace["panel"][0] for trace in traces if trace["panel"]))
    extra = [part for part in ("z", *_ERROR_BARS) if any(part in trace for trace in traces)]
    wanted = ["trace", *(["panel"] if len(panels) > 1 else []), "x", "y", *extra]
    titles = {}
    if len(panels) == 1:
        titles = {axis: (figure.layout[f"{axis}axis"].title.text or axis).replace("<br>", " ") for axis in ("x", "y")}
    content = io.StringIO()
    rows = csv.writer(content, lineterminator="\n")
    rows.writerow([_safe(titles.get(name, name)) for name in wanted])
    for trace in traces:
        length = len(trace["trace"])
        rows.writerows(
            map(_safe, row)
            for row in zip(*(trace.get(name, [""] * length) for name in wanted), strict=True)
            if any(value != "" for value in row[wanted.index("x") :])  # a gap in a line
        )
    return content.getvalue()


def _safe(cell: Any) -> Any:
    """A name may be a visitor's own, and must not become a formula; numbers keep all their digits."""
    return escape_cell(cell) if isinstance(cell, str) else cell


_ERROR_BARS = ("x below", "x above", "y below", "y above")


def _trace_columns(trace: Any, number: int) -> dict[str, list[Any]]:
    """Columns of equal length by name."""
    x, y, z = (_plain(getattr(trace, name, None)) for name in ("x", "y", "z"))
    if z and isinstance(z[0], list):  # a map: one row a cell
        cells = [(i, j) for i in range(len(z)) for j in range(len(z[i]))]
        columns = {
            "x": [x[j] if x else j for _, j in cells],
            "y": [y[i] if y else i for i, _ in cells],
            "z": [z[i][j] for i, j in cells],
        }
    else:
        length = max(len(x), len(y))
        columns = {"x": x or list(range(length)) if y else x, "y": y or [""] * length}
        for axis in ("x", "y"):
            errors = getattr(trace, f"error_{axis}", None)
            if errors is not None and errors.array is not None:
                above = _plain(errors.array)
                columns |= {f"{axis} below": _plain(errors.arrayminus) or above, f"{axis} above": above}
    length = len(columns["x"])
    name = trace.name or f"trace {number}"
    panel = f"{getattr(trace, 'xaxis', None) or 'x'}{getattr(trace, 'yaxis', None) or 'y'}"
    return {"trace": [name] * length, "panel": [panel] * length, **columns}


def _plain(values: Any) -> list[Any]:
    """A list of Python numbers and texts; what is missing or no number is empty."""
    if values is None:
        return []
    listed = np.asarray(values).tolist() if not isinstance(values, tuple | list) else list(values)

    def plain(value: Any) -> Any:
        if isinstance(value, list | tuple | np.ndarray):
            return [plain(part) for part in value]
        value = value.item() if isinstance(value, np.generic) else value
        return "" if value is None or value != value else value

    return [plain(value) for value in listed]


# A run as code: the same parts make the script and the notebook.


def script(experiment: Experiment) -> str:
    """The same run as a Python script that needs `maml_engine` alone."""
    is_table = experiment.tasks == "table"
    needs = "`maml_engine` and the table: python run.py FILE.csv" if is_table else "`maml_engine` alone: python run.py"
    opening = f'"""Run {experiment.digest} of MAML Lab. It needs {needs}"""'
    file = {"file": "sys.argv[1]", "first": "import sys\n\n"} if is_table else {}
    return "\n\n".join([opening, *_parts(experiment, **file)]) + "\n"


def notebook(experiment: Experiment) -> str:
    """The same run as a Jupyter notebook (nbformat 4.5) that needs `maml_engine` alone; a table's rows lie beside it."""
    is_table = experiment.tasks == "table"
    needs = "`maml_engine`, and the table as `table.csv` beside it" if is_table else "`maml_engine` alone"
    words = f"# Run {experiment.digest[:8]} of MAML Lab\n\nIt needs {needs}."
    file = {"file": '"table.csv"', "first": "import sys\n\n"} if is_table else {}
    cells = [{"cell_type": "markdown", "id": "about", "metadata": {}, "source": words.splitlines(keepends=True)}]
    for number, part in enumerate(_parts(experiment, **file), 1):
        source = part.splitlines(keepends=True)
        cell = {"cell_type": "code", "id": f"code-{number}", "metadata": {}, "execution_count": None, "outputs": []}
        cells.append(cell | {"source": source})
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    metadata = {"kernelspec": kernel, "language_info": {"name": "python"}}
    return json.dumps({"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}, indent=1) + "\n"


def _parts(experiment: Experiment, file: str = "", first: str = "") -> Iterator[str]:
    """Imports and description, then training, then evaluation. `file`: an expression for the table's path."""
    is_table = experiment.tasks == "table"
    changes = experiment.changes()
    arguments = "".join(f"    {name}={_literal(value)},\n" for name, value in changes.items())
    described = f"Experiment(\n{arguments})" if changes else "Experiment()  # the tutorial's own run"
    imports = f"{first}import jax\n\nfrom maml_engine import Experiment, evaluate, train"
    yield imports + ("\nfrom maml_engine.tasks.table import Table" if is_table else "")
    yield f"experiment = {described}"
    if is_table:
        yield _TABLE_PART.format(file=file, arguments=_table_arguments())
    tasks = ", tasks=table" if is_table else ""
    yield _TRAIN_PART.format(tasks=tasks)
    yield _EVALUATE_PART.format(tasks=tasks)


def _literal(value: object) -> str:
    """Python source for a field's value; `repr` escapes whatever a column may be called."""
    return repr(value)


def _table_arguments() -> str:
    names = ("task", "inputs", "target", "log", "k_shot", "seed")
    return ", ".join(f"{name}=experiment.{name}" for name in names)


_TABLE_PART = """file = {file}
table = Table.read(file, {arguments})
if table.digest != experiment.data:
    sys.exit(f"{{file}} is not the table of this run: its SHA-256 is {{table.digest}}.")"""

_TRAIN_PART = """for report in train(experiment{tasks}):
    print(f"iteration {{report.iteration:>7,}}  meta-loss {{report.meta_loss[-1]:.4f}}", flush=True)"""

_EVALUATE_PART = """learner = report.result
learner.save("learner")
for row in evaluate(learner, jax.random.key(1), k_shot=experiment.k_shot{tasks}).rows():
    print(row)"""
