"""Tasks as an argument of a compiled program, so that tasks of one kind share one."""

from typing import Any

import jax
import numpy as np

from maml_engine.core.episode import Episode
from maml_engine.pytrees import pytree, static_field


@pytree
class Opaque:
    """The caller's own tasks, where JAX cannot see into them.

    tasks: anything with `sample`; static, so each value has a compiled program of its own.
    """

    tasks: Any = static_field()

    def sample(self, *args) -> Episode:
        """As the caller's."""
        return self.tasks.sample(*args)


def as_argument(tasks: Any) -> Any:
    """Tasks as JAX passes them: a pytree of numbers, or a value that the compiled program belongs to."""
    is_visible = all(isinstance(leaf, jax.Array | np.ndarray | float | int) for leaf in jax.tree.leaves(tasks))
    return tasks if is_visible else Opaque(tasks)
