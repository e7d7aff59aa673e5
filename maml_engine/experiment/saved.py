"""The description of a run as it lies beside what the run left."""

from pathlib import Path
from typing import Any

from maml_engine.experiment.experiment import Experiment
from maml_engine.io.arrays import StorageError


def experiment_of(path: Path, arrays: Path, facts: dict[str, Any]) -> Experiment:
    """The experiment beside a learner's arrays; or the one that they carry, where a kill came before it lay beside them.

    Args:
      path: where it lies as JSON.
      arrays: the learner's file.
      facts: what that file holds beside arrays.

    Raises:
      StorageError: there is none, or it was changed after the learner was saved.
    """
    beside = text_or_none(path)
    description = facts["description"] if "replaces" in facts and facts["replaces"] == beside else beside
    if description is None:
        raise StorageError(f"{path.parent} is not a learner's folder: it must hold {path.name} beside {arrays.name}.")
    try:
        experiment = Experiment.from_json(description)
    except ValueError as error:
        advice = " A name of one's own is registered first (maml_engine.register, or maml --import MODULE)."
        raise StorageError(f"{path}: {error}{advice if 'must be one of' in str(error) else ''}") from error
    if facts["experiment"] != experiment.digest:
        raise StorageError(f"{path} was changed after the learner beside it was saved.")
    return experiment


def text_or_none(path: Path) -> str | None:
    """A file's content, where there is one."""
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
