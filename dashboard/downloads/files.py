"""Bytes for a download button: a learner, curves, a figure, its numbers. In memory."""

import csv
import io
import tempfile
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from dashboard.jobs import Snapshot
from maml_engine import Learner
from maml_engine.io.write_csv import escape_cell, row_writer
from maml_engine.runtime.paths import home_folder

if TYPE_CHECKING:
    from dashboard.figures.plain import Figure
    from maml_engine.tables import TableLearner


def learner_zip(learner: "Learner | TableLearner", beside: Mapping[str, bytes] | None = None) -> bytes:
    """The learner's folder, to be unpacked and opened with `Learner.load`.

    Args:
      learner: of a run, or of a table.
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
    rows = row_writer(content)
    rows.writerow(["iteration", "curve", "step", "loss"])
    for iteration, loss, mean in snapshot.history.tolist():
        rows.writerow([int(iteration), "meta_loss", "", repr(loss)])
        rows.writerow([int(iteration), "meta_loss_mean", "", repr(mean)])
    for iteration, curve in zip(snapshot.curve_iterations.tolist(), np.asarray(snapshot.curves).tolist(), strict=True):
        for step, loss in enumerate(curve):
            rows.writerow([iteration, "held_out", step, repr(loss)])
    return content.getvalue()


def figure_html(figure: "Figure") -> str:
    """The figure as a page of its own, which needs no network."""
    return figure.to_html(include_plotlyjs=True, full_html=True)


def figure_csv(figure: "Figure") -> str:
    """The numbers that a figure draws, one row a point: its trace, its panel where there are several, x, y, and z of a map.

    Columns have the titles of the axes where all traces share them. Error bars are half-widths, downwards and upwards.
    """
    if figure.data and figure.data[0].type == "parcoords":
        return _parallel_axes_csv(figure.data[0])
    traces = [_trace_columns(trace, number) for number, trace in enumerate(figure.data, 1)]
    panels = list(dict.fromkeys(trace["panel"][0] for trace in traces if trace["panel"]))
    extra = [part for part in ("z", *_ERROR_BARS) if any(part in trace for trace in traces)]
    wanted = ["trace", *(["panel"] if len(panels) > 1 else []), "x", "y", *extra]
    titles = {}
    if len(panels) == 1:
        titles = {axis: (figure.layout[f"{axis}axis"].title.text or axis).replace("<br>", " ") for axis in ("x", "y")}
    content = io.StringIO()
    rows = row_writer(content)
    rows.writerow([_safe(titles.get(name, name)) for name in wanted])
    for trace in traces:
        length = len(trace["trace"])
        rows.writerows(
            map(_safe, row)
            for row in zip(*(trace.get(name, [""] * length) for name in wanted), strict=True)
            if any(value != "" for value in row[wanted.index("x") :])  # a gap in a line
        )
    return content.getvalue()


def _parallel_axes_csv(trace: Any) -> str:
    """A column for each of parallel axes and a row for each line across them, as the trace's own data has them."""
    content = io.StringIO()
    rows = row_writer(content)
    rows.writerow([_safe(dimension.label) for dimension in trace.dimensions])
    rows.writerows([_safe("" if cell is None else cell) for cell in row] for row in trace.customdata)
    return content.getvalue()


def figures_csv(figures: Mapping[Any, "Figure"]) -> str:
    """The numbers of a figure that can be switched: those of each choice, which is the first column where there are several."""
    texts = {str(choice): figure_csv(figure) for choice, figure in figures.items()}
    if len(texts) == 1:
        return next(iter(texts.values()))
    content = io.StringIO()
    rows = row_writer(content)
    for place, (choice, text) in enumerate(texts.items()):
        header, *points = csv.reader(io.StringIO(text))
        if not place:
            rows.writerow(["shown", *header])
        rows.writerows([_safe(choice), *point] for point in points)
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
