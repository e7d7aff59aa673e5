"""What is saved and killed meanwhile: a learner, the folder of a run under way. Two versions each, told apart when opened."""

import dataclasses
import pickle
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Protocol

import numpy as np

from benchmarks.measuring import ROOT


class Thing(Protocol):
    """Something that is saved into a folder.

    name: of a figure.
    log: how a line begins that it may write to a server's log; empty where it prints nothing.
    """

    name: str
    log: str

    def save(self, folder: Path, version: int) -> None:
        """Writes version 0, 1 or 2 in place of the one before; a refusal is a ValueError of one sentence."""
        ...

    def offered(self, folder: Path) -> int | None:
        """The version that is opened there; None for none. Whatever is half-written is an AssertionError."""
        ...

    def unchanged(self, folder: Path, before: Path, refusal: str) -> None:
        """Holds a refusal's words to what is there; `before` is a copy of the folder as it was."""
        ...


def make_reports(path: Path) -> None:
    """Three reports of a run on eight units, in a process of its own: this one is to have one thread."""
    subprocess.run([sys.executable, "-m", "benchmarks.faults.saved_things", str(path)], cwd=ROOT, check=True)


def _reports() -> tuple[list[SimpleNamespace], np.ndarray]:
    """What `RunFolder.keep` takes of a report, untrained: what matters is that every array is another one."""
    from maml_engine import Checkpoint, Experiment, Learner
    from maml_engine.io.arrays import to_arrays

    reports, experiment = [], Experiment(hidden_dim=8)
    for version in range(3):
        experiment, iteration = dataclasses.replace(experiment, num_iterations=60 + version), 10 * (version + 1)
        start = dataclasses.replace(experiment, seed=version)
        learner = Learner.untrained(experiment).replace(meta=Learner.untrained(start).meta, iteration=iteration, tasks=None)
        arrays = to_arrays({"meta": learner.meta, "best": learner.meta})
        arrays |= {"step": np.array(iteration), "key": np.arange(2, dtype=np.uint32)}
        checkpoint = Checkpoint(experiment, iteration, arrays, -1, float("inf"), 0.1)
        reports.append(SimpleNamespace(iteration=iteration, experiment=experiment, checkpoint=checkpoint, result=learner))
    return reports, np.arange(60, dtype=np.float32)


class SavedLearner:
    """`Learner.save` and `Learner.load`."""

    name, log = "learner", ""

    def __init__(self, reports: Path):
        self._learners = [report.result for report in pickle.loads(reports.read_bytes())[0]]

    def save(self, folder: Path, version: int) -> None:
        """The learner after some iterations; its experiment differs as well, so that both files are new."""
        self._learners[version].save(folder)

    def offered(self, folder: Path) -> int | None:
        """By iterations, and to the bit."""
        from maml_engine import Learner
        from maml_engine.io.arrays import StorageError

        try:
            learner = Learner.load(folder)
        except StorageError as error:
            assert "is not a learner's folder" in str(error), error  # nothing was ever whole there
            return None
        version = next(place for place, each in enumerate(self._learners) if each.iteration == learner.iteration)
        assert learner.experiment == self._learners[version].experiment, "arrays of one, experiment of another"
        _assert_equal(learner.meta, self._learners[version].meta)
        return version

    def unchanged(self, folder: Path, before: Path, refusal: str) -> None:
        """The named file is as it was."""
        _same_file(folder, before, refusal)


class SavedTable:
    """`TableLearner.save`: the learner of a verdict; versions differ in how wide their intervals are."""

    name, log = "table learner", ""

    def __init__(self, reports: Path):
        self._shipped = ROOT / "dashboard/page_parts/your_tasks/shipped_verdicts/patients/learner"

    def save(self, folder: Path, version: int) -> None:
        """The shipped one, with another nominal share."""
        from maml_engine import Learner

        dataclasses.replace(Learner.load(self._shipped), nominal=0.9 - version / 10).save(folder)

    def offered(self, folder: Path) -> int | None:
        """By the nominal share; arrays to the bit."""
        from maml_engine import Learner
        from maml_engine.io.arrays import StorageError

        try:
            learner = Learner.load(folder)
        except StorageError as error:
            assert "is not a learner's folder" in str(error), error
            return None
        np.testing.assert_array_equal(learner.widths, Learner.load(self._shipped).widths)
        return round(10 * (0.9 - learner.nominal))

    def unchanged(self, folder: Path, before: Path, refusal: str) -> None:
        """The named file is as it was."""
        _same_file(folder, before, refusal)


