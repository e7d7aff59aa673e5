"""A run's reports in a tracker that people already use: MLflow or TensorBoard, through their own libraries.

for report in track(train(experiment), "tensorboard:runs"):
    ...
"""

import dataclasses
import math
import secrets
import tempfile
import time
import warnings
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from maml_engine.checks import check_choice
from maml_engine.experiment import Experiment
from maml_engine.learner import Learner
from maml_engine.runtime.extras import brought_by
from maml_engine.training.loop import Report

TENSORBOARD_FOLDER = "runs"  # where TensorBoard's users look first
# How a run ended.
FINISHED, STOPPED, FAILED = "FINISHED", "KILLED", "FAILED"  # MLflow's words
LEARNER = "learner"


class Tracker(Protocol):
    """One run in one tracker."""

    def describe(self, experiment: Experiment) -> None:
        """Writes down what the run is."""

    def log(self, values: Mapping[str, float], iteration: int) -> None:
        """Writes down finite numbers by name."""

    def keep(self, learner: Learner) -> None:
        """Keeps what the run leaves behind."""

    def end(self, status: str) -> None:
        """Says how the run ended."""


def track(
    reports: Iterator[Report], to: str, *, complain: Callable[[str], object] = warnings.warn
) -> Generator[Report, None, None]:
    """Passes a run's reports on, each written down in a tracker first; at the end, the learner.

    A tracker that fails after the run has begun ends the tracking, and not the run. A run that ends early keeps what it has
    learned until then; close the generator (`contextlib.closing`) where you leave it before its end.

    Args:
      reports: of `train`.
      to: "mlflow" or "tensorboard", or with a place after a colon: MLflow's tracking URI, TensorBoard's folder of runs.
      complain: is told in one sentence that the tracker has failed.

    Returns:
      The reports as they are.

    Raises:
      ValueError: there is no such tracker, or it cannot begin a run there.
      MissingPackage: its library is not installed.
    """
    name, _, place = to.partition(":")
    check_choice("track", name, TRACKERS)
    with brought_by(name):
        tracker = TRACKERS[name](place)
    return _tracked(reports, tracker, _once(complain, name))


def _tracked(
    reports: Iterator[Report], tracker: Tracker, attempt: Callable[[Callable[[], None]], None]
) -> Generator[Report, None, None]:
    report, status, measured = None, FAILED, -1
    try:
        for report in reports:
            if measured < 0:
                attempt(lambda report=report: tracker.describe(report.experiment))
            values = _values(report, has_curve=report.curve_iteration != measured)
            measured = report.curve_iteration
            attempt(lambda report=report, values=values: tracker.log(values, report.iteration))
            yield report
        status = FINISHED
    except (GeneratorExit, KeyboardInterrupt):
        status = STOPPED
        raise
    finally:
        if report is not None:
            attempt(lambda report=report: tracker.keep(report.result))
        attempt(lambda: tracker.end(status))


def _once(complain: Callable[[str], object], name: str) -> Callable[[Callable[[], None]], None]:
    """What calls a tracker until it fails for the first time."""
    has_failed = False

    def attempt(call: Callable[[], None]) -> None:
        nonlocal has_failed
        if has_failed:
            return
        try:
            call()
        except Exception as error:  # another library's, or the network's
            has_failed = True
            complain(f"Tracking in {name} has ended, the run goes on: {_first_line(error)}")

    return attempt


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:300]


def _values(report: Report, *, has_curve: bool) -> dict[str, float]:
    """The numbers of one report by the names that they have in a tracker; those that are not finite are left out."""
    values = {"seconds": report.seconds, "iterations_per_second": report.iterations_per_second}
    if len(report.meta_loss):
        values["meta_loss"] = float(np.mean(report.meta_loss, dtype=np.float64))
    if has_curve:
        curves = {"loss": report.curve.mean} | {of: each.mean(axis=0) for of, each in report.curve.metrics.items()}
        for of, curve in curves.items():
            values |= {f"held_out_{of}/after_{step:02d}_steps": float(value) for step, value in enumerate(curve)}
    return {name: value for name, value in values.items() if math.isfinite(value)}


