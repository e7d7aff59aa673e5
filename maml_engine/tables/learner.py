"""What a verdict leaves behind: the best predictor found, which adapts to a few rows of a new task and says how sure it is."""

import csv
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from maml_engine import learner as single
from maml_engine.checks import listed, shown
from maml_engine.experiment.saved import text_or_none
from maml_engine.io.arrays import StorageError, load_arrays, pack_arrays, text_digest, write_together
from maml_engine.io.read_csv import read_bytes
from maml_engine.io.sheet import Sheet, read_sheet
from maml_engine.learner import Prediction
from maml_engine.runtime.extras import brought_by
from maml_engine.tables.baselines import Pooled
from maml_engine.tables.encoding import Encoding
from maml_engine.tables.functions import Powers
from maml_engine.tables.network_ensemble import NetworkEnsemble
from maml_engine.tables.saved import described, restored
from maml_engine.tables.task_arrays import Predictor, TaskArrays

TABLE_FILE, ENSEMBLE_FILE = "table.json", "ensemble.safetensors"
VERSION = 2
SLOPE = 3.3  # spreads that a target moves over an input's range where it hangs on nothing else: so the interval opens beyond
MAX_SUPPORT, MAX_HEADER = 200, 20_000


@dataclass(frozen=True, eq=False)
class KnownTasks:
    """What training has seen of each task, at most as many rows as a support may have.

    column: that names them.
    names: of the tasks.
    ends: `[tasks]`, where each one's rows end.
    x: `[rows, in_dim]`, all tasks' rows one after the other.
    y: `[rows, outputs]`.
    """

    column: str
    names: tuple[str, ...]
    ends: np.ndarray
    x: np.ndarray
    y: np.ndarray

    @classmethod
    def of(cls, column: str, names: tuple[str, ...], arrays: TaskArrays) -> "KnownTasks":
        """Of tasks whose names stand in a column."""
        x, y = arrays.rows()
        return cls(column, names, np.cumsum(arrays.is_row.sum(axis=1)), x, y)

    def rows(self, name: str) -> tuple[np.ndarray, np.ndarray]:
        """`[n, in_dim]` and `[n, outputs]` of a task; none where training has not seen it."""
        place = self.names.index(name) if name in self.names else None
        own = slice(0, 0) if place is None else slice(self.ends[place - 1] if place else 0, self.ends[place])
        return self.x[own], self.y[own]


