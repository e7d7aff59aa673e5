"""A table whose target column numbers classes, for a loss of classes."""

import dataclasses
from typing import Any

import jax
import numpy as np

from maml_engine.checks import listed, shown
from maml_engine.core.episode import Batch, Episode
from maml_engine.core.labels import takes_labels
from maml_engine.core.losses import LossFn
from maml_engine.pytrees import Replaceable, pytree, static_field
from maml_engine.tasks.family import SPLITS
from maml_engine.tasks.scaling import Scaling
from maml_engine.tasks.table import Table


@pytree
class Classified(Replaceable):
    """The tasks of a table with one-hot rows as targets.

    table: its target column holds labels from 0 on.
    classes: how many there are; static.
    """

    table: Table
    classes: int = static_field()

    @classmethod
    def of(cls, table: Table) -> "Classified":
        """Finds the classes.

        Raises:
          ValueError: the target column holds something else than labels from 0 on, with the labels found.
        """
        found = np.unique(np.concatenate([table.split(name).examples()[1] for name in SPLITS]))
        classes = int(found[-1]) + 1
        if not np.isin(found, np.arange(classes)).all() or found[0] != 0:
            raise ValueError(
                f"Column {shown(table.columns.target)} must hold labels, whole numbers from 0 on, where the loss is of "
                f"classes, got {listed([f'{value:g}' for value in found])}."
            )
        return cls(table, classes)

    @property
    def scaling(self) -> Scaling:
        """Of the inputs alone."""
        return dataclasses.replace(self.table.scaling, y_mean=0.0, y_std=1.0)

    @property
    def task_names(self) -> tuple[str, ...]:
        """The tasks held."""
        return self.table.task_names

    def split(self, name: str) -> "Classified":
        """The tasks of one split."""
        return self.replace(table=self.table.split(name))

    def sample(self, key: jax.Array, meta_batch_size: int, k_shot: int, k_query: int | None = None) -> Episode:
        """As the table's, `y` being `[meta_batch_size, rows, classes]`.

        Args:
          key: `[]`, of the tasks and of the rows.
          meta_batch_size: how many tasks.
          k_shot: support rows.
          k_query: not used, as in a table.
        """
        return self._one_hot(self.table.sample(key, meta_batch_size, k_shot, k_query))

    def every(self, key: jax.Array, k_shot: int) -> Episode:
        """Each task once, as the table's; `key` `[]`, `y` `[tasks, rows, classes]`."""
        return self._one_hot(self.table.every(key, k_shot))

    def _one_hot(self, episode: Episode) -> Episode:
        def of(batch: Batch) -> Batch:
            return batch._replace(y=jax.nn.one_hot(batch.y[..., 0].astype(int), self.classes))

        return Episode(of(episode.support), of(episode.query))


def for_loss(tasks: Any, loss_fn: LossFn) -> Any:
    """The tasks as a loss takes them: a table's targets as one-hot rows where the loss is of classes, all else as it is."""
    return Classified.of(tasks) if takes_labels(loss_fn) and isinstance(tasks, Table) else tasks