def _parameters(experiment: Experiment) -> dict[str, str]:
    """All fields that say something, as they are spelt everywhere, and the run's digest."""
    fields = {spec.name: Experiment.spell(getattr(experiment, spec.name)) for spec in dataclasses.fields(experiment)}
    return {name: spelled for name, spelled in fields.items() if spelled} | {"digest": experiment.digest}


class _MLflow:
    """A run of MLflow: the one that the caller has begun, or one of its own."""

    def __init__(self, place: str):
        import mlflow  # pyright: ignore[reportMissingImports]

        self.mlflow = mlflow
        try:
            if place:
                mlflow.set_tracking_uri(place)
            is_callers = mlflow.active_run() is not None
            self.run_id = (mlflow.active_run() or mlflow.start_run()).info.run_id
            self.is_own = not is_callers
            self.client = mlflow.MlflowClient()
        except Exception as error:
            raise ValueError(f"MLflow could not begin a run: {_first_line(error)}") from error

    def describe(self, experiment: Experiment) -> None:
        parameters = [self.mlflow.entities.Param(*pair) for pair in _parameters(experiment).items()]
        self.client.log_batch(self.run_id, params=parameters)
        if self.is_own:
            self.client.set_tag(self.run_id, "mlflow.runName", f"{experiment.method}-{experiment.digest[:8]}")

    def log(self, values: Mapping[str, float], iteration: int) -> None:
        now = round(1000 * time.time())
        metrics = [self.mlflow.entities.Metric(name, value, now, iteration) for name, value in values.items()]
        self.client.log_batch(self.run_id, metrics=metrics)

    def keep(self, learner: Learner) -> None:
        with tempfile.TemporaryDirectory(prefix="maml-") as folder:
            learner.save(folder)
            self.client.log_artifacts(self.run_id, folder, LEARNER)

    def end(self, status: str) -> None:
        if self.is_own:
            self.mlflow.end_run(status)


class _TensorBoard:
    """A folder of TensorBoard's: event file, hyperparameters for its HParams page, and the learner beside them."""

    def __init__(self, place: str):
        from tensorboard.compat.proto.event_pb2 import Event  # pyright: ignore[reportMissingImports]
        from tensorboard.compat.proto.summary_pb2 import Summary  # pyright: ignore[reportMissingImports]
        from tensorboard.plugins.hparams import summary_v2  # pyright: ignore[reportMissingImports]
        from tensorboard.summary.writer.event_file_writer import EventFileWriter  # pyright: ignore[reportMissingImports]

        self.event, self.summary, self.hyperparameters = Event, Summary, summary_v2
        self.folder = Path(place or TENSORBOARD_FOLDER) / f"{time.strftime('%Y%m%d-%H%M%S')}-{secrets.token_hex(2)}"
        try:
            self.folder.mkdir(parents=True)
            self.writer = EventFileWriter(str(self.folder))
        except OSError as error:
            raise ValueError(f"TensorBoard could not begin a run in {self.folder}: {error.strerror}.") from error

    def describe(self, experiment: Experiment) -> None:
        parameters = _parameters(experiment)
        numbers = {}
        for name, spelled in parameters.items():
            with suppress(ValueError):
                numbers[name] = float(spelled)
        self._write(self.hyperparameters.hparams_pb({**parameters, **numbers}, trial_id=self.folder.name), 0)

    def log(self, values: Mapping[str, float], iteration: int) -> None:
        numbers = [self.summary.Value(tag=name, simple_value=value) for name, value in values.items()]
        self._write(self.summary(value=numbers), iteration)

    def keep(self, learner: Learner) -> None:
        learner.save(self.folder / LEARNER)

    def end(self, status: str) -> None:
        self.writer.close()

    def _write(self, summary: Any, iteration: int) -> None:
        self.writer.add_event(self.event(wall_time=time.time(), step=iteration, summary=summary))
        self.writer.flush()


TRACKERS: dict[str, Callable[[str], Tracker]] = {"mlflow": _MLflow, "tensorboard": _TensorBoard}
