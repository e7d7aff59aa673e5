"""A table as it was written: text cells by column, whatever file they came in."""

from dataclasses import dataclass

import numpy as np

from maml_engine.tasks.read_csv import MAX_BYTES, Source

MOST_COLUMNS = 1000


@dataclass(frozen=True, eq=False)
class Sheet:
    """Cells as text.

    names: of the columns, each its own. cells: by name, `[rows]` of str, stripped. places: `[rows]`, each row's number as a
    spreadsheet counts (the header is row 1). digest: SHA-256 of the file. notes: one sentence for each thing that reading mended.
    """

    names: tuple[str, ...]
    cells: dict[str, np.ndarray]
    places: np.ndarray
    digest: str
    decimal_comma: bool = False
    notes: tuple[str, ...] = ()

    def numbers(self, name: str) -> np.ndarray:
        """`[rows]` float64; NaN where a cell is empty, says that a value is missing, or is no number."""
        raise NotImplementedError

    def kind(self, name: str) -> str:
        """What most cells of a column are: "number", "date", "text" or "empty"."""
        raise NotImplementedError

    def to_csv(self) -> bytes:
        """The sheet as a UTF-8 CSV; text that a spreadsheet would take for a formula is escaped."""
        raise NotImplementedError


def read_sheet(source: Source, max_bytes: int = MAX_BYTES) -> Sheet:
    """Reads a CSV (commas, semicolons or tabs; decimal points or commas; UTF-8, UTF-16 or Latin-1) or a Parquet file.

    Raises:
      ValueError: one sentence with the row or column and what to do.
    """
    raise NotImplementedError
