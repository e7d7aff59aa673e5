"""What Your tasks asks of a learner in use; no streamlit, since the engine's own processes import it."""

from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from dashboard.engine_calls.cache import cached
from maml_engine.learner import Prediction
from maml_engine.tables import TableLearner
from maml_engine.tables.learner import as_sheet

Columns = dict[str, list[Any]]


class Predictions(NamedTuple):
    """What is predicted for the rows of a new task that are asked for.

    mean: the predictions, `[asked]`.
    low: where their intervals begin, `[asked]`; the same array as `mean` where there are none.
    high: where they end, `[asked]`.
    curve: of a table with one input x, mean, low and high along a grid, `[GRID]` each; else None.
    beyond: one sentence for each column in which rows lie beyond the table.
    """

    mean: np.ndarray
    low: np.ndarray
    high: np.ndarray
    curve: tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray] | None
    beyond: tuple[str, ...] = ()


@cached
def predicted(learner: TableLearner, known: Columns, asked: Columns, x: np.ndarray | None) -> Predictions:
    """What a learner makes of the rows of a task.

    Args:
      learner: what adapts.
      known: the rows to which it does, with the target.
      asked: the rows that are predicted.
      x: where a curve is drawn over the one input, `[GRID]`; None for none.
    """
    adapted = learner.adapt_rows(pd.DataFrame(known))
    name, rows = next(iter(asked)), pd.DataFrame(asked)
    mean, low, high = _flat(adapted.predict_rows(rows)) if len(rows) else (np.zeros(0),) * 3
    curve = None if x is None else (x, *_flat(adapted.predict_rows(pd.DataFrame({name: x}))))
    beyond = learner.encoding.beyond(as_sheet(rows)) if len(rows) else ()
    return Predictions(mean, low, high, curve, tuple(beyond))


def _flat(prediction: Prediction) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    mean = np.asarray(prediction.mean).reshape(len(prediction.mean), -1)[:, 0]
    sides = (mean if side is None else np.asarray(side)[:, 0] for side in (prediction.low, prediction.high))
    return (mean, *sides)
