"""`maml train`: meta-training with the tutorial's report, a progress bar, and a folder that is whole at any moment."""

import dataclasses
import json
import sys
import tempfile
import time
from argparse import Namespace
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import jax
import numpy as np
from tqdm import tqdm

from maml_engine import training
from maml_engine.cli import DONE, file_digest, read_table, tasks_at_hand
from maml_engine.distributed import (
    Mesh,
    PeerLost,
    Peers,
    find_cluster,
    idle_cores,
    idle_places,
    join,
    local_devices,
    prepare_devices,
    supervisor,
    whole_number,
)
from maml_engine.evaluation import evaluate
from maml_engine.experiment import Experiment
from maml_engine.experiment.presets import PRESETS, Preset
from maml_engine.io.arrays import StorageError, load_arrays, save_arrays
from maml_engine.io.read_csv import read_bytes
from maml_engine.io.snapshots import newest_snapshot
from maml_engine.learner import Learner
from maml_engine.training import Checkpoint, Diverged, Report
from maml_engine.training.outer_loop import steps_here

CHECKPOINT_FOLDER, HISTORY_FILE = "checkpoint", "history.safetensors"
SECONDS_BETWEEN_SAVES = 2.0
ITERATIONS_A_LINE = 1000
TABLE_FIELDS = ("task", "inputs", "target", "log")


class Run(NamedTuple):
    """What a process is told to do; `devices` is None for the first device alone."""

    experiment: Experiment
    tasks: Any
    folder: "Folder"
    devices: int | None

    def all_devices(self, peers: Peers) -> int:
        """How many share a meta-step's tasks."""
        return (self.devices or 1) * peers.count

    def facts(self) -> dict[str, Any]:
        """What must not differ among processes."""
        versions = {"jax": jax.__version__, "jax_enable_x64": jax.config.jax_enable_x64}
        return {**json.loads(self.experiment.to_json()), "devices": self.devices, **versions}


def train(options: Namespace) -> int:
    """Trains, prints the tutorial's report, and keeps snapshots; of several processes, the first one does."""
    devices, wait = prepare_devices(options.devices), whole_number("--wait", options.wait, low=1, high=3600)
    process = find_cluster(options.coordinator, options.num_processes, options.process_id)
    if process is not None and not supervisor.is_worker():
        return supervisor.supervise(options.arguments, _how_to_go_on(options))
    if process is not None and options.resume is None:
        _setting(options, None)  # bad input is said before anybody is waited for
    with join(process, wait) as peers:
        return _train_among(peers, options, devices)


def _train_among(peers: Peers, options: Namespace, devices: int | None) -> int:
    start = None
    if options.resume is not None:
        path = Path(options.resume) / CHECKPOINT_FOLDER
        start = Checkpoint.unpack(peers.broadcast(lambda: Checkpoint.load(path).pack()), path)
    run = peers.agree_on(partial(_run, peers, options, start, devices), Run.facts)
    steps = steps_here if run.devices is None else Mesh.among(peers, run.devices).steps
    if peers.leads:
        notes = (
            "" if start else getattr(run.tasks, "note", ""),
            idle_places(run.experiment.meta_batch_size, run.all_devices(peers)),
            idle_cores(_work(run), run.experiment.meta_batch_size) if run.devices is None else "",
        )
        for note in filter(None, notes):
            print(note, file=sys.stderr)
    reports = training.train(run.experiment, start=start, tasks=run.tasks, steps=steps)
    if not peers.leads:
        return _follow(reports, _how_to_go_on(options))
    return _lead(reports, run, options, start)


def _work(run: Run) -> float:
    """Multiplications and additions of a meta-step's forward passes, where each parameter is used once a row."""
    experiment = run.experiment
    params = Learner.untrained(experiment, tasks=run.tasks).meta.init
    rows = experiment.meta_batch_size * (experiment.k_shot * experiment.inner_steps + experiment.k_query)
    return 2.0 * rows * sum(leaf.size for leaf in jax.tree.leaves(params))


