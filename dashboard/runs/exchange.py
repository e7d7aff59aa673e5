"""A run as one file, to be handed on, and what is refused of a stranger's; nothing in it is executed.

A zip archive of `run.json`, `curves.safetensors` and, where the run left one, `learner.zip`: what a visitor takes home.
"""

import io
import json
import math
import secrets
import tempfile
import zipfile
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from dashboard.runs.run import (
    ENDED,
    KINDS,
    MAX_MESSAGE,
    MAX_NAME,
    MAX_NOTE,
    MAX_POINTS,
    MAX_RESULT,
    Run,
    cleaned,
    digest_of,
    now,
)
from maml_engine import Experiment, Learner
from maml_engine.checks import shown
from maml_engine.io.arrays import StorageError, pack_arrays, parse_arrays
from maml_engine.io.pictures.archive import Archive
from maml_engine.io.pictures.limits import Limits
from maml_engine.learner.learner import EXPERIMENT_FILE, LEARNER_FILE
from maml_engine.tables import TableLearner
from maml_engine.tables.learner import ENSEMBLE_FILE, TABLE_FILE

FORMAT = 1
RUN, CURVES, LEARNER = "run.json", "curves.safetensors", "learner.zip"
MAX_CURVES = 100_000  # numbers
MAX_ITERATION = 2**31 - 1  # as `num_iterations` may be
LIMITS = Limits(archive_bytes=50_000_000, unpacked_bytes=100_000_000, file_bytes=50_000_000, files=20)
LEARNER_FILES = (EXPERIMENT_FILE, LEARNER_FILE, TABLE_FILE, ENSEMBLE_FILE)


def packed(run: Run, learner: bytes | None) -> bytes:
    """The file of a run; the same run and learner give the same bytes."""
    experiment = None if run.experiment is None else json.loads(run.experiment.to_json())
    facts = {
        **{"format": FORMAT, "kind": run.kind, "status": run.status, "name": run.name, "note": run.note},
        **{"message": run.message, "created": _spelt(run.created), "ended": _spelt(run.ended), "experiment": experiment},
        **{"iteration": run.iteration, "seconds": run.seconds, "result": dict(run.result)},
        "learner": None if learner is None else digest_of(learner),
    }
    arrays = {"curve_iterations": run.curve_iterations, "curves": run.curves, "history": run.history}
    if run.accuracies.size:
        arrays["accuracies"] = run.accuracies
    files = {RUN: json.dumps(facts, indent=1).encode(), CURVES: pack_arrays(arrays, {})}
    if learner is not None:
        files[LEARNER] = learner
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, part in files.items():
            entry = zipfile.ZipInfo(name, (2000, 1, 1, 0, 0, 0))
            archive.writestr(entry, part, zipfile.ZIP_STORED if name == LEARNER else zipfile.ZIP_DEFLATED)
    return content.getvalue()


def unpacked(content: bytes, owner: str) -> tuple[Run, bytes | None]:
    """A run of a file under an id of its own, and the file with its learner, which opens.

    Raises:
      ValueError: one sentence: what of the file is not as it must be.
    """
    files = _files(content, "A run's file", (RUN, CURVES, LEARNER))
    if RUN not in files or CURVES not in files:
        raise ValueError(f"A run's file must hold {RUN} and {CURVES}, got {', '.join(map(shown, files)) or 'nothing'}.")
    facts = _facts(files[RUN])
    try:
        run = Run(id=secrets.token_urlsafe(12), owner=owner, **_checked(facts), **_curves(files[CURVES]))
    except (KeyError, TypeError, OverflowError) as error:
        raise ValueError(f"{RUN} must hold the fields of a run: {shown(str(error))} is missing or of another kind.") from None
    learner = files.get(LEARNER)
    if facts.get("learner") != (None if learner is None else digest_of(learner)):
        raise ValueError(f"{LEARNER} must be the one that {RUN} names: it was changed, left out or put in.")
    if learner is not None:
        opened = open_learner(learner)
        if run.experiment is not None and getattr(opened, "experiment", run.experiment) != run.experiment:
            raise ValueError(f"{LEARNER} must be of the run in {RUN}, got the learner of another experiment.")
    return run, learner


def open_learner(content: bytes) -> Learner | TableLearner:
    """The learner in a file that a visitor took home (`learner_zip`).

    Raises:
      ValueError: one sentence: no such file, cut off, altered, or of a newer MAML Lab.
    """
    files = _files(content, "A learner's file", tuple(f"learner/{name}" for name in LEARNER_FILES))
    try:
        return load_files({name: files[f"learner/{name}"] for name in LEARNER_FILES if f"learner/{name}" in files})
    except ValueError as error:
        raise ValueError(f"The learner cannot be opened: {error}") from None


def load_files(files: Mapping[str, bytes]) -> Learner | TableLearner:
    """The learner that a stranger's files make up, by names that are ours and no others.

    Raises:
      ValueError: one sentence, whatever the files hold.
    """
    with tempfile.TemporaryDirectory(prefix="maml-lab-") as folder:
        try:
            for name, part in files.items():
                (Path(folder) / name).write_bytes(part)
            return Learner.load(folder)
        except OSError as error:
            raise ValueError(f"A learner's file must be unpacked for a moment, which fails here: {error.strerror}.") from None
        except (StorageError, ValueError) as error:
            raise ValueError(str(error).replace(f"{folder}/", "").replace(folder, "The learner's folder")) from None
        except (KeyError, TypeError, IndexError, AttributeError, OverflowError, MemoryError, RecursionError) as error:
            raise ValueError(f"{shown(str(error))} is not what it must be in a learner's file.") from None


