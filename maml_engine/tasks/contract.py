"""What tasks of a caller's own must be: anything with `split` and `sample`; judged once, before training.

split(name) -> tasks: those of "train", "validation" or "test".
sample(key, meta_batch_size, k_shot, k_query) -> Episode: arrays with a leading axis `[meta_batch_size]`, support rows to adapt
  on and query rows to be judged by. It is traced once and compiled into the training step, so all that differs between two
  draws must come from `key`, by `jax.random`: NumPy's and Python's random numbers would be drawn once, at the trace, and be
  the same in every meta-step. `jax.pure_callback` calls NumPy from inside.
every(key, k_shot) -> Episode: optional, where tasks are finitely many: each once, its other rows as queries.
rows_of_a_class: optional, of tasks whose `k_shot` and `k_query` are rows of each class (pictures): how many the smallest class
  has, None for endlessly many.
scaling: optional, a `Scaling` between the units of the data and the network's.

The object is hashable (a frozen dataclass is), or a pytree of numbers.
"""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from maml_engine.checks import shown
from maml_engine.core.arguments import check_episode
from maml_engine.core.episode import Episode
from maml_engine.core.keys import key_of

TASKS, QUERIES = 2, 3  # of a trial draw


def check_tasks(tasks: Any) -> None:
    """Refuses what lacks `sample` or `split`: a class that was not called, a name, an episode."""
    if isinstance(tasks, type):
        found = f"the class {tasks.__name__}: call it, {tasks.__name__}()"
    elif isinstance(tasks, str):
        found = f"{tasks!r}: names are for `Experiment(tasks=...)`"
    elif not callable(getattr(tasks, "sample", None)) or not callable(getattr(tasks, "split", None)):
        found = shown(tasks)
    else:
        return
    raise ValueError(f"`tasks` must have the functions `sample` and `split`, as Sinusoid() has, got {found}.")


def shapes_of(tasks: Any, k_shot: int) -> Episode:
    """What one draw of the training split looks like, `[1, k_shot, ...]`; tasks of a caller's own are tried before."""
    train = tasks.split("train")
    check_draws(train, k_shot=k_shot, trial=tasks.split("validation"))
    return jax.eval_shape(lambda key: train.sample(key, 1, k_shot, 1), key_of(0))


def check_draws(tasks: Any, *, k_shot: int, trial: Any = None) -> None:
    """Tries tasks of a caller's own: they draw episodes, by their key alone, and others for another key.

    Args:
      tasks: one split; the engine's own are known to be right.
      k_shot: support rows of a task.
      trial: the split that is drawn from twice; None takes `tasks`, which are else only traced.

    Raises:
      ValueError: not hashable, no episode, or random numbers that do not come from the key.
    """
    if type(tasks).__module__.startswith("maml_engine."):
        return
    _check_hashable(tasks)

    def draw(key: jax.Array, tasks: Any = tasks) -> Episode:
        episode = tasks.sample(key, TASKS, k_shot, QUERIES)
        check_episode(episode)
        if len(episode.support.x) != TASKS:
            raise ValueError(
                f"`tasks.sample` must give arrays with a leading axis of tasks, {TASKS} for `meta_batch_size={TASKS}`, got "
                f"support.x of shape {list(episode.support.x.shape)}."
            )
        return episode

    first, second = (_traced(draw) for _ in range(2))
    if not _same(first.consts, second.consts) or str(first.jaxpr) != str(second.jaxpr):
        raise ValueError(
            "`tasks.sample` must draw by its `key` alone (jax.random), but drew differently for one key: NumPy's and Python's "
            "random numbers are drawn once, when the training step is compiled, and every meta-step would see the same."
        )
    compiled = jax.jit(lambda key: draw(key, tasks if trial is None else trial))
    one, other = (jax.tree.leaves(compiled(key_of(seed))) for seed in (0, 1))
    if _same(one, other):
        raise ValueError(
            "`tasks.sample` must draw by its `key` (jax.random), but gave the same tasks for two keys: every meta-step would "
            "see the same. Random numbers of NumPy or Python are drawn once, when the training step is compiled."
        )


def _traced(draw: Callable[[jax.Array], Episode]) -> Any:
    """What JAX sees of a draw. A new function each time, since a trace is kept by its function."""
    try:
        return jax.make_jaxpr(lambda key: draw(key))(key_of(0))
    except (jax.errors.JAXTypeError, jax.errors.JAXIndexError) as error:
        reason = str(error).partition("\n")[0].rstrip(".")
        raise ValueError(
            f"`tasks.sample` must be pure JAX, since it is traced: NumPy and Python cannot see what `key` holds ({reason})."
        ) from error


def _check_hashable(tasks: Any) -> None:
    if any(not isinstance(leaf, jax.Array | np.ndarray | float | int) for leaf in jax.tree.leaves(tasks)):
        try:
            hash(tasks)
        except TypeError as error:
            name = type(tasks).__name__
            raise ValueError(
                f"`tasks` must be hashable, as a frozen dataclass is, or a pytree of numbers, got {name} ({error})."
            ) from None


def _same(one: list[Any], other: list[Any]) -> bool:
    return len(one) == len(other) and all(
        np.array_equal(_plain(a), _plain(b), equal_nan=True) for a, b in zip(one, other, strict=True)
    )


def _plain(value: Any) -> Any:
    """Random keys as the numbers that they are."""
    is_key = hasattr(value, "dtype") and jnp.issubdtype(value.dtype, jax.dtypes.prng_key)
    return np.asarray(jax.random.key_data(value)) if is_key else np.asarray(value)
