"""Labels of classes at the edge: what a loss of classes cannot take is refused with what was found, before it becomes NaN."""

from typing import Any

import numpy as np
from jax.core import Tracer

from maml_engine.checks import listed
from maml_engine.core.episode import Batch
from maml_engine.core.losses import METRICS, LossFn
from maml_engine.core.row_kind import RowKind


def takes_labels(loss_fn: LossFn) -> bool:
    """Whether a loss is of classes: of labels from 0 on, or of one-hot rows."""
    return loss_fn in METRICS


def check_labels(name: str, batch: Batch, classes: int, *, axes: int = 1) -> None:
    """Refuses targets that are no classes; what JAX traces passes unjudged.

    Args:
      name: what the refusal calls them.
      batch: its targets are `[..., examples]` or `[..., examples, classes]`; those of weight 0 may be anything.
      classes: outputs of the network.
      axes: before a row's own, 1 for one task's `[examples]`, 2 for `[tasks, examples]`.

    Raises:
      ValueError: labels that are text, negative, not whole or too large, with those found; or rows that are no probabilities.
    """
    y: Any = batch.y
    if isinstance(y, Tracer) or isinstance(batch.weight, Tracer):
        return
    if classes < 2:
        raise ValueError(
            f"A loss of classes needs a network of at least 2 outputs and `{name}` of labels or one-hot rows, got 1 output."
        )
    rows = np.asarray(y)
    rows = rows.reshape(-1, *rows.shape[axes:]) if batch.weight is None else rows[np.asarray(batch.weight) > 0]
    if rows.ndim == 1 or rows.dtype.kind not in "iufb":
        _check_whole(name, rows, classes)
    elif rows.shape[1:] == (classes,) and not _are_probabilities(rows):
        raise ValueError(f"`{name}` must hold labels from 0 to {classes - 1} or one-hot rows, got rows such as {rows[0]}.")


def checked_targets(loss_fn: LossFn, kind: RowKind, y: Any, classes: int) -> np.ndarray:
    """One task's targets `[examples, ...]`; for a loss of classes labels `[examples]`, or one-hot rows.

    Args:
      loss_fn: what is to take them.
      kind: of the tasks' target rows.
      y: what was given.
      classes: outputs of the network.

    Raises:
      ValueError: as `RowKind.checked` and `check_labels`.
    """
    if not takes_labels(loss_fn):
        return kind.checked("y", y)
    if np.ndim(y) == 1 and np.asarray(y).dtype.kind in "OSU":
        _check_whole("y", np.asarray(y, dtype=str), classes)
    rows = (RowKind((), integer=True) if np.ndim(y) == 1 else kind).checked("y", y)
    check_labels("y", Batch(rows, rows), classes)
    return rows


def check_classes(name: str, loss_fn: LossFn, kind: RowKind, *, has_model: bool) -> None:
    """Refuses a loss of classes, called `name`, without classes: one sentence says what is missing.

    Args:
      name: of the loss.
      loss_fn: one number an example.
      kind: of the tasks' target rows.
      has_model: whether the caller brings the network, which then says how many classes there are.
    """
    if takes_labels(loss_fn) and kind.size == 1 and (kind.shape or not has_model):
        found = "one number a row" if kind.shape else "labels, which do not say how many classes there are"
        raise ValueError(
            f"`loss` {name!r} needs tasks with one-hot rows as targets, a table whose target column holds labels from 0 on, or "
            f"labels with a `model` that has an output for each class; these tasks have {found}."
        )


def _check_whole(name: str, labels: np.ndarray, classes: int) -> None:
    found = np.unique(labels)
    is_text = labels.dtype.kind not in "iufb"
    if is_text or not np.isin(found, np.arange(classes)).all():
        one_too_many = ": subtract 1" if not is_text and found[0] == 1 and found[-1] == classes else ""
        advice = ": number them, the same in every task" if is_text else one_too_many
        shown = listed([value.item() for value in found])
        raise ValueError(f"`{name}` must hold labels from 0 to {classes - 1}, whole numbers, got {shown}{advice}.")


def _are_probabilities(rows: np.ndarray) -> bool:
    return bool((rows >= 0).all() and np.allclose(rows.sum(axis=1), 1.0, atol=1e-3))
