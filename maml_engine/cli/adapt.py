"""`maml adapt`: from a few rows of a new task to predictions."""

import csv
import io
import sys
from argparse import Namespace
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from maml_engine.cli import DIVERGED, DONE
from maml_engine.experiment import Experiment
from maml_engine.experiment.fields import parse_number
from maml_engine.io.arrays import write_whole
from maml_engine.io.read_csv import read_bytes, read_columns
from maml_engine.learner import Learner
from maml_engine.tables import TableLearner, table_csv
from maml_engine.tables.learner import as_sheet


def adapt(options: Namespace) -> int:
    """Writes the query's inputs and the predictions as CSV, in the units of the files."""
    learner = Learner.load(options.folder)
    if isinstance(learner, TableLearner):
        return _adapt_table(learner, options)
    inputs, target = column_names(learner.experiment)
    log = learner.experiment.log
    inner_steps = None if options.inner_steps is None else parse_number(options.inner_steps)

    support = read_columns(read_bytes(options.support), numbers=(*inputs, target), log=log)
    content = read_bytes(options.predict)
    query = read_columns(content, numbers=inputs, log=[name for name in log if name in inputs])
    adapted = learner.adapt(_stacked(support, inputs), support[target], inner_steps)
    predictions = adapted(_stacked(query, inputs))[:, 0].astype(np.float64)
    if not np.isfinite(predictions).all():
        print("error: Adapting diverged: its predictions are no finite numbers; lower `inner_steps`.", file=sys.stderr)
        return DIVERGED
    if target in log:
        predictions = np.exp(predictions)
    _write(_as_csv(read_columns(content, numbers=inputs), inputs, target, predictions), options.out)
    return DONE


def _adapt_table(learner: TableLearner, options: Namespace) -> int:
    """The same for a table's learner: its columns are read as its table's were, and predictions have their interval."""
    if options.inner_steps is not None:
        steps = learner.experiment.inner_steps
        raise ValueError(f"`--inner-steps` must be left out: this learner was judged with {steps}, got {options.inner_steps}.")
    adapted = learner.adapt_rows(read_bytes(options.support))
    query = as_sheet(read_bytes(options.predict))
    _write(table_csv(adapted.prediction_columns(query)).decode(), options.out)
    return DONE


def _write(written: str, out: str | None) -> None:
    if out is None:
        print(written, end="")
    else:
        write_whole(Path(out), written.encode())


def column_names(experiment: Experiment) -> tuple[tuple[str, ...], str]:
    """Input columns and target column of a task's file: a table's own, x and y for a family of functions."""
    return (experiment.inputs, experiment.target) if experiment.tasks == "table" else (("x",), "y")


def _stacked(columns: Mapping[str, np.ndarray], names: Sequence[str]) -> np.ndarray:
    return np.stack([columns[name] for name in names], axis=1)


def _as_csv(columns: Mapping[str, np.ndarray], inputs: Sequence[str], target: str, predictions: np.ndarray) -> str:
    file = io.StringIO(newline="")
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow([*inputs, target])
    for *row, prediction in zip(*(columns[name] for name in inputs), predictions, strict=True):
        writer.writerow([*(f"{value:.12g}" for value in row), f"{prediction:.7g}"])
    return file.getvalue()
