"""The meta-gradient, by any method of the family.

How it flows back through the inner loop is the method's choice (`Method.meta_gradient`), and each choice is a module:
`exact` (MAML), `first_order` (FOMAML), `implicit` (iMAML), `interpolation` (Reptile).
"""

from functools import partial
from typing import Any

import jax
from flax import nnx

from maml_engine.checks import check_choice
from maml_engine.core.adapter import Adapter, MetaParams
from maml_engine.core.arguments import check_episode, check_loss_fn, check_method, check_model, checked_key, explained
from maml_engine.core.episode import Episode
from maml_engine.core.exact import MODES
from maml_engine.core.losses import LossFn, mean_squared_error

PyTree = Any


def meta_value_and_grad(
    method,
    model: nnx.Module,
    episode: Episode,
    loss_fn: LossFn = mean_squared_error,
    *,
    rule: PyTree = None,
    iteration: int = 0,
    key: jax.Array | None = None,
    mode: str | None = None,
) -> tuple[jax.Array, MetaParams]:
    """The meta-loss of a batch of tasks, and its gradient as `method` defines it.

    Args:
      method: `MAML(...)` or another of the family.
      model: any NNX module; untouched.
      episode: support and query sets with a leading axis `[tasks]`.
      loss_fn: one number an example.
      rule: what the inner loop has learned; None takes the method's start.
      iteration, key: for methods and networks that schedule or draw; without a key, dropout drops the same units every time.
      mode: how an exact gradient is computed, a name in `MODES`; None lets the engine choose. The gradient is the same.

    Returns:
      The meta-loss `[]`, and `MetaParams` whose `init` is shaped like `nnx.state(model, nnx.Param)`.

    Raises:
      ValueError: no method, model, episode or key; an empty episode, unequal numbers of tasks, an axis too few, several arrays
        where there must be one, rows that the network does not take, targets that are no classes where the loss is of classes,
        or an unknown mode.
    """
    if mode is not None:
        check_choice("mode", mode, MODES)
    check_method(method)
    check_model(model)
    check_episode(episode)
    check_loss_fn(loss_fn)
    if key is not None:
        key = checked_key(key)
    adapter = Adapter.of_model(method, model, loss_fn, rule=rule, iteration=iteration)
    with explained(adapter, axes=2, **episode._asdict()):
        for name, batch in zip(("support.y", "query.y"), episode, strict=True):
            adapter.check_targets(name, batch, axes=2)
        return _compiled(adapter, episode, key, mode=mode)


@partial(jax.jit, static_argnames="mode")
def _compiled(adapter: Adapter, episode: Episode, key: jax.Array | None, *, mode: str | None) -> tuple[jax.Array, MetaParams]:
    return adapter.meta_gradient(episode, key=key, mode=mode)
