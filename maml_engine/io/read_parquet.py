"""A Parquet file, or a pandas frame, as the text cells that its CSV would have."""

import io
from typing import TYPE_CHECKING

import numpy as np

from maml_engine.checks import listed, shown
from maml_engine.runtime.extras import brought_by

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow

PARQUET = b"PAR1"  # how such a file begins
MAX_UNPACKED = 8  # times the bytes that a file may have
INDEX = "__index_level_"  # how pandas calls row labels that have no name


def read_parquet(content: bytes, max_bytes: int, *, max_rows: int, max_columns: int, notes: list[str]) -> "pd.DataFrame":
    """A Parquet file's cells, rows counted from 2; judged by what it says of itself before it is unpacked.

    Fields of a structure become columns of their own; what holds lists or bytes is left out, and said.

    Args:
      content: the file's bytes.
      max_bytes: it may hold so many cells, and `MAX_UNPACKED` times so many bytes: a small file may hold a huge table.
      max_rows: it may hold so many rows.
      max_columns: it may hold so many columns.
      notes: takes one sentence for each thing that was left out.

    Raises:
      ValueError: one sentence with what it holds, or that it cannot be read.
    """
    with brought_by("tables"):
        import pandas as pd
        import pyarrow
        import pyarrow.parquet

    try:
        file = pyarrow.parquet.ParquetFile(io.BytesIO(content))
        facts = file.metadata
        size = sum(facts.row_group(group).total_byte_size for group in range(facts.num_row_groups))
        is_large = size > MAX_UNPACKED * max_bytes or facts.num_rows * facts.num_columns > max_bytes
        if facts.num_rows > max_rows or facts.num_columns > max_columns or is_large:
            raise ValueError(
                f"The Parquet file must hold at most {max_rows:,} rows, {max_columns:,} columns and {max_bytes:,} cells, "
                f"got {facts.num_rows:,} rows and {facts.num_columns:,} columns ({size / 1e6:,.6g} MB unpacked)."
            )
        table = file.read()
        while any(pyarrow.types.is_struct(column.type) for column in table.schema):
            table = table.flatten()
        columns = [_as_text(table.column(place)) for place in range(table.num_columns)]
    except (pyarrow.ArrowException, OSError) as error:
        raise ValueError(f"The file begins like Parquet but cannot be read ({str(error).splitlines()[0][:80]}).") from None
    left_out = [shown(name) for name, cells in zip(table.column_names, columns, strict=True) if cells is None]
    if left_out:
        notes.append(f"Columns of lists or bytes were left out: {listed(left_out)}.")
    kept = [(name, cells) for name, cells in zip(table.column_names, columns, strict=True) if cells is not None]
    frame = pd.DataFrame(dict(enumerate(cells for _, cells in kept)), index=range(2, table.num_rows + 2), dtype=str)
    return frame.set_axis(["" if name.startswith(INDEX) else name for name, _ in kept], axis=1)


def _as_text(column: "pyarrow.ChunkedArray") -> np.ndarray | None:
    """A column's cells, `[rows]`, "" where they are missing; None where they are no text, number or time."""
    import pyarrow
    import pyarrow.compute

    kinds = pyarrow.types
    if isinstance(column.type, pyarrow.BaseExtensionType):
        column = pyarrow.chunked_array([chunk.storage for chunk in column.chunks], column.type.storage_type)
    if kinds.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    kind = column.type
    if kinds.is_nested(kind) or kinds.is_binary(kind) or kinds.is_large_binary(kind) or kinds.is_fixed_size_binary(kind):
        return None
    if kinds.is_floating(kind):
        return _spelt(column.to_numpy())
    if kinds.is_decimal(kind):
        column = pyarrow.compute.cast(column, pyarrow.float64())
        return _spelt(column.to_numpy())
    if kinds.is_duration(kind):  # in seconds: a duration has no calendar
        unit = {"s": 1.0, "ms": 1e3, "us": 1e6, "ns": 1e9}[kind.unit]
        return _spelt(pyarrow.compute.cast(column.cast(pyarrow.int64()), pyarrow.float64()).to_numpy() / unit)
    if kinds.is_boolean(kind):
        names = pyarrow.array(["false", "true"])
        column = pyarrow.compute.take(names, column.cast(pyarrow.int8()))
    text = pyarrow.compute.fill_null(column.cast(pyarrow.string()), "").to_pandas().astype(str).str.strip()
    if kinds.is_temporal(kind):
        text = text.str.replace(r"\.0+(?=$|[Z+-])", "", regex=True)
    return text.to_numpy(object)


def _spelt(values: np.ndarray) -> np.ndarray:
    """Numbers as a program writes them, in as few digits as tell them apart; "" for NaN."""
    return np.array(["" if np.isnan(value) else str(value).removesuffix(".0") for value in values], object)


def as_text(frame: "pd.DataFrame") -> "pd.DataFrame":
    """Every cell as a CSV would write it, "" where it is missing; rows are counted from 2."""
    import pandas as pd

    def text(place: int) -> "pd.Series":
        column = frame.iloc[:, place]
        missing = column.isna()
        if pd.api.types.is_bool_dtype(column) or (column.dtype == object and column[~missing].map(type).eq(bool).all()):
            column = column.map({True: "true", False: "false"})
        elif pd.api.types.is_float_dtype(column):
            column = column.map(lambda value: str(value).removesuffix(".0"))
        elif pd.api.types.is_timedelta64_dtype(column):
            column = column.dt.total_seconds().map(lambda value: str(value).removesuffix(".0"))
        return column.astype(str).str.strip().mask(missing, "")

    table = pd.concat([text(place) for place in range(frame.shape[1])], axis=1)
    return table.set_axis(range(2, len(table) + 2), axis=0)
