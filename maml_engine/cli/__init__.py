"""What the command line does, one file a command; each takes the parsed options and returns an exit code."""

import hashlib
from typing import Any

from maml_engine.experiment import Experiment
from maml_engine.io.read_csv import read_bytes
from maml_engine.learner import Learner
from maml_engine.tasks import Table

DONE, WRONG, BAD_INPUT, DIVERGED, PEER_LOST, INTERRUPTED = 0, 1, 2, 3, 4, 130


def read_table(experiment: Experiment, content: bytes) -> Table:
    """The table that `experiment` describes, from its file's content."""
    return Table.read(
        content,
        task=experiment.task,
        inputs=experiment.inputs,
        target=experiment.target,
        log=experiment.log,
        k_shot=experiment.k_shot,
        seed=experiment.seed,
    )


def tasks_at_hand(experiment: Experiment, data: str | None) -> Any:
    """The tasks of a run that exists, from the file behind `--data` where they are a table.

    Raises:
      ValueError: the file is missing, another than the run's, or not wanted.
    """
    if experiment.tasks != "table":
        if data is not None:
            raise ValueError(f"`--data` must be left out: this run's tasks are {experiment.tasks!r}, got {data!r}.")
        return experiment.build_tasks()
    if data is None:
        raise ValueError(f"`--data` must be given: {experiment_of_table(experiment)}.")
    content = read_bytes(data)
    if (digest := file_digest(content)) != experiment.data:
        raise ValueError(f"`--data` must be {experiment_of_table(experiment)}, got one that begins with {digest[:12]}.")
    return read_table(experiment, content)


def experiment_of_table(experiment: Experiment) -> str:
    """Which file a run on a table needs."""
    return f"the file that the run was trained on, whose SHA-256 begins with {experiment.data[:12]}"


def file_digest(content: bytes) -> str:
    """SHA-256 in hexadecimal: what names a table in an experiment."""
    return hashlib.sha256(content).hexdigest()


def load_with_tasks(folder: str, data: str | None) -> Learner:
    """A saved learner with the tasks that it was trained on."""
    learner = Learner.load(folder)
    if not isinstance(learner, Learner):
        raise ValueError(f"`folder` must hold what `train` left, got a table's learner in {folder}: `verdict` has judged it.")
    return learner.replace(tasks=tasks_at_hand(learner.experiment, data))
