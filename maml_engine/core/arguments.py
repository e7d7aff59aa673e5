"""What a caller hands over, judged before it is traced: one sentence with what was found and what is wanted instead."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx

from maml_engine.checks import shown
from maml_engine.core.adapter import Adapter
from maml_engine.core.episode import Batch, Episode
from maml_engine.core.row_kind import check_one_array


def check_method(method: Any) -> None:
    """Refuses what is no method: a class that was not called, a name."""
    if isinstance(method, type):
        found = f"the class {method.__name__}: call it, {method.__name__}(inner_lr=0.01, inner_steps=1)"
    elif isinstance(method, str):
        found = f"{method!r}: names are for `Experiment(method=...)`"
    elif not hasattr(method, "meta_gradient") or not hasattr(method, "inner_update"):
        found = shown(method)
    elif jax.tree_util.all_leaves([method]):
        found = f"a {type(method).__name__}, whose class lacks the decorator @maml_engine.pytree"
    else:
        return
    raise ValueError(f"`method` must be a method with its numbers, such as MAML(inner_lr=0.01, inner_steps=1), got {found}.")


def check_model(model: Any) -> None:
    """Refuses what is no NNX module: a class that was not called, a function, a name."""
    if isinstance(model, nnx.Module):
        return
    if isinstance(model, type):
        found = f"the class {model.__name__}: call it, {model.__name__}(..., rngs=nnx.Rngs(0))"
    elif isinstance(model, str):
        found = f"{model!r}: names are for `Experiment(model=...)`"
    else:
        found = shown(model)
    raise ValueError(f"`model` must be an NNX module, such as MLP(rngs=nnx.Rngs(0)), got {found}.")


def check_loss_fn(loss_fn: Any) -> None:
    """Refuses what is no function: a name, a number."""
    if not callable(loss_fn):
        found = f"{loss_fn!r}: names are for `Experiment(loss=...)`" if isinstance(loss_fn, str) else shown(loss_fn)
        raise ValueError(f"`loss_fn` must be a function (prediction, y) -> one number an example, got {found}.")


def checked_key(key: Any) -> jax.Array:
    """A random key `[]`, of the typed kind; what is none is refused."""
    dtype, axes = getattr(key, "dtype", None), getattr(key, "ndim", 0)
    is_typed = dtype is not None and jnp.issubdtype(dtype, jax.dtypes.prng_key)
    axes -= 0 if is_typed else 1  # `jax.random.PRNGKey` is a row of numbers
    if not (is_typed or dtype == np.uint32) or axes != 0:
        advice = f"jax.random.key({key})" if isinstance(key, int) and not isinstance(key, bool) else "jax.random.key(0)"
        raise ValueError(f"`key` must be one random key, {advice}, got {shown(key)}.")
    return key if is_typed else jax.random.wrap_key_data(key)


def check_batch(name: str, batch: Any, *, axes: int = 1) -> None:
    """Refuses what is no batch of numbers with as many targets as inputs.

    Args:
      name: what the refusal calls it.
      batch: of one task, `x` `[examples, ...]` (`axes` 1), or of many, `[tasks, examples, ...]` (2).
      axes: before a row's own.

    Raises:
      ValueError: no `Batch`, lists instead of arrays, text, a missing axis, or different numbers of rows.
    """
    if not isinstance(batch, Batch):
        found = "an Episode: hand over its `support`" if isinstance(batch, Episode) else shown(batch)
        raise ValueError(f"`{name}` must be a Batch(x, y), got {found}.")
    wanted = "[tasks, examples, ...]" if axes == 2 else "[examples, ...]"
    for part, rows in (("x", batch.x), ("y", batch.y)):
        check_one_array(f"{name}.{part}", rows)
        if part == "x":  # of targets, a loss of classes says more
            _check_numbers(f"{name}.x", rows)
        # Whole numbers alone may be rows without an axis of their own: labels, indices of an embedding.
        if len(rows.shape) < axes + (part == "x" and jnp.issubdtype(rows.dtype, jnp.inexact)):
            advice = "one task alone gets its axis by jax.tree.map(lambda rows: rows[None], ...)" if axes == 2 else "x[:, None]"
            raise ValueError(f"`{name}.{part}` must have the shape {wanted}, got {list(rows.shape)}: {advice}.")
    parts = {"x": batch.x, "y": batch.y} | ({} if batch.weight is None else {"weight": batch.weight})
    if len({rows.shape[:axes] for rows in parts.values()}) > 1 or (batch.weight is not None and batch.weight.ndim != axes):
        found = ", ".join(f"{part} {list(rows.shape)}" for part, rows in parts.items())
        raise ValueError(f"`{name}` must have one row of each for every example, {wanted}, got {found}.")


def check_one_task(adapter: Adapter, support: Batch) -> None:
    """Refuses the rows of many tasks, `[tasks, examples, ...]`, where those of one are to be, `[examples, ...]`.

    Args:
      adapter: whose loss says how many numbers there are an example.
      support: what was handed over.

    Raises:
      ValueError: the loss gives a number for each task and example.
    """
    if support.x.ndim < 3 or support.x.shape[:2] != support.y.shape[:2]:
        return

    def losses(x: jax.Array) -> jax.Array:
        return adapter.loss_fn(adapter.network.predict(adapter.meta.init, x), jnp.asarray(support.y))

    found = jax.eval_shape(losses, support.x)
    if found.shape == support.x.shape[:2]:
        shape = list(support.x.shape)
        raise ValueError(
            f"`support` must hold one task's rows, [examples, ...], got {shape}: support.x[0] and support.y[0] are the first's."
        )


def _check_numbers(name: str, rows: Any) -> None:
    if jnp.issubdtype(rows.dtype, jax.dtypes.extended) or np.dtype(rows.dtype).kind in "OSUMm":
        raise ValueError(f"`{name}` must hold numbers, got an array of {rows.dtype}.")


def check_episode(episode: Any) -> None:
    """Refuses what is no episode of at least one task: a dictionary, a missing query, an axis too few.

    Raises:
      ValueError: as `check_batch`, no task, or other tasks in the support than in the query.
    """
    if not isinstance(episode, Episode):
        raise ValueError(f"`episode` must be Episode(support=Batch(x, y), query=Batch(x, y)), got {shown(episode)}.")
    for name, batch in episode._asdict().items():
        check_batch(name, batch, axes=2)
    tasks = {leaf.shape[0] for leaf in jax.tree.leaves(episode)}
    if len(tasks) != 1 or 0 in tasks:
        raise ValueError(f"`episode` must hold one number of tasks, at least 1, in all its arrays, got {sorted(tasks)}.")


@contextmanager
def explained(adapter: Adapter, axes: int = 1, **batches: Batch) -> Iterator[None]:
    """Around what compiles: where the network does not take the rows, that is said, instead of what JAX says deep inside.

    Args:
      adapter: whose network it is.
      axes: before a row's own.
      batches: what it is to take, by the name that the refusal calls it.

    Raises:
      ValueError: the network does not take a batch's inputs.
    """
    try:
        yield
    except (TypeError, ValueError) as error:
        for name, batch in batches.items():
            if isinstance(error, TypeError):
                _check_numbers(f"{name}.y", batch.y)
            check_takes(adapter, name, batch.x.shape[axes - 1 :], batch.x.dtype)
        wanted = jax.eval_shape(adapter.method.init_rule, adapter.meta.init)
        if jax.tree.structure(wanted) != jax.tree.structure(adapter.meta.rule):
            raise ValueError(
                f"`rule` must be shaped like `method.init_rule(params)` of {type(adapter.method).__name__}, as the gradient's "
                f"`rule` is, got {shown(adapter.meta.rule)}."
            ) from None
        raise


def check_takes(adapter: Adapter, name: str, shape: tuple[int, ...], dtype: Any) -> jax.ShapeDtypeStruct:
    """Refuses inputs that the network does not take; gives the shape and type of what it makes of them.

    Args:
      adapter: whose network it is.
      name: what the refusal calls the batch.
      shape: of one task's inputs, `(examples, ...)`.
      dtype: of them.

    Raises:
      ValueError: the network raises an error; its first line.
    """
    try:
        return jax.eval_shape(adapter.network.predict, adapter.meta.init, jax.ShapeDtypeStruct(shape, dtype))
    except (TypeError, ValueError) as error:
        if str(error).startswith("The network must give one array"):  # a refusal already
            raise
        reason = str(error).strip().partition("\n")[0].rstrip(".")
        wanted = f"rows of shape {list(shape[1:])}"
        raise ValueError(f"The network does not take `{name}.x`, {wanted} ({type(error).__name__}: {reason}).") from error
