"""Saved learners and the tasks they were trained on: a table's file, or pictures, are asked for again, and must be the same."""

import hashlib
from typing import Any

from maml_engine.experiment import Experiment
from maml_engine.io.read_csv import read_bytes
from maml_engine.learner import Learner
from maml_engine.tasks import ImageFolder, Table


def load_with_tasks(folder: str, data: str | None) -> Learner:
    """Loads a saved learner with the tasks that it was trained on.

    Args:
      folder: what `maml train --out` left.
      data: what was typed behind `--data`.

    Raises:
      ValueError: no such learner, or `data` is not its file.
    """
    learner = Learner.load(folder)
    if not isinstance(learner, Learner):
        raise ValueError(f"`folder` must hold what `train` left, got a table's learner in {folder}: `verdict` has judged it.")
    return learner.replace(tasks=tasks_of_run(learner.experiment, data))


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