@dataclass(frozen=True, eq=False)
class TableLearner:
    """What predicts best, with the columns, scales and categories of its table. `Learner.load(folder)` opens what `save` wrote.

    encoding: from cells to numbers.
    predictor: one way of predicting or a blend of several, fitted on all tasks.
    shots: `[n]`, support rows that were judged.
    widths: `[n]`, half the width of an interval in units of its scale, for each of `shots`.
    floors: `[n]`, variance that the scale has beside the predictor's own, for each of `shots`.
    nominal: the share of rows that an interval is to hold.
    known: what training has seen of each task; None in learners of before.
    """

    encoding: Encoding
    predictor: Predictor
    shots: np.ndarray
    widths: np.ndarray
    floors: np.ndarray
    nominal: float = 0.9
    known: KnownTasks | None = None

    @property
    def columns(self) -> tuple[str, ...]:
        """Input columns, in the order of the table."""
        return tuple(code.name for code in self.encoding.inputs)

    def adapt_rows(self, rows: Any) -> "AdaptedTable":
        """Adapts to the support rows of one task; with no rows what is predicted is what holds for any task.

        Rows without a target are left out; an input that is missing is filled as in training. Where the rows have the column
        that named the tasks in training, and it names one that training has seen, what is known of that task counts as well;
        an empty name is that of a new task.

        Args:
          rows: a `Sheet`, a CSV's bytes or path, a pandas frame, or a dict of columns; inputs and the target by name.

        Raises:
          ValueError: columns that do not fit, named; cells that are no numbers, with row and column; too many rows.
        """
        sheet = as_sheet(rows)
        sheet.check_columns([*self.columns, self.encoding.target])
        sheet = sheet.take(~sheet.missing(self.encoding.target))
        x, y = self.encoding.encode_inputs(sheet), self.encoding.targets(self.encoding.encode_target(sheet))
        if len(x) > MAX_SUPPORT:
            raise ValueError(f"The support must have 0 to {MAX_SUPPORT} rows, got {len(x)}.")
        seen_x, seen_y = self._seen(as_sheet(rows))
        is_new = ~_rows_among(np.concatenate([x, y], axis=1), np.concatenate([seen_x, seen_y], axis=1))
        return AdaptedTable(self, np.concatenate([x[is_new], seen_x]), np.concatenate([y[is_new], seen_y]))

    def _seen(self, sheet: Sheet) -> tuple[np.ndarray, np.ndarray]:
        """What training has seen of the task that the rows name, `[n, in_dim]` and `[n, outputs]`."""
        nothing = np.zeros((0, self.encoding.in_dim)), np.zeros((0, self.encoding.out_dim))
        if self.known is None or self.known.column not in sheet.names:
            return nothing
        column = self.known.column
        names = dict.fromkeys(sheet.text(column)[~sheet.missing(column)])
        if len(names) > 1:
            few = listed([*map(shown, names)], most=5)
            raise ValueError(f"The support must be of one task, but column {shown(column)} names {len(names)}: {few}.")
        return self.known.rows(next(iter(names))) if names else nothing

    def half(self, variance: np.ndarray, k: int) -> np.ndarray:
        """Half an interval's width, `[...]`, where the predictor has this variance from `k` support rows.

        Of other numbers of rows than those that were judged it is that of the nearest.
        """
        at = np.argmin(np.abs(self.shots - k))
        return self.widths[at] * np.sqrt(variance + self.floors[at])

    def parts(self) -> tuple[str, dict[str, np.ndarray]]:
        """What `save` writes: a description in JSON, and arrays `[...]` by name."""
        arrays: dict[str, np.ndarray] = {"shots": self.shots, "widths": self.widths, "floors": self.floors}
        described_predictor = described(self.predictor, arrays)
        facts = {"version": VERSION, "encoding": self.encoding.to_values(), "nominal": self.nominal}
        facts |= {"predictor": described_predictor}
        if self.known is not None:
            arrays |= {"known.ends": self.known.ends, "known.x": self.known.x, "known.y": self.known.y}
            facts |= {"tasks": {"column": self.known.column, "names": self.known.names}}
        return json.dumps(facts, indent=1, default=list), arrays

    def save(self, folder: str | Path) -> None:
        """Writes the folder that `Learner.load` opens: arrays, and a description of the table.

        The arrays take their place first and carry the description as well: a kill between the two leaves this learner.

        Raises:
          StorageError: the disk is full, or writing is not allowed.
        """
        folder, (content, arrays) = Path(folder), self.parts()
        facts, beside = {"description": content}, text_or_none(folder / TABLE_FILE)
        if beside is not None and beside != content:
            facts["replaces"] = text_digest(beside)  # what lies there until the second file has its place
        ensemble = pack_arrays(arrays, facts)
        write_together({folder / ENSEMBLE_FILE: ensemble, folder / TABLE_FILE: content.encode()})

    @classmethod
    def open(cls, folder: str | Path) -> "TableLearner":
        """The inverse of `save`. Nothing is executed: arrays come from safetensors, the rest from JSON.

        Raises:
          StorageError: cut off, altered, or not a table's learner.
        """
        path = Path(folder) / ENSEMBLE_FILE
        arrays, facts = load_arrays(path)
        try:
            beside = (Path(folder) / TABLE_FILE).read_text(encoding="utf-8")
            if beside != facts["description"] and text_digest(beside) != facts.get("replaces"):
                raise StorageError(f"{Path(folder) / TABLE_FILE} was changed after the learner beside it was saved.")
            values = json.loads(facts["description"])
            encoding = Encoding.from_values(values["encoding"])
            if values["version"] == 1:
                return cls._of_before(facts, arrays, encoding, path)
            predictor = restored(values["predictor"], arrays, path)
            known, tasks = None, values.get("tasks")
            if tasks is not None:
                rows = (arrays[f"known.{name}"] for name in ("ends", "x", "y"))
                known = KnownTasks(tasks["column"], tuple(tasks["names"]), *rows)
            shots = arrays["shots"]
            floors = arrays["floors"] if "floors" in arrays else np.full(len(shots), values["floor"])
            return cls(encoding, predictor, shots, arrays["widths"], floors, values["nominal"], known)
        except (OSError, KeyError, TypeError, UnicodeDecodeError, json.JSONDecodeError) as error:
            raise StorageError(f"{folder} is not a table's learner: {error}.") from None

    @classmethod
    def _of_before(cls, facts: dict, arrays: dict[str, np.ndarray], encoding: Encoding, path: Path) -> "TableLearner":
        """What version 1 held: networks about a pooled fit."""
        experiment = json.loads(facts["description"])["experiment"]
        own = {"experiment": experiment, "unit": facts["unit"], "members": facts["members"], "setting": ""}
        pooled = Pooled(int(arrays["powers"].sum(axis=1).max()), 0.0, Powers(arrays["powers"]), arrays["coefficients"])
        sizes = {"in_dim": encoding.in_dim, "out_dim": encoding.out_dim}
        networks = NetworkEnsemble.from_values(own | sizes, arrays, pooled, path)
        floors = np.full(len(arrays["shots"]), facts["floor"])
        return cls(encoding, networks, arrays["shots"], arrays["widths"], floors, facts["nominal"])


