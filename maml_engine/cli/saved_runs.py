"""Saved learners and the tasks they were trained on: a table's file, or pictures, are asked for again, and must be the same."""

import dataclasses
import hashlib
from typing import Any

import jax

from maml_engine.checks import check_choice
from maml_engine.experiment import Experiment
from maml_engine.io.read_csv import read_bytes
from maml_engine.learner import Learner
from maml_engine.tasks import PICTURES, ImageFolder, OmniglotRuns, Table

RUNS = "omniglot_runs"
NAMED = tuple(name for name in PICTURES if name != "images")  # those that need no files of the caller's


def load_with_tasks(folder: str, data: str | None, tasks: str | None = None, n_way: str | None = None) -> Learner:
    """Loads a saved learner with the tasks that it was trained on, or with others of pictures.

    Args:
      folder: what `maml train --out` left.
      data: what was typed behind `--data`.
      tasks: what was typed behind `--tasks`: other tasks of pictures.
      n_way: what was typed behind `--n-way`.

    Raises:
      ValueError: no such learner, `data` is not its file, or tasks that it cannot take.
    """
    learner = Learner.load(folder)
    if not isinstance(learner, Learner):
        raise ValueError(f"`folder` must hold what `train` left, got a table's learner in {folder}: `verdict` has judged it.")
    if tasks is None and n_way is None:
        return learner.replace(tasks=tasks_of_run(learner.experiment, data))
    return learner.replace(tasks=_tasks_of_pictures(learner, tasks, n_way, data))


def _tasks_of_pictures(learner: Learner, name: str | None, n_way: str | None, data: str | None) -> Any:
    """Tasks by their name, or those of the training, with as many classes as are asked for; arguments as typed."""
    if name is not None or learner.experiment.tasks not in PICTURES:
        check_choice("tasks", name or learner.experiment.tasks, (*NAMED, RUNS))
    if name == RUNS:
        tasks = OmniglotRuns.read()
        if n_way is not None:
            raise ValueError(f"`--n-way` must be left out: each of Omniglot's runs is of {tasks.n_way} classes, got {n_way!r}.")
        ways = tasks.n_way
    else:
        changes = {} if n_way is None else {"n_way": Experiment.parse("n_way", n_way)}
        experiment = dataclasses.replace(learner.experiment, tasks=name or learner.experiment.tasks, **changes)
        tasks, ways = tasks_of_run(experiment, data), experiment.n_way
    shown = jax.eval_shape(lambda key: tasks.split("test").sample(key, 1, 1, 1), jax.random.key(0)).support.x.shape[2:]
    if shown != learner.x_rows.shape:
        raise ValueError(f"`--tasks` must have rows of shape {list(learner.x_rows.shape)}, got {name} of {list(shown)}.")
    if ways != learner.out_dim and learner.method.support_gives != "solution":
        raise ValueError(
            f"`--tasks` must have {learner.out_dim} classes, for which this learner has outputs, got {ways}: a method that "
            "solves (protonet, r2d2) takes any number."
        )
    return tasks


def tasks_of_run(experiment: Experiment, data: str | None) -> Any:
    """Builds the tasks of a run that exists, from its file where they are a table, from its pictures where they are images.

    Args:
      experiment: the run.
      data: what was typed behind `--data`.

    Raises:
      ValueError: the file is missing, another than the run's, or not wanted.
    """
    if experiment.tasks not in ("table", "images"):
        if data is not None:
            raise ValueError(f"`--data` must be left out: this run's tasks are {experiment.tasks!r}, got {data!r}.")
        return experiment.build_tasks()
    what = "pictures" if experiment.tasks == "images" else "file"
    wanted = f"the {what} that the run was trained on, whose SHA-256 begins with {experiment.data[:12]}"
    if data is None:
        raise ValueError(f"`--data` must be given: {wanted}.")
    if experiment.tasks == "images":
        tasks = read_pictures(experiment, data)
        if tasks.digest != experiment.data:
            raise ValueError(f"`--data` must be {wanted}, got some whose begins with {tasks.digest[:12]}.")
        return tasks
    content = read_bytes(data)
    if (digest := file_digest(content)) != experiment.data:
        raise ValueError(f"`--data` must be {wanted}, got one that begins with {digest[:12]}.")
    return read_table(experiment, content)


def read_pictures(experiment: Experiment, source: str) -> ImageFolder:
    """Reads the pictures that `experiment` describes, from a folder or a zip archive."""
    return ImageFolder.read(
        source,
        n_way=experiment.n_way,
        k_shot=experiment.k_shot,
        k_query=experiment.k_query,
        size=experiment.image_size or None,
        colour=experiment.colour,
        layout=None if experiment.layout == "auto" else experiment.layout,
        ink=None if experiment.ink == "auto" else experiment.ink,
        distortion=experiment.distortion,
        same_group=experiment.same_group,
        seed=experiment.seed,
    )


def read_table(experiment: Experiment, content: bytes) -> Table:
    """Reads the table that `experiment` describes, from the content of its file."""
    return Table.read(
        content,
        task=experiment.task,
        inputs=experiment.inputs,
        target=experiment.target,
        log=experiment.log,
        k_shot=experiment.k_shot,
        seed=experiment.seed,
    )


def file_digest(content: bytes) -> str:
    """SHA-256 in hexadecimal: what names a table in an experiment."""
    return hashlib.sha256(content).hexdigest()