def _follow(reports: Iterator[Report], advice: str) -> int:
    """Takes part, and leaves printing and files to process 0."""
    try:
        for _ in reports:
            pass
    except PeerLost as error:
        raise PeerLost(f"{error} {advice}") from None
    return DONE


def _lead(reports: Iterator[Report], run: Run, options: Namespace, start: Checkpoint | None) -> int:
    experiment, tasks, folder, _ = run
    history = History(_past_losses(options.resume, start))
    print("MODEL-AGNOSTIC META-LEARNING (MAML)")
    where = f" from iteration {start.iteration} to" if start else " for"
    print(f"Training{where} {experiment.num_iterations}{'' if start else ' iterations'}...")
    try:
        report = _train_and_keep(reports, history, folder, experiment.num_iterations)
        learner = report.result.replace(tasks=tasks)
        _print_new_tasks(learner)
        if folder.path:
            print(f"The learner is in {folder.path}.")
        card = None if options.preset is None else _judged_by_card(options.preset, learner)
        if card:
            _print_card(card)
        if options.json:
            print(json.dumps(_summary(report, learner, history) | ({"preset": card} if card else {})))
    except KeyboardInterrupt:
        raise KeyboardInterrupt(f"Interrupted. {folder.where()}") from None
    except Diverged as error:
        raise Diverged(f"{error} {folder.where()}", error.iteration, error.report) from None
    except PeerLost as error:
        raise PeerLost(f"{error} {folder.where()}") from None
    return DONE


def _how_to_go_on(options: Namespace) -> str:
    """One sentence for a process that knows of no snapshot itself."""
    folder = options.out or options.resume
    if folder is None:
        return "Start all processes again; nothing was kept, for want of --out FOLDER."
    return f"Start all processes again, with --resume {folder} to go on from its last snapshot."


# What to train.


def _run(peers: Peers, options: Namespace, start: Checkpoint | None, devices: int | None) -> Run:
    """What the flags say, judged as far as it can be before training."""
    experiment, tasks = _setting(options, start)
    if devices is not None or peers.count > 1:
        devices = len(local_devices(devices))
    kept = (options.out or options.resume, start.iteration if start and not options.out else None)
    return Run(experiment, tasks, Folder(*kept) if peers.leads else Folder(None), devices)


def _setting(options: Namespace, start: Checkpoint | None) -> tuple[Experiment, Any]:
    """The run and its tasks, from the flags and from the checkpoint to go on from."""
    flags = {spec.name: getattr(options, spec.name) for spec in dataclasses.fields(Experiment) if spec.name != "data"}
    values = {name: Experiment.parse(name, content) for name, content in flags.items() if content is not None}
    if options.preset is not None:
        if start is not None:
            raise ValueError(f"`--preset` must be left out with `--resume`, whose run is described, got {options.preset!r}.")
        values = _preset(options.preset).experiment.changes() | values
    if start is not None:
        experiment = dataclasses.replace(start.experiment, **values)
        return experiment, tasks_at_hand(start.experiment, options.data)
    if values.get("tasks") != "table":
        given = [name for name in ("data", *TABLE_FIELDS) if getattr(options, name) is not None]
        if given:
            raise ValueError(f"`--{given[0]}` must go with `--tasks table`, got tasks {values.get('tasks', 'sinusoid')!r}.")
        experiment = Experiment(**values)
        return experiment, experiment.build_tasks()
    if options.data is None:
        raise ValueError("`--data` must be given where `--tasks` is 'table': the CSV file.")
    content = read_bytes(options.data)
    experiment = Experiment(**values, data=file_digest(content))
    return experiment, read_table(experiment, content)


def _preset(name: str) -> Preset:
    if name not in PRESETS:
        raise ValueError(f"`--preset` must be one of {', '.join(PRESETS)}, got {name!r}.")
    return PRESETS[name]


# Training.