@dataclass(frozen=True, eq=False)
class AdaptedTable:
    """A learner with what is known of one task.

    learner: what predicts.
    x: `[k, in_dim]`, inputs of the known rows; NaN where one is missing.
    y: `[k, outputs]`, their targets.
    """

    learner: TableLearner
    x: np.ndarray
    y: np.ndarray

    @property
    def k(self) -> int:
        """How many rows are known."""
        return len(self.x)

    def predict_rows(self, rows: Any) -> Prediction:
        """Predictions of `[n, 1]` in the target's own units (a log is undone), with the interval `nominal` wide.

        For classes: their names, without one.

        Args:
          rows: as for `adapt_rows`, the inputs alone.

        Raises:
          ValueError: columns that do not fit, or cells that cannot be read, named.
        """
        learner, sheet = self.learner, as_sheet(rows)
        x = learner.encoding.filled(np.concatenate([self.x, learner.encoding.encode_inputs(sheet)]))
        y = np.zeros((len(x), self.y.shape[1]))
        y[: self.k] = self.y
        task = TaskArrays(x[None], y[None], np.ones((1, len(x)), bool), np.arange(len(x))[None, None])
        mean, variance = (part[0, 0, self.k :] for part in learner.predictor.predictive(task, self.k))
        if learner.encoding.classes:
            return Prediction(np.array(learner.encoding.classes, object)[mean.argmax(axis=1)][:, None])
        half = learner.half(variance, self.k)[:, None]
        half = half + SLOPE * learner.encoding.reach(sheet)[:, None]
        return Prediction(*map(learner.encoding.decode_target, (mean, mean - half, mean + half)))

    def prediction_columns(self, rows: Any) -> dict[str, np.ndarray]:
        """`[n]` each: inputs as they were written, predictions under the target's name, for a number its "_low" and "_high"."""
        sheet = as_sheet(rows)
        prediction, target = self.predict_rows(sheet), self.learner.encoding.target
        columns = {name: sheet.text(name) for name in self.learner.columns} | {target: prediction.mean[:, 0]}
        if prediction.low is not None and prediction.high is not None:
            columns |= {f"{target}_low": prediction.low[:, 0], f"{target}_high": prediction.high[:, 0]}
        return columns


def _rows_among(rows: np.ndarray, others: np.ndarray) -> np.ndarray:
    """`[n]`, which rows `[n, columns]` are one of the others, `[m, columns]`; NaN is like NaN."""
    seen = {row.tobytes() for row in np.ascontiguousarray(others)}
    return np.array([row.tobytes() in seen for row in np.ascontiguousarray(rows)], bool)


def as_sheet(rows: Any) -> Sheet:
    """Rows in whatever form they came, of which there may be none below the header."""
    if isinstance(rows, Sheet):
        return rows
    with brought_by("tables"):
        import pandas as pd
    if isinstance(rows, dict | pd.DataFrame):
        frame = pd.DataFrame(rows)
        return Sheet.from_frame(frame, fewest_columns=1) if len(frame) else Sheet(frame.astype(str), "")
    content = read_bytes(rows)
    header = content[:MAX_HEADER].decode("utf-8-sig", errors="replace").strip().splitlines()
    if len(header) == 1 and len(content) < MAX_HEADER and not content.startswith(b"PAR1"):
        mark = max(",;\t", key=header[0].count)
        return Sheet(pd.DataFrame(columns=[name.strip() for name in next(csv.reader(header, delimiter=mark))], dtype=str), "")
    return read_sheet(content, fewest_columns=1)


single.OPENERS[TABLE_FILE] = TableLearner.open
