"""`maml train`: meta-training with the tutorial's report and a progress bar, alone or as one of several processes."""

import dataclasses
import json
import sys
from argparse import Namespace
from collections.abc import Iterator
from contextlib import ExitStack, closing
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import jax
import numpy as np
from tqdm import tqdm

from maml_engine import training
from maml_engine.cli.exit_codes import DONE
from maml_engine.cli.report import History, card_results, print_card, print_new_tasks, summary
from maml_engine.cli.run_folder import CHECKPOINT_FOLDER, RunFolder, past_losses
from maml_engine.cli.saved_runs import file_digest, read_pictures, read_table, tasks_of_run
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
from maml_engine.experiment import Experiment
from maml_engine.experiment.folder_presets import FOLDER_PRESETS, NOT_READ
from maml_engine.experiment.picture_presets import PICTURE_PRESETS
from maml_engine.experiment.presets import PRESETS, Preset
from maml_engine.io.read_csv import read_bytes
from maml_engine.learner import Learner
from maml_engine.tasks import PICTURES
from maml_engine.training import Checkpoint, Diverged, Report
from maml_engine.training.outer_loop import steps_here

TABLE_FIELDS = ("task", "inputs", "target", "log")
CARDS: dict[str, Preset] = PRESETS | PICTURE_PRESETS | FOLDER_PRESETS  # by what `--preset` calls them


class Run(NamedTuple):
    """What this process is to do.

    experiment: the run.
    tasks: what it is trained on.
    folder: where its snapshots go; nowhere in a process that does not lead.
    devices: how many of this process; None for the first one alone, without a mesh.
    """

    experiment: Experiment
    tasks: Any
    folder: RunFolder
    devices: int | None

    def all_devices(self, peers: Peers) -> int:
        """How many devices share a meta-step's tasks."""
        return (self.devices or 1) * peers.count

    def facts(self) -> dict[str, Any]:
        """What must not differ among processes."""
        # JAX gives its settings these names when it is imported, which no type checker sees.
        is_64_bit = jax.config.jax_enable_x64  # pyright: ignore[reportAttributeAccessIssue]
        versions = {"jax": jax.__version__, "jax_enable_x64": is_64_bit}
        return {**json.loads(self.experiment.to_json()), "devices": self.devices, **versions}


def train(options: Namespace) -> int:
    """Trains, prints the tutorial's report, and keeps snapshots; of several processes, the first one does."""
    devices, wait = prepare_devices(options.devices), whole_number("--wait", options.wait, low=1, high=3600)
    process = find_cluster(options.coordinator, options.num_processes, options.process_id)
    if process is not None and not supervisor.is_worker():
        return supervisor.supervise(options.arguments, _how_to_go_on(options))
    if process is not None and options.resume is None:
        _experiment_and_tasks(options, None)  # bad input is refused before anybody is waited for
    with join(process, wait) as peers:
        return _train_among(peers, options, devices)


def _train_among(peers: Peers, options: Namespace, devices: int | None) -> int:
    start = None
    if options.resume is not None:
        path = Path(options.resume) / CHECKPOINT_FOLDER
        start = Checkpoint.unpack(peers.broadcast(lambda: Checkpoint.load(path).pack()), path)
    run = peers.agree_on(partial(_described_run, peers, options, start, devices), Run.facts)
    steps = steps_here if run.devices is None else Mesh.among(peers, run.devices).steps
    if peers.leads:
        for note in filter(None, _notes(run, peers, is_new=start is None)):
            print(note, file=sys.stderr)
    reports = training.train(run.experiment, start=start, tasks=run.tasks, steps=steps)
    if not peers.leads:
        return _follow(reports, _how_to_go_on(options))
    with ExitStack() as trackers:
        for to in options.track:
            reports = trackers.enter_context(closing(training.track(reports, to, complain=_say)))
        return _lead(reports, run, options, start)


def _say(sentence: str) -> None:
    print(sentence, file=sys.stderr)


