"""A run under way as bytes: what other processes show of it, and what one of them goes on from where its own has died."""

import dataclasses
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from dashboard.jobs.snapshot import History, Snapshot
from maml_engine import Experiment
from maml_engine.io.arrays import pack_arrays, parse_arrays
from maml_engine.training import Checkpoint

MAX_ROWS = 200  # of the history, for who looks
FACTS = (
    "status",
    "position",
    "seconds_to_start",
    "iteration",
    "iterations_per_second",
    "seconds",
    "seconds_left",
    "warning",
    "name",
)
_SOURCE = Path("what another process has said")


def packed_progress(snapshot: Snapshot) -> bytes:
    """A run as it is now, without its learners and with a shorter history."""
    stride = -(-len(snapshot.history) // MAX_ROWS) or 1
    arrays = {
        "history": snapshot.history[len(snapshot.history) - 1 :: -stride][::-1],
        "curve_iterations": np.asarray(snapshot.curve_iterations),
        "curves": np.asarray(snapshot.curves),
        "accuracies": np.asarray(snapshot.accuracies),
    }
    return pack_arrays(arrays, {name: getattr(snapshot, name) for name in FACTS})


def opened_progress(content: bytes, experiment: Experiment) -> Snapshot:
    """The inverse of `packed_progress`.

    Raises:
      ValueError: it was altered, or written by a newer MAML Lab.
    """
    arrays, facts = parse_arrays(content, _SOURCE)
    known = {spec.name for spec in dataclasses.fields(Snapshot)} - {"experiment"}
    if unknown := (arrays.keys() | facts.keys()) - known:
        raise ValueError(f"{_SOURCE} holds more than this MAML Lab knows: {', '.join(sorted(unknown))}.")
    return Snapshot(experiment, **facts, **arrays)


@dataclass(frozen=True, eq=False)
class Start:
    """From where a plain run goes on, and what was measured until there.

    checkpoint: the training's own.
    history: the meta-losses until there.
    curve_iterations: `[m]`, where the held-out loss was measured until there.
    curves: `[m, steps + 1]`, that loss.
    accuracies: `[m, steps + 1, 3]`, of pictures, as a snapshot has it; else empty.
    """

    checkpoint: Checkpoint
    history: History
    curve_iterations: np.ndarray
    curves: np.ndarray
    accuracies: np.ndarray = field(default_factory=lambda: np.zeros((0, 0, 3)))

    def measured(self) -> dict[str, Any]:
        """What is known of the run until there, by the names that a `Snapshot` and a `Run` of the library have for it."""
        return {
            "iteration": self.checkpoint.iteration,
            "seconds": self.checkpoint.seconds,
            "history": self.history.array(),
            "curve_iterations": self.curve_iterations,
            "curves": self.curves,
            "accuracies": self.accuracies,
        }

    def packed(self) -> bytes:
        """For another process."""
        arrays: dict[str, Any] = {
            "checkpoint": np.frombuffer(self.checkpoint.pack(), np.uint8),
            "history": self.history.array(),
            "pending": np.array(self.history.pending, float),
            "curve_iterations": self.curve_iterations,
            "curves": self.curves,
            "accuracies": self.accuracies,
        }
        return pack_arrays(arrays, {"stride": self.history.stride})

    @classmethod
    def opened(cls, content: bytes, experiment: Experiment) -> "Start":
        """The inverse of `packed`.

        Raises:
          ValueError: it is another run's, was altered, or is of another MAML Lab.
        """
        try:
            arrays, facts = parse_arrays(content, _SOURCE)
            checkpoint = Checkpoint.unpack(arrays["checkpoint"].tobytes(), _SOURCE)
            checkpoint.check_same_run(experiment)
            history = History()
            history.stride, history.iteration = facts["stride"], checkpoint.iteration
            history.rows = [(row[0], row[1], row[2]) for row in arrays["history"].tolist()]
            history.pending = arrays["pending"].tolist()
            measured = {name: arrays[name] for name in ("curve_iterations", "curves", "accuracies")}
            return cls(checkpoint, history, **measured)
        except (KeyError, TypeError, IndexError) as error:
            raise ValueError(f"{_SOURCE} is not a run to go on from: {error}.") from error