class KeptRun:
    """A run in the library (SQLite), with the file of its learner."""

    name, log = "run in the library", "WARNING:dashboard.runs.database:The library of runs "

    def __init__(self, reports: Path):
        learner = pickle.loads(reports.read_bytes())[0][0].result
        self._experiment = learner.experiment

    def save(self, folder: Path, version: int) -> None:
        """Under one id; whatever else is kept of it differs."""
        from dashboard.runs import LibraryAway

        library = self._library(folder)
        try:
            library.save(self._run(version), self._learner(version))
        except LibraryAway as error:
            raise ValueError(error) from error
        finally:
            library.close()

    def offered(self, folder: Path) -> int | None:
        """By its name; row, arrays and learner are of one version, and SQLite finds its file whole."""
        if not (folder / "runs.db").exists():
            return None
        library = self._library(folder)
        found = library.get("a-run")
        if found is not None:
            version = int(found.name)
            assert found.iteration == version and found.result == {"error": version}
            np.testing.assert_array_equal(found.curves, self._run(version).curves)
            np.testing.assert_array_equal(found.history, self._run(version).history)
            assert library.learner("a-run") == self._learner(version), "another learner"
        with library.database.reading() as connection:
            assert connection.exec_driver_sql("PRAGMA integrity_check").scalar() == "ok"
            kept = connection.exec_driver_sql("SELECT count(*) FROM learners").scalar()
        assert kept == (found is not None), f"{kept} learners for {int(found is not None)} runs"
        library.close()
        return None if found is None else int(found.name)

    def unchanged(self, folder: Path, before: Path, refusal: str) -> None:
        """Nothing is said of it."""

    def _library(self, folder: Path) -> Any:
        from dashboard.runs import RunLibrary

        return RunLibrary(f"sqlite:///{folder / 'runs.db'}")

    def _run(self, version: int) -> Any:
        from dashboard.runs import Run

        curves, history = np.full((2, 3), float(version)), np.full((5, 3), float(version))
        facts = {"name": str(version), "iteration": version, "result": {"error": version}, "experiment": self._experiment}
        return Run(id="a-run", owner="somebody", curve_iterations=np.arange(2), curves=curves, history=history, **facts)

    def _learner(self, version: int) -> bytes:
        return np.random.default_rng(version).bytes(20_000)


class SavedRun:
    """What `maml train --out` keeps: a checkpoint, its history and the learner."""

    name, log = "run folder", ""

    def __init__(self, reports: Path):
        self._reports, self._losses = pickle.loads(reports.read_bytes())

    def save(self, folder: Path, version: int) -> None:
        """As the command does, which has found the version before."""
        from maml_engine.cli.run_folder import RunFolder

        before = self.offered(folder)
        run = RunFolder(str(folder), None if before is None else self._reports[before].iteration)
        digests = self._digest(version)
        try:
            run.keep(self._reports[version], self._losses)
        finally:
            assert digests == self._digest(version), "what is in memory has changed"

    def offered(self, folder: Path) -> int | None:
        """The checkpoint's version; its history reaches as far, and the learner is whole and no newer."""
        from maml_engine import Checkpoint, Learner
        from maml_engine.cli.run_folder import CHECKPOINT_FOLDER, past_losses
        from maml_engine.io.arrays import StorageError

        learner, checkpoint = None, None
        try:
            learner = Learner.load(folder)
        except StorageError as error:
            assert "is not a learner's folder" in str(error), error
        try:
            checkpoint = Checkpoint.load(folder / CHECKPOINT_FOLDER)
        except StorageError as error:
            assert "there is no snapshot" in str(error), error
        if checkpoint is None:
            assert learner is None, "a learner without its checkpoint"
            return None
        version = next(place for place, report in enumerate(self._reports) if report.iteration == checkpoint.iteration)
        assert checkpoint.pack() == self._reports[version].checkpoint.pack(), "another checkpoint"
        if learner is not None:
            whole = next(report for report in self._reports if report.iteration == learner.iteration)
            assert learner.iteration <= checkpoint.iteration
            _assert_equal(learner.meta, whole.result.meta)
        np.testing.assert_array_equal(past_losses(str(folder), checkpoint), self._losses[: checkpoint.iteration])
        return version

    def unchanged(self, folder: Path, before: Path, refusal: str) -> None:
        """The named file is as it was; so is the history where the checkpoint is."""
        from maml_engine.cli.run_folder import CHECKPOINT_FOLDER, HISTORY_FILE
        from maml_engine.io.snapshots import newest_snapshot

        _same_file(folder, before, refusal)
        newest = [path and path.name for path in (newest_snapshot(each / CHECKPOINT_FOLDER) for each in (folder, before))]
        if CHECKPOINT_FOLDER + ":" in refusal:
            assert newest[0] == newest[1], "the snapshot is another one"
        if newest[0] == newest[1]:
            assert _content(folder / HISTORY_FILE) == _content(before / HISTORY_FILE), "the history was replaced"

    def _digest(self, version: int) -> tuple[bytes, str]:
        report = self._reports[version]
        return report.checkpoint.pack(), repr(report.result.meta)


def _same_file(folder: Path, before: Path, refusal: str) -> None:
    """The file that a refusal names and says to be unchanged."""
    for path in before.iterdir():
        if f"{folder / path.name}:" in refusal and path.is_file():
            assert _content(folder / path.name) == _content(path), f"{path.name} was replaced"


def _content(path: Path) -> bytes | None:
    return path.read_bytes() if path.is_file() else None


def _assert_equal(one: Any, other: Any) -> None:
    import jax

    jax.tree.map(np.testing.assert_array_equal, one, other)


if __name__ == "__main__":
    Path(sys.argv[1]).write_bytes(pickle.dumps(_reports()))