class History:
    """The meta-loss of each iteration since the run began; NaN where it is not known."""

    def __init__(self, losses: np.ndarray):
        self.losses = losses

    def add(self, losses: np.ndarray) -> list[str]:
        """Takes in further losses; returns the report's lines that they complete."""
        before = len(self.losses)
        self.losses = np.concatenate([self.losses, losses])
        first = before // ITERATIONS_A_LINE * ITERATIONS_A_LINE + ITERATIONS_A_LINE
        return [self.line(iteration) for iteration in range(first, len(self.losses) + 1, ITERATIONS_A_LINE)]

    def line(self, iteration: int) -> str:
        """The tutorial's line: the mean of the iterations since the line before."""
        return f"Iteration {iteration} | Meta Loss: {self.mean(iteration):.4f}"

    def mean(self, iteration: int) -> float:
        """Of the iterations of one line, up to `iteration`."""
        stretch = self.losses[(iteration - 1) // ITERATIONS_A_LINE * ITERATIONS_A_LINE : iteration]
        known = stretch[np.isfinite(stretch)]
        return float(known.mean(dtype=np.float64)) if len(known) else float("nan")

    def recent(self) -> float | None:
        """Mean of the last 1000 iterations; None where none is known."""
        known = self.losses[-ITERATIONS_A_LINE:]
        known = known[np.isfinite(known)]
        return float(known.mean(dtype=np.float64)) if len(known) else None


class Folder:
    """Where a run's snapshots are kept, if anywhere: `iteration` says which one is there."""

    def __init__(self, path: str | None, iteration: int | None = None):
        self.path = Path(path) if path else None
        self.iteration = iteration
        self._next_save = 0.0
        if self.path:
            _refuse_unwritable(self.path)
        self._last_seen = self._checkpoint_there()

    def keep(self, report: Report, history: History) -> None:
        """Writes the snapshot; after a kill between two files each is whole, and the checkpoint goes with its history."""
        if self.path is None or self.iteration == report.iteration:
            return
        if self._checkpoint_there() not in (None, self._last_seen):
            # A process that was stopped and wakes again must not undo what those that replaced it have done since.
            raise StorageError(f"Another run has written to {self.path} since this one did.")
        losses = {"meta_loss": history.losses[: report.iteration]}
        save_arrays(self.path / HISTORY_FILE, losses, {"experiment": report.experiment.digest})
        report.checkpoint.save(self.path / CHECKPOINT_FOLDER)
        self._last_seen = self._checkpoint_there()
        report.result.save(self.path)
        self.iteration = report.iteration
        self._next_save = time.monotonic() + SECONDS_BETWEEN_SAVES

    def keep_now_and_then(self, report: Report, history: History, bar: tqdm) -> None:
        """As `keep`, every two seconds; a disk that is full for a while does not end the run."""
        if time.monotonic() < self._next_save and not report.done:
            return
        try:
            self.keep(report, history)
        except StorageError as error:
            if report.done:
                raise
            bar.write(f"{error} Training goes on and will try again.", file=sys.stderr)
            self._next_save = time.monotonic() + 10 * SECONDS_BETWEEN_SAVES

    def _checkpoint_there(self) -> tuple[str, int] | None:
        """What tells one snapshot from the next; None where there is none."""
        newest = newest_snapshot(self.path / CHECKPOINT_FOLDER) if self.path else None
        try:
            return newest and (newest.name, newest.stat().st_ino)
        except FileNotFoundError:  # another run has replaced it in this moment
            return None

    def where(self) -> str:
        """One sentence for somebody who has been interrupted."""
        if self.path is None:
            return "Nothing was kept, for want of --out FOLDER."
        if self.iteration is None:
            return f"Nothing was kept in {self.path} yet."
        return f"The snapshot of iteration {self.iteration} is in {self.path}: go on with --resume {self.path}."


def _train_and_keep(reports: Iterator[Report], history: History, folder: Folder, num_iterations: int) -> Report:
    """Runs to the end and returns the last report; however it ends before, the last finite snapshot is kept."""
    bar = tqdm(
        initial=len(history.losses), total=num_iterations, unit=" iterations", desc="compiling", disable=None, leave=False
    )
    report: Report | None = None
    with bar:
        try:
            for report in reports:
                bar.set_description("training", refresh=False)
                bar.update(len(report.meta_loss))
                for line in history.add(report.meta_loss):
                    bar.write(line, file=sys.stdout)
                folder.keep_now_and_then(report, history, bar)
        except (KeyboardInterrupt, Diverged):
            if report:
                folder.keep(report, history)
            raise
    if len(history.losses) % ITERATIONS_A_LINE:
        print(history.line(len(history.losses)))
    if report.warning:
        print(f"warning: {report.warning}", file=sys.stderr)
    return report


def _past_losses(resumed: str | None, start: Checkpoint | None) -> np.ndarray:
    """The history up to the checkpoint; NaN where it was not kept."""
    if start is None:
        return np.zeros(0, np.float32)
    try:
        losses = load_arrays(Path(resumed) / HISTORY_FILE)[0]["meta_loss"]
    except (StorageError, KeyError):
        losses = np.zeros(0, np.float32)
    unknown = np.full(max(0, start.iteration - len(losses)), np.nan, np.float32)
    return np.concatenate([unknown, losses[: start.iteration]])


def _refuse_unwritable(folder: Path) -> None:
    """Before training rather than after it."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise StorageError(f"Could not write to {folder}: {error.strerror}.") from error


# After training.


def _print_new_tasks(learner: Learner) -> None:
    """Ten tasks that training has not seen, before and after one step."""
    print("EVALUATING FEW-SHOT ADAPTATION")
    curves = evaluate(learner, jax.random.key(1), num_tasks=10, k_shot=learner.experiment.k_shot, k_query=50, inner_steps=1)
    names = getattr(learner.default_tasks.split("test"), "task_names", range(1, 11))
    for name, (before, after) in list(zip(names, curves.loss, strict=True))[:10]:
        print(f"Task {name} | Before: {before:.4f} → After 1 step: {after:.4f}")


def _judged_by_card(name: str, learner: Learner) -> dict[str, Any]:
    """Our numbers by the card's own protocol, beside the published ones."""
    card = _preset(name)
    curves = card.judge(learner)
    median = np.median(curves.loss, axis=0)
    return {
        "name": name,
        "title": card.title,
        "source": card.source,
        "judged": card.judged,
        "num_tasks": len(curves.loss),
        "differs": card.differences(learner.experiment),
        "curve": [
            row | {"median": float(middle) if np.isfinite(middle) else None, "published": card.published.get(row["step"])}
            for row, middle in zip(curves.rows(), median, strict=True)
        ],
    }


def _print_card(card: dict[str, Any]) -> None:
    """The steps that the source prints; where it prints none, the last one."""
    print(f"PROTOCOL CARD {card['name']}: {card['title']} ({card['source']})")
    if card["differs"]:
        print(f"Not the card's own run, which has {', '.join(card['differs'])}.")
    shown = [row for row in card["curve"] if row["published"] is not None] or card["curve"][-1:]
    print(f"{card['num_tasks']} test tasks, {card['judged'].get('k_shot', 10)} support points each")
    print(f"{'step':>4}  {'ours':>8}  {'95 % interval':<18}  published")
    for row in shown:
        mean, low, high = (float("nan") if row[part] is None else row[part] for part in ("mean", "low", "high"))
        published = "none" if row["published"] is None else f"{row['published']:g}"
        print(f"{row['step']:>4}  {mean:>8.4f}  {f'{low:.4f} to {high:.4f}':<18}  {published}")


def _summary(report: Report, learner: Learner, history: History) -> dict[str, Any]:
    curves = evaluate(learner, jax.random.key(0), k_shot=learner.experiment.k_shot)  # as `maml evaluate` by default
    return {
        "meta_loss": history.recent(),
        "seconds": report.seconds,
        "compile_seconds": report.compile_seconds,
        "iterations_per_second": report.iteration / report.seconds,
        "curve": curves.rows(),
        "num_tasks": len(curves.loss),
        "iteration": report.iteration,
        "experiment": report.experiment.changes(),
        "digest": report.experiment.digest,
    }
