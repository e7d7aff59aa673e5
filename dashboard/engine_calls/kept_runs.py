"""Runs of the library as the rest of the app knows runs: a finished one comes back among the jobs, with its learner."""

import io
import tempfile
import zipfile
from pathlib import Path, PurePosixPath

from dashboard.runs import library
from maml_engine import Learner

MAX_LEARNER_BYTES = 200_000_000  # unpacked; the largest network that a page offers takes some 30 MB


def learner_from_zip(content: bytes) -> Learner:
    """The inverse of `learner_zip`. Only files of its folder `learner` are unpacked, by their plain names.

    Raises:
      ValueError: the archive is none, is altered, or holds more than a learner can.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive, tempfile.TemporaryDirectory(prefix="maml-lab-") as folder:
            entries = [entry for entry in archive.infolist() if _is_of_learner(entry.filename)]
            if sum(entry.file_size for entry in entries) > MAX_LEARNER_BYTES:
                raise ValueError(f"A learner's file must hold at most {MAX_LEARNER_BYTES:,} bytes.")
            for entry in entries:
                with archive.open(entry) as packed:
                    Path(folder, PurePosixPath(entry.filename).name).write_bytes(packed.read(entry.file_size))
            return Learner.load(folder)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError) as error:
        raise ValueError("This is no file of a learner, or it was altered.") from error


def _is_of_learner(name: str) -> bool:
    parts = name.split("/")
    return len(parts) == 2 and parts[0] == "learner" and parts[1] not in ("", ".", "..") and "\\" not in parts[1]


def rename(run_id: str, owner: str, name: str) -> None:
    """Gives a run a name, in the library and among the jobs."""
    from dashboard.engine_calls import resources

    library().rename(run_id, owner, name)
    resources.jobs().rename(run_id, name)


def delete(run_id: str, owner: str) -> bool:
    """Removes a run of the owner's for good; False where there is none."""
    return library().delete(run_id, owner)


def bring_back(run_id: str) -> bool:
    """Whether the run is among the jobs, where every page finds it and its learner; one that has left them comes back."""
    from dashboard.engine_calls import resources

    return resources.jobs().snapshot(run_id) is not None
