"""A Parquet file, or a pandas frame, as the text cells that its CSV would have."""

import io
from typing import TYPE_CHECKING

from maml_engine.runtime.extras import brought_by

if TYPE_CHECKING:
    import pandas as pd

PARQUET = b"PAR1"  # how such a file begins
MAX_UNPACKED = 8  # times the bytes that a file may have


def read_parquet(content: bytes, max_bytes: int, max_rows: int, max_columns: int) -> "pd.DataFrame":
    """A Parquet file's cells, rows counted from 2; judged by what it says of itself before it is unpacked.

    Args:
      content: the file's bytes.
      max_bytes: it may hold so many cells, and `MAX_UNPACKED` times so many bytes: a small file may hold a huge table.
      max_rows: it may hold so many rows.
      max_columns: it may hold so many columns.

    Raises:
      ValueError: one sentence with what it holds, or that it cannot be read.
    """
    with brought_by("tables"):
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
        with brought_by("tables"):
            frame = file.read().to_pandas(ignore_metadata=True)
    except (pyarrow.ArrowException, OSError) as error:
        raise ValueError(f"The file begins like Parquet but cannot be read ({str(error).splitlines()[0][:80]}).") from None
    return as_text(frame)


def as_text(frame: "pd.DataFrame") -> "pd.DataFrame":
    """Every cell as a CSV would write it, "" where it is missing; rows are counted from 2."""
    import pandas as pd

    def text(place: int) -> "pd.Series":
        column = frame.iloc[:, place]
        missing = column.isna()
        if pd.api.types.is_bool_dtype(column):
            column = column.map({True: "true", False: "false"})
        elif pd.api.types.is_float_dtype(column):
            column = column.map(lambda value: repr(float(value)).removesuffix(".0"))
        return column.astype(str).str.strip().mask(missing, "")

    table = pd.concat([text(place) for place in range(frame.shape[1])], axis=1)
    return table.set_axis(range(2, len(table) + 2), axis=0)
