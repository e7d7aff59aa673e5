"""`maml adapt`: from a few rows of a new task to predictions."""

import csv
import io
import sys
from argparse import Namespace
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from maml_engine.cli.exit_codes import DIVERGED, DONE
from maml_engine.core.labels import takes_labels
from maml_engine.experiment.fields import parse_number
from maml_engine.io.arrays import write_whole
from maml_engine.io.read_csv import read_bytes
from maml_engine.io.sheet import read_sheet
from maml_engine.learner import Learner
from maml_engine.tables import TableLearner, table_csv
from maml_engine.tables.learner import as_sheet


def adapt(options: Namespace) -> int:
    """Adapts to the support file and writes the query's inputs and predictions (or classes) as CSV, in the files' units.

    Where the method says how sure it is, the ends of its 90 % intervals follow, as `_low` and `_high`.
    """
    learner = Learner.load(options.folder)
    if isinstance(learner, TableLearner):
        return _adapt_table(learner, options)
    inputs, target = column_names(learner)
    log = learner.experiment.log
    # Whatever was typed: `learner.adapt` refuses what is no number of steps.
    inner_steps: Any = None if options.inner_steps is None else parse_number(options.inner_steps)

    support = read_sheet(options.support, columns=(*inputs, target))
    query = read_sheet(options.predict, columns=inputs)
    support_x, support_y = (support.matrix(names, log) for names in (inputs, [target]))
    adapted = learner.adapt(support_x, support_y[:, 0], inner_steps)
    predicted = adapted.predict(query.matrix(inputs, log))
    outputs = [part.astype(np.float64) for part in predicted if part is not None]
    is_class = takes_labels(learner.loss_fn) and bool(np.isfinite(outputs).all())
    predictions = np.stack([part.argmax(axis=1) if is_class else part[:, 0] for part in outputs], axis=1)
    if not np.isfinite(predictions).all():
        print("error: Adapting diverged: its predictions are no finite numbers; lower `inner_steps`.", file=sys.stderr)
        return DIVERGED
    if target in log:
        predictions = np.exp(predictions)
    header = [*inputs, target, f"{target}_low", f"{target}_high"][: len(inputs) + len(outputs)]
    write_text(_as_csv(query.matrix(inputs), header, predictions), options.out)
    return DONE


def _adapt_table(learner: TableLearner, options: Namespace) -> int:
    """The same for a table's learner: its columns are read as its table's were, and predictions have their interval."""
    if options.inner_steps is not None:
        raise ValueError(f"`--inner-steps` must be left out: this learner adapts as it was judged, got {options.inner_steps}.")
    adapted = learner.adapt_rows(read_bytes(options.support))
    query = as_sheet(read_bytes(options.predict))
    for sentence in learner.encoding.beyond(query):
        print(f"warning: {sentence}", file=sys.stderr)
    write_text(table_csv(adapted.prediction_columns(query)).decode(), options.out)
    return DONE


def write_text(content: str, out: str | None) -> None:
    """Writes what a command found into a file, or to standard output where none is named."""
    if out is None:
        print(content, end="")
    else:
        write_whole(Path(out), content.encode())


def column_names(learner: Learner) -> tuple[tuple[str, ...], str]:
    """Input columns and target column of a task's file: a table's own; else x (x1, x2, ... where there are several) and y.

    Raises:
      ValueError: rows that are no vectors, or several targets.
    """
    experiment = learner.experiment
    if experiment.tasks == "table":
        return experiment.inputs, experiment.target
    if len(learner.x_rows.shape) != 1 or (learner.out_dim > 1 and not takes_labels(learner.loss_fn)):
        raise ValueError(
            f"A file can hold inputs of shape [inputs] and one target, this learner's are {list(learner.x_rows.shape)} and "
            f"{learner.out_dim}: adapt it in Python, Learner.load(folder).adapt(x, y)."
        )
    return ("x",) if learner.in_dim == 1 else tuple(f"x{place}" for place in range(1, learner.in_dim + 1)), "y"


def _as_csv(x: np.ndarray, header: Sequence[str], predictions: np.ndarray) -> str:
    file = io.StringIO(newline="")
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(header)
    for row, prediction in zip(x, predictions, strict=True):
        writer.writerow([*(f"{value:.12g}" for value in row), *(f"{value:.7g}" for value in prediction)])
    return file.getvalue()
