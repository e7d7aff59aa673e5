"""The folder of a run: its checkpoint, learner and history, whole at any moment."""

import contextlib
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from tqdm import tqdm

from maml_engine.io.arrays import StorageError, load_arrays, remove, replace, save_arrays
from maml_engine.io.snapshots import newest_snapshot
from maml_engine.training import Checkpoint, Report

CHECKPOINT_FOLDER, HISTORY_FILE, HISTORY_AHEAD = "checkpoint", "history.safetensors", "history_of_next.safetensors"
HISTORY_FILES = (HISTORY_FILE, HISTORY_AHEAD)
SECONDS_BETWEEN_SAVES = 2.0


class RunFolder:
    """Where a run's snapshots are kept, if anywhere."""

    def __init__(self, path: str | None, iteration: int | None = None):
        """Finds out at once whether anything can be written there.

        Args:
          path: the folder; None keeps nothing.
          iteration: of the snapshot that this run finds there and goes on from; None where it begins anew.

        Raises:
          StorageError: nothing can be written there.
        """
        self.path = Path(path) if path else None
        self.iteration = iteration
        self._next_save = 0.0
        if self.path:
            _refuse_unwritable(self.path)
        self._last_seen = self._checkpoint_there()

    def keep(self, report: Report, losses: np.ndarray) -> None:
        """Writes the snapshot; after a kill between two files each is whole, and the checkpoint goes with its history.

        Args:
          report: of the run, with its checkpoint and learner.
          losses: `[iterations]`, the meta-losses since the run began; as many as `report` has iterations are kept.

        Raises:
          StorageError: the disk is full, writing is not allowed, or another run has written there.
        """
        if self.path is None or self.iteration == report.iteration:
            return
        if self._checkpoint_there() not in (None, self._last_seen):
            # A process that was stopped and wakes again must not undo what those that replaced it have done since.
            raise StorageError(f"Another run has written to {self.path} since this one did.")
        # The history goes ahead, and takes its place behind its checkpoint: whatever fails, each checkpoint has its own.
        history, ahead = {"meta_loss": losses[: report.iteration]}, self.path / HISTORY_AHEAD
        save_arrays(ahead, history, {"experiment": report.experiment.digest})
        try:
            report.checkpoint.save(self.path / CHECKPOINT_FOLDER)
        except StorageError:
            if self._checkpoint_there() == self._last_seen:
                with contextlib.suppress(StorageError):
                    remove(ahead)
            raise
        finally:
            self._last_seen = self._checkpoint_there()
        replace(self.path / HISTORY_FILE, by=ahead)
        report.result.save(self.path)
        self.iteration = report.iteration
        self._next_save = time.monotonic() + SECONDS_BETWEEN_SAVES

    def keep_now_and_then(self, report: Report, losses: np.ndarray, bar: tqdm) -> None:
        """Does what `keep` does, every two seconds; a disk that is full for a while does not end the run.

        Args:
          report: of the run.
          losses: `[iterations]`, the meta-losses since the run began.
          bar: above which a failure is printed.

        Raises:
          StorageError: the run is done and could not be kept.
        """
        if time.monotonic() < self._next_save and not report.done:
            return
        try:
            self.keep(report, losses)
        except StorageError as error:
            if report.done:
                raise
            bar.write(f"{error} Training goes on and will try again.", file=sys.stderr)
            self._next_save = time.monotonic() + 10 * SECONDS_BETWEEN_SAVES

    def where(self) -> str:
        """One sentence for somebody whose run has ended early: which snapshot is there, and how to go on."""
        if self.path is None:
            return "Nothing was kept, for want of --out FOLDER."
        if self.iteration is None:
            return f"Nothing was kept in {self.path} yet."
        return f"The snapshot of iteration {self.iteration} is in {self.path}: go on with --resume {self.path}."

    def _checkpoint_there(self) -> tuple[str, int] | None:
        """What distinguishes one snapshot from the next; None where there is none."""
        newest = newest_snapshot(self.path / CHECKPOINT_FOLDER) if self.path else None
        try:
            return newest and (newest.name, newest.stat().st_ino)
        except FileNotFoundError:  # another run has replaced it in this moment
            return None


def past_losses(folder: str, start: Checkpoint) -> np.ndarray:
    """Reads the meta-losses up to a checkpoint.

    Args:
      folder: of the run.
      start: its checkpoint.

    Returns:
      `[start.iteration]`; NaN where a loss was not kept.
    """
    # The first that is its own, else the first that there is.
    _, losses = max(histories(Path(folder), start), key=lambda one: one[0], default=(False, np.zeros(0, np.float32)))
    unknown = np.full(max(0, start.iteration - len(losses)), np.nan, np.float32)
    return np.concatenate([unknown, losses[: start.iteration]])


def histories(folder: Path, checkpoint: Checkpoint) -> list[tuple[bool, np.ndarray]]:
    """The histories that can be read in the folder of a run: whether each is a checkpoint's own, and its losses `[iterations]`.

    A history is the checkpoint's own where it is of the same run and reaches as far.
    """
    found = []
    for name in HISTORY_FILES:
        with contextlib.suppress(StorageError, KeyError):
            arrays, facts = load_arrays(folder / name)
            losses = arrays["meta_loss"]
            is_its_own = facts["experiment"] == checkpoint.experiment.digest and len(losses) >= checkpoint.iteration
            found.append((is_its_own, losses))
    return found


def _refuse_unwritable(folder: Path) -> None:
    """Before training rather than after it."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise StorageError(f"Could not write to {folder}: {error.strerror}.") from error
