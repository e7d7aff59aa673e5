"""What one row of a task looks like: its shape, and whether it holds whole numbers."""

from typing import Any, NamedTuple

import numpy as np

from maml_engine.core.episode import float_type


class RowKind(NamedTuple):
    """One example's input or target, without the axis of examples.

    shape: of a row: `(in_dim,)` mostly, `(height, width, channels)` for images, `()` for a label.
    integer: whether it holds whole numbers (indices of an embedding, labels of classes), which are never scaled.
    """

    shape: tuple[int, ...]
    integer: bool = False

    @classmethod
    def of_tasks(cls, name: str, rows: Any) -> "RowKind":
        """Of the rows of many tasks, an array or its shape `[tasks, examples, ...]`.

        Raises:
          ValueError: several arrays, where there must be one.
        """
        check_one_array(name, rows)
        return cls(tuple(rows.shape[2:]), np.issubdtype(rows.dtype, np.integer))

    @property
    def size(self) -> int:
        """Of the last axis; 1 where there is none."""
        return self.shape[-1] if self.shape else 1

    @property
    def is_plain(self) -> bool:
        """Whether a row is a vector of real numbers."""
        return len(self.shape) == 1 and not self.integer

    def checked(self, name: str, value: Any) -> np.ndarray:
        """Rows `[rows, *shape]` (`[rows]` too where a row is one number), or a refusal that calls them `name`.

        Raises:
          ValueError: no numbers, another shape, values that are not finite, or not whole where they must be.
        """
        try:
            if value is None:  # NumPy makes a number of it
                raise TypeError
            rows = np.asarray(value, dtype=float if self.integer else float_type())
        except (TypeError, ValueError):
            raise ValueError(f"`{name}` must hold numbers, got {value!r:.60}.") from None
        rows = rows[:, None] if rows.ndim == 1 and self.shape == (1,) else rows
        if rows.ndim == 0 or rows.shape[1:] != self.shape:
            wanted = ", ".join(["rows", *map(str, self.shape)])
            raise ValueError(f"`{name}` must have the shape [{wanted}], got {list(rows.shape)}.")
        self._refuse(name, rows, ~np.isfinite(rows), "finite")
        if self.integer:
            self._refuse(name, rows, rows != np.round(rows), "whole")
            return rows.astype(np.int32)
        return rows

    @staticmethod
    def _refuse(name: str, rows: np.ndarray, is_bad: np.ndarray, wanted: str) -> None:
        if is_bad.any():
            row = int(np.argmax(is_bad.reshape(len(rows), -1).any(axis=1))) + 1
            raise ValueError(f"`{name}` must hold {wanted} numbers, got {rows[is_bad][0]} in row {row}.")


def check_one_array(name: str, rows: Any) -> None:
    """Refuses several arrays (a dictionary, a tuple) where the rows of a task are to be one."""
    if not hasattr(rows, "shape") or not hasattr(rows, "dtype"):
        if rows is None or (isinstance(rows, list) and not any(hasattr(part, "shape") for part in rows)):
            advice = "" if rows is None else ": jnp.asarray(...) makes one of it"
            raise ValueError(f"`{name}` must be one array of rows, got {type(rows).__name__}{advice}.")
        raise ValueError(
            f"`{name}` must be one array of rows, got {type(rows).__name__}: join several inputs or targets along the last "
            "axis, and take them apart in the network or in a loss of your own."
        )
