"""What a run is resumed from: its state as named arrays, in memory, on disk or on the way to another process."""

import dataclasses
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from maml_engine.experiment import Experiment
from maml_engine.io.arrays import StorageError, pack_arrays, parse_arrays
from maml_engine.io.snapshots import read_snapshot, write_snapshot

FACTS = ("iteration", "best_iteration", "best_loss", "seconds")  # what a snapshot holds beside arrays and experiment


@dataclass(frozen=True)
class Checkpoint:
    """From where `train(experiment, start=checkpoint)` goes on bit for bit.

    experiment: the run.
    iteration: meta-iterations done.
    arrays: the state and the best meta-parameters so far, host copies by name, of the shapes `[...]` that these have.
    best_iteration: when the best were taken; -1 before the first evaluation.
    best_loss: their validation loss; infinite before the first evaluation.
    seconds: spent on meta-steps so far.
    """

    experiment: Experiment
    iteration: int
    arrays: dict[str, np.ndarray]
    best_iteration: int
    best_loss: float
    seconds: float

    def save(self, folder: str | Path) -> None:
        """Writes a snapshot, whole or not at all, in place of the one that is in the folder.

        Raises:
          StorageError: the disk is full, or writing is not allowed; the old snapshot is still there.
        """
        write_snapshot(Path(folder), self.arrays, self._facts())

    @classmethod
    def load(cls, folder: str | Path) -> "Checkpoint":
        """The inverse of `save`.

        Raises:
          StorageError: no snapshot, or it is cut off, altered, or not one of ours.
        """
        return cls._of(*read_snapshot(Path(folder)), Path(folder))

    def pack(self) -> bytes:
        """For another process."""
        return pack_arrays(self.arrays, self._facts())

    @classmethod
    def unpack(cls, content: bytes, source: Path) -> "Checkpoint":
        """The inverse of `pack`; `source` is named where it is refused."""
        return cls._of(*parse_arrays(content, source), source)

    def check_same_run(self, experiment: Experiment) -> None:
        """Refuses another run's experiment; a run may go on for longer, unless its meta step size depends on how long it is.

        Raises:
          ValueError: a field differs, named with both values.
        """
        free = {"num_iterations"} if experiment.meta_schedule == "constant" else set()
        for spec in dataclasses.fields(Experiment):
            mine, theirs = getattr(experiment, spec.name), getattr(self.experiment, spec.name)
            if spec.name not in free and mine != theirs:
                raise ValueError(f"The checkpoint is of another run: its `{spec.name}` is {theirs!r}, this one's is {mine!r}.")

    def _facts(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in FACTS} | {"experiment": self.experiment.to_json()}

    @classmethod
    def _of(cls, arrays: dict[str, np.ndarray], facts: dict[str, Any], source: Path) -> "Checkpoint":
        if facts.keys() != {"experiment", *FACTS}:
            raise StorageError(f"{source} is not a checkpoint: it holds {', '.join(sorted(facts))}.")
        experiment = Experiment.from_json(facts.pop("experiment"))
        return cls(experiment, arrays=arrays, **facts)