def _notes(run: Run, peers: Peers, *, is_new: bool) -> tuple[str, ...]:
    """What to know before training, a sentence each; an empty one where there is nothing."""
    meta_batch_size = run.experiment.meta_batch_size
    return (
        getattr(run.tasks, "note", "") if is_new else "",
        idle_places(meta_batch_size, run.all_devices(peers)),
        idle_cores(_work(run), meta_batch_size) if run.devices is None else "",
    )


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
    """Trains, prints and keeps; whatever ends the run early carries the sentence that says where its snapshot is."""
    experiment, tasks, folder, _ = run
    history = History(np.zeros(0, np.float32) if start is None else past_losses(options.resume, start))
    print("MODEL-AGNOSTIC META-LEARNING (MAML)")
    where = f" from iteration {start.iteration} to" if start else " for"
    print(f"Training{where} {experiment.num_iterations}{'' if start else ' iterations'}...")
    try:
        report = _train_and_keep(reports, history, folder, experiment.num_iterations)
        learner = report.result.replace(tasks=tasks)
        print_new_tasks(learner)
        if folder.path:
            print(f"The learner is in {folder.path}.")
        card = None if options.preset is None else card_results(options.preset, _preset(options.preset), learner)
        if card:
            print_card(card)
        if options.json:
            print(json.dumps(summary(report, learner, history) | ({"preset": card} if card else {})))
    except KeyboardInterrupt:
        raise KeyboardInterrupt(f"Interrupted. {folder.where()}") from None
    except Diverged as error:
        raise Diverged(f"{error} {folder.where()}", error.iteration, error.report) from None
    except PeerLost as error:
        raise PeerLost(f"{error} {folder.where()}") from None
    return DONE


def _train_and_keep(reports: Iterator[Report], history: History, folder: RunFolder, num_iterations: int) -> Report:
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
                folder.keep_now_and_then(report, history.losses, bar)
        except (KeyboardInterrupt, Diverged):
            if report:
                folder.keep(report, history.losses)
            raise
    assert report is not None, "`train` gives one report at least."
    if line := history.last_line():
        print(line)
    if report.warning:
        print(f"warning: {report.warning}", file=sys.stderr)
    return report


def _how_to_go_on(options: Namespace) -> str:
    """One sentence for a process that knows of no snapshot itself."""
    folder = options.out or options.resume
    if folder is None:
        return "Start all processes again; nothing was kept, for want of --out FOLDER."
    return f"Start all processes again, with --resume {folder} to go on from its last snapshot."


# What to train.


def _described_run(peers: Peers, options: Namespace, start: Checkpoint | None, devices: int | None) -> Run:
    """The run that the flags describe, refused where it can be before training."""
    experiment, tasks = _experiment_and_tasks(options, start)
    if devices is not None or peers.count > 1:
        devices = len(local_devices(devices))
    kept = (options.out or options.resume, start.iteration if start and not options.out else None)
    return Run(experiment, tasks, RunFolder(*kept) if peers.leads else RunFolder(None), devices)


def _experiment_and_tasks(options: Namespace, start: Checkpoint | None) -> tuple[Experiment, Any]:
    """From the flags, and from the checkpoint to go on from."""
    flags = {spec.name: getattr(options, spec.name) for spec in dataclasses.fields(Experiment) if spec.name != "data"}
    values: dict[str, Any] = {name: Experiment.parse(name, content) for name, content in flags.items() if content is not None}
    if options.preset is not None:
        if start is not None:
            raise ValueError(f"`--preset` must be left out with `--resume`, whose run is described, got {options.preset!r}.")
        values = _preset(options.preset).experiment.changes() | values
    if start is not None:
        experiment = dataclasses.replace(start.experiment, **values)
        return experiment, tasks_of_run(start.experiment, options.data)
    if values.get("tasks") in PICTURES:
        values = {"model": "conv4", "loss": "softmax_cross_entropy"} | values
    if values.get("tasks") == "images":
        return _pictures(values, options)
    if values.get("tasks") != "table":
        values.pop("data", None)  # of a card that reads pictures, where other tasks were asked for
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


def _pictures(values: dict[str, Any], options: Namespace) -> tuple[Experiment, Any]:
    """A run on somebody's pictures, which are read now."""
    card = None if options.preset is None else _preset(options.preset)
    if options.data is None:
        wanted = f", of {card.data_set.name}, which is not ours to ship" if card and card.data_set else ""
        raise ValueError(f"`--data` must be given where `--tasks` is 'images': a folder or a zip archive of pictures{wanted}.")
    if given := [name for name in TABLE_FIELDS if getattr(options, name) is not None]:
        raise ValueError(f"`--{given[0]}` must go with `--tasks table`, got tasks 'images'.")
    described: dict[str, Any] = values | {"data": NOT_READ}
    experiment = Experiment(**described)
    tasks = read_pictures(experiment, options.data)
    if card is not None:
        card.check_tasks(tasks)
    return dataclasses.replace(experiment, data=tasks.digest), tasks


def _preset(name: str) -> Preset:
    if name not in CARDS:
        raise ValueError(f"`--preset` must be one of {', '.join(CARDS)}, got {name!r}.")
    return CARDS[name]