def _files(content: bytes, what: str, names: tuple[str, ...]) -> dict[str, bytes]:
    """Those of these names that an archive holds; whatever else lies in it is not looked at."""
    if content[:4] != b"PK\x03\x04":
        raise ValueError(f"{what} must be a zip archive as MAML Lab writes it, got something else.")
    archive = Archive(content, LIMITS)
    found, room = {}, LIMITS.unpacked_bytes
    for name in names:
        if name in archive.names:
            found[name] = archive.read(name)
            room -= len(found[name])
    if room < 0:
        raise ValueError(f"{what} must hold at most {LIMITS.unpacked_bytes // 1_000_000} MB.")
    return found


def _facts(content: bytes) -> dict[str, Any]:
    if len(content) > 4 * MAX_RESULT:
        raise ValueError(f"{RUN} must be at most {4 * MAX_RESULT:,} bytes, got {len(content):,}.")
    try:
        facts = json.loads(content)
    except (ValueError, RecursionError):
        raise ValueError(f"{RUN} must be JSON, got {shown(content[:40].decode('utf-8', 'replace'))}.") from None
    if not isinstance(facts, dict):
        raise ValueError(f"{RUN} must be a JSON object, got {shown(content[:40].decode('utf-8', 'replace'))}.")
    version = facts.get("format")
    if not isinstance(version, int) or version > FORMAT:
        raise ValueError(f"`format` must be at most {FORMAT}, got {shown(str(version))}: the file is of a newer MAML Lab.")
    return facts


def _checked(facts: Mapping[str, Any]) -> dict[str, Any]:
    """A run's fields, from a stranger's."""
    for name, allowed in (("kind", KINDS), ("status", ENDED)):
        if facts[name] not in allowed:
            raise ValueError(f"`{name}` must be one of {', '.join(allowed)}, got {shown(str(facts[name]))}.")
    experiment, result = facts["experiment"], facts["result"]
    if not isinstance(result, dict) or len(json.dumps(result)) > MAX_RESULT:
        raise ValueError(f"`result` must be a JSON object of at most {MAX_RESULT:,} characters.")
    created, ended = _moment("created", facts["created"]), facts["ended"]
    return {
        **{name: str(facts[name]) for name in ("kind", "status")},
        "name": cleaned(_text("name", facts["name"]), MAX_NAME),
        "note": cleaned(_text("note", facts["note"]), MAX_NOTE),
        "message": cleaned(_text("message", facts["message"]), MAX_MESSAGE),
        "created": created,
        "ended": None if ended is None else _moment("ended", ended),
        "experiment": None if experiment is None else Experiment.from_json(json.dumps(experiment)),
        "iteration": int(_number("iteration", facts["iteration"])),
        "seconds": _number("seconds", facts["seconds"]),
        "result": result,
    }


def _curves(content: bytes) -> dict[str, np.ndarray]:
    """Curves and history, of the shapes that they must have; `[m]`, `[m, steps + 1]` and `[n, 3]`."""
    try:
        arrays = parse_arrays(content, Path(CURVES))[0]
    except MemoryError:
        raise ValueError(f"{CURVES} is too large.") from None
    at, curves, history = (arrays.get(name) for name in ("curve_iterations", "curves", "history"))
    if at is None or curves is None or history is None or any(array.dtype.kind not in "fiu" for array in (at, curves, history)):
        raise ValueError(f"{CURVES} must hold curve_iterations, curves and history as numbers.")
    if not ((at >= 0) & (at <= MAX_ITERATION)).all():  # nor is NaN
        raise ValueError(f"{CURVES} must say at which iterations its curves are, from 0 to {MAX_ITERATION:,}.")
    fits = at.ndim == 1 and curves.ndim == 2 and len(at) == len(curves) and history.ndim == 2 and history.shape[1] == 3
    if not fits or curves.size > MAX_CURVES or len(history) > MAX_POINTS:
        raise ValueError(
            f"{CURVES} must hold curves [m, steps + 1] of `m` iterations and a history [n, 3], n at most {MAX_POINTS}."
        )
    found = {"curve_iterations": at.astype(np.int64), "curves": curves.astype(float), "history": history.astype(float)}
    if (accuracies := arrays.get("accuracies")) is not None:
        if accuracies.dtype.kind not in "fiu" or accuracies.shape != (*curves.shape, 3):
            raise ValueError(f"{CURVES} must hold accuracies [m, steps + 1, 3] beside curves [m, steps + 1].")
        found["accuracies"] = accuracies.astype(float)
    return found


def _text(name: str, value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError(f"`{name}` must be text, got {shown(str(value))}.")
    return value


def _number(name: str, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value) or not 0 <= value < 2**53:
        raise ValueError(f"`{name}` must be a number of at least 0, got {shown(str(value))}.")
    return value


def _moment(name: str, value: Any) -> datetime:
    """Not before computers, not in the future: a list of runs begins with the newest."""
    try:
        moment = datetime.fromisoformat(_text(name, value))
        moment = moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError(f"`{name}` must be a moment like 2026-01-31T12:00:00+00:00, got {shown(str(value))}.") from None
    return min(max(moment, datetime(1970, 1, 1, tzinfo=UTC)), now())


def _spelt(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()
