"""A run as it is kept, and how its parts become a database's values and come back."""

import hashlib
import json
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from maml_engine import Experiment
from maml_engine.io.arrays import StorageError, pack_arrays, parse_arrays

UNDER_WAY = ("queued", "running")
ENDED = ("stopped", "done", "diverged", "failed")  # statuses of which nothing more will come
KINDS = ("train", "verdict", "comparison", "pictures")
MAX_NAME, MAX_NOTE, MAX_MESSAGE, MAX_RESULT = 80, 10_000, 2_000, 200_000  # characters
MAX_POINTS = 1000  # of the history
OPTIONAL = {"curves": ("accuracies",), "history": ()}  # arrays that not every run has


def now() -> datetime:
    """This moment, UTC."""
    return datetime.now(UTC)


@dataclass(frozen=True, eq=False, kw_only=True)
class Run:
    """A run as it is kept.

    id: cannot be guessed (`secrets.token_urlsafe(12)`); the job's, where a job made it.
    owner: who began it, as a digest of what only their browser knows.
    kind: one of `KINDS`.
    status: a job's word: "queued", "running", "stopped", "done", "diverged" or "failed".
    name: that its owner gave it; empty before.
    note: its owner's, likewise.
    message: why it ended, in a sentence; empty where all went well.
    created: when it was asked for, UTC.
    ended: when it ended, UTC; None before.
    experiment: the run, described; None where it is not one experiment, or of a newer MAML Lab.
    iteration: meta-iterations behind it.
    seconds: that it has taken.
    curve_iterations: `[m]`, where the held-out loss was measured.
    curves: `[m, steps + 1]`, the held-out loss there after each inner step.
    accuracies: `[m, steps + 1, 3]`, of pictures the share of right answers there, with its 95 % interval; else empty.
    history: `[n, 3]`, at most `MAX_POINTS` rows of iteration, meta-loss, mean since the row before; empty in a list of runs.
    result: what came out on tasks that were held out, as plain JSON.
    learner_digest: SHA-256 of the file with its learner; None where there is none.
    learner_bytes: how large that file is.
    """

    id: str
    owner: str
    kind: str = "train"
    status: str = "done"
    name: str = ""
    note: str = ""
    message: str = ""
    created: datetime = field(default_factory=now)
    ended: datetime | None = None
    experiment: Experiment | None = None
    iteration: int = 0
    seconds: float = 0.0
    curve_iterations: np.ndarray = field(default_factory=lambda: np.zeros(0, int))
    curves: np.ndarray = field(default_factory=lambda: np.zeros((0, 0)))
    accuracies: np.ndarray = field(default_factory=lambda: np.zeros((0, 0, 3)))
    history: np.ndarray = field(default_factory=lambda: np.zeros((0, 3)))
    result: Mapping[str, Any] = field(default_factory=dict)
    learner_digest: str | None = None
    learner_bytes: int = 0


def digest_of(content: bytes) -> str:
    """SHA-256 of a file with a learner."""
    return hashlib.sha256(content).hexdigest()


def cleaned(text: str, most: int) -> str:
    """A text of at most so many characters, without those that cannot be seen or that a database refuses; lines stay."""
    kept = (mark for mark in text[: 4 * most] if mark == "\n" or unicodedata.category(mark) not in ("Cc", "Cs", "Cn", "Co"))
    return "".join(kept)[:most].strip()


def to_values(run: Run) -> dict[str, Any]:
    """What a row of the table of runs holds, but for the learner."""
    history = np.asarray(run.history, float).reshape(-1, 3)
    stride = -(-len(history) // MAX_POINTS) or 1
    curves = {"curve_iterations": np.asarray(run.curve_iterations, np.int64), "curves": np.asarray(run.curves, float)}
    if run.accuracies.size:
        curves["accuracies"] = np.asarray(run.accuracies, float)
    return {
        "id": run.id,
        "owner": run.owner,
        "kind": run.kind,
        "status": run.status,
        "name": cleaned(run.name, MAX_NAME),
        "note": cleaned(run.note, MAX_NOTE),
        "message": cleaned(run.message, MAX_MESSAGE),
        "created": run.created,
        "ended": run.ended,
        "experiment": None if run.experiment is None else run.experiment.to_json(),
        "iteration": int(run.iteration),
        "seconds": float(run.seconds),
        "result": json.dumps(dict(run.result)),
        "curves": pack_arrays(curves, {}),
        "history": pack_arrays({"history": history[len(history) - 1 :: -stride][::-1]}, {}),
    }


def from_values(values: Mapping[str, Any]) -> Run:
    """The inverse of `to_values`; what is not among the values is empty.

    Raises:
      StorageError: arrays that were altered.
    """
    values = {name: value for name, value in values.items() if value is not None}
    arrays: dict[str, np.ndarray] = {}
    for name, parts in (("curves", ("curve_iterations", "curves")), ("history", ("history",))):
        if (content := values.pop(name, None)) is not None:
            found = parse_arrays(content, Path(f"run {values['id']}"))[0]
            if not set(parts) <= set(found) <= {*parts, *OPTIONAL[name]}:
                raise StorageError(f"Run {values['id']} must hold {' and '.join(parts)}, got {', '.join(found)}.")
            arrays |= found
    values["result"] = json.loads(values.get("result", "{}"))
    if "experiment" in values:
        values["experiment"] = experiment_or_none(values["experiment"])
    return Run(**values, **arrays)


def experiment_or_none(content: str) -> Experiment | None:
    """The experiment; None where it is of a newer MAML Lab, or of parts that nobody has registered here."""
    try:
        return _experiment(content)
    except ValueError:
        return None


@lru_cache(maxsize=512)
def _experiment(content: str) -> Experiment:
    """Checking a description takes three quarters of the time of reading a run, and a page lists the same runs again."""
    return Experiment.from_json(content)
