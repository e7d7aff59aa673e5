"""What a verdict leaves behind: an ensemble that adapts to a few rows of a new task and says how sure it is."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from maml_engine.learner import Prediction


@dataclass(frozen=True, eq=False)
class TableLearner:
    """An ensemble with the columns, scales and categories of its table. `Learner.load(folder)` opens what `save` wrote."""

    def adapt_rows(self, rows: Any) -> "AdaptedTable":
        """Adapts to the support rows of one task.

        Args:
          rows: a `Sheet`, a CSV's bytes or path, a pandas frame, or a dict of columns; inputs and the target by name.

        Raises:
          ValueError: columns that do not fit, named; or cells that are no numbers, with row and column.
        """
        raise NotImplementedError

    def save(self, folder: str | Path) -> None:
        """Writes the folder that `Learner.load` opens."""
        raise NotImplementedError


@dataclass(frozen=True, eq=False)
class AdaptedTable:
    """An ensemble adapted to one task."""

    def predict_rows(self, rows: Any) -> Prediction:
        """`mean`, `low`, `high` of `[n, 1]` in the target's own units (a log is undone), the interval `coverage` wide."""
        raise NotImplementedError
