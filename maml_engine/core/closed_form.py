"""What a task's support gives in closed form, before the inner loop's steps or instead of them: "adapts by solving"."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
from flax import nnx

from maml_engine.core.adapter import Adapter, MetaParams
from maml_engine.core.episode import Batch, Episode, blanked, unknown
from maml_engine.core.gaussian import LOG_2_PI
from maml_engine.core.labels import takes_labels
from maml_engine.core.losses import LossFn, mean_loss
from maml_engine.core.meta_loss import task_keys
from maml_engine.models.head import Solved, head_of, with_head
from maml_engine.pytrees import Replaceable, pytree, static_field
from maml_engine.runtime.matmul_rewriting import fast_products

PyTree = Any
# `(adapter, what the support gave, support, query) -> []`: what is to be small for one task, where it is not the query loss.
Objective = Callable[[Adapter, PyTree, Batch, Batch], jax.Array]


@pytree
class HeadRows(Replaceable):
    """One task's rows as the last layer sees them.

    features: `[rows, features]`, what it is given; a last column of ones where it has a bias. Rows of padding are 0.
    targets: `[rows, out_dim]`, real numbers; 0 in rows of padding.
    weight: `[rows]`, 0 where a row is padding.
    kernel: `[features, out_dim]`, the layer itself; its bias is the last row.
    path: of the layer within the network; static.
    has_bias: whether it has one; static.
    """

    features: jax.Array
    targets: jax.Array
    weight: jax.Array
    kernel: jax.Array
    path: tuple = static_field()
    has_bias: bool = static_field()

    @classmethod
    def of(cls, adapter: Adapter, batch: Batch, scale: jax.Array | float = 1.0) -> "HeadRows":
        """The rows of `batch`, `x` `[rows, ...]`.

        Args:
          adapter: the network and its parameters.
          batch: of one task; classes become one-hot rows times `scale`, so that a regression on them gives logits.
          scale: of these one-hot rows, `[]`.

        Raises:
          ValueError: the network does not end in an `nnx.Linear`.
        """
        params = adapter.meta.init
        values, path = adapter.network.features(params, blanked(batch.x, batch.weight))
        kernel, bias = head_of(params, path)
        weight = jnp.ones(len(values), values.dtype) if batch.weight is None else jnp.asarray(batch.weight, values.dtype)
        targets = real_targets(adapter.loss_fn, jnp.asarray(batch.y), kernel.shape[1], scale).astype(values.dtype)
        joint = kernel if bias is None else jnp.concatenate([kernel, bias[None]])
        features = blanked(with_ones(values, bias is not None), weight)
        return cls(features, blanked(targets, weight), weight, joint, path, bias is not None)

    def params(self, init: PyTree, kernel: jax.Array) -> PyTree:
        """The network's parameters with another last layer.

        Args:
          init: the network's.
          kernel: `[features, out_dim]`, its bias the last row where it has one.
        """
        if self.has_bias:
            return with_head(init, self.path, kernel[:-1], kernel[-1])
        return with_head(init, self.path, kernel)


def head_path(params: PyTree) -> tuple:
    """Where the last dense layer lies, by the order of the names, as ANIL has it.

    Raises:
      ValueError: the network has no dense layer.
    """
    flat = nnx.to_flat_state(params)
    kernels = [tuple(where) for where, leaf in flat if where[-1] == "kernel" and len(leaf.get_value().shape) == 2]
    if not kernels:
        raise ValueError("A method that solves for the head needs a network that ends in an nnx.Linear; this one has none.")
    return kernels[-1][:-1]


def head_size(params: PyTree) -> tuple[int, int]:
    """Features of that layer, the one of its bias included, and its outputs."""
    kernel, bias = head_of(params, head_path(params))
    features, outputs = kernel.shape
    return features + (bias is not None), outputs


def to_be_learned(value: float, params: PyTree) -> jax.Array:
    """A number `[]` of the parameters' type."""
    return jnp.asarray(value, jnp.result_type(*(leaf.dtype for leaf in jax.tree.leaves(params))))


def with_ones(features: jax.Array, has_bias: bool) -> jax.Array:
    """`[rows, features]` with a column of ones behind, where there is a bias to multiply with them."""
    return jnp.concatenate([features, jnp.ones_like(features[:, :1])], axis=1) if has_bias else features


def real_targets(loss_fn: LossFn, y: jax.Array, outputs: int, scale: jax.Array | float = 1.0) -> jax.Array:
    """Targets as numbers that a regression can have: classes as one-hot rows times a scale.

    Args:
      loss_fn: a loss of classes, or any other.
      y: `[rows, outputs]`; labels `[rows]` or one-hot rows where the loss is of classes.
      outputs: of the network.
      scale: `[]`, of one-hot rows.

    Returns:
      `[rows, outputs]`.

    Raises:
      ValueError: targets of another shape.
    """
    if takes_labels(loss_fn):
        return scale * (jax.nn.one_hot(y, outputs) if y.ndim == 1 else y)
    if y.shape[1:] != (outputs,):
        raise ValueError(
            f"`support.y` must have the shape [examples, {outputs}], as the network's outputs, got {list(y.shape)}."
        )
    return y


def negative_log_density(adapter: Adapter, solved: Solved, support: Batch, query: Batch) -> jax.Array:
    """Minus the log density of the queries under independent Gaussians, in nats: the mean over rows and outputs, `[]`.

    Args:
      adapter: the network.
      solved: its parameters, and a head that says how sure it is.
      support: one task's; normalisation layers go by its statistics.
      query: the rows that are judged.
    """
    network = adapter.network.settled(solved, support.x)
    features = network.features(solved, blanked(query.x, query.weight)).values
    spread = solved.head.spread(features)

    def density(prediction: jax.Array, y: jax.Array) -> jax.Array:
        return jnp.mean(jnp.square((prediction - y) / spread) / 2 + jnp.log(spread) + LOG_2_PI / 2, axis=-1)

    return mean_loss(density, solved.head(features), query)


def objective_gradient(
    adapter: Adapter, episode: Episode, objective: Objective, *, key: jax.Array | None = None
) -> tuple[jax.Array, MetaParams]:
    """The mean query loss, and the gradient of another objective: a method's own likelihood.

    Args:
      adapter: a method that solves, and the meta-parameters.
      episode: tasks on a leading axis `[tasks]`.
      objective: of one task.
      key: one for all tasks, or one for each, `[tasks]`.

    Returns:
      The meta-loss `[]`, which is reported, and the objective's gradient, shaped like `adapter.meta`.
    """
    method = adapter.method

    def one_task(at: Adapter, support: Batch, query: Batch, key: jax.Array | None) -> tuple[jax.Array, jax.Array]:
        drawn = at.replace(network=at.network.drawing(key))
        solved = method.from_support(drawn, support if method.inner_steps else unknown(support))
        return objective(drawn, solved, support, query), drawn.query_loss(solved, support, query)

    @fast_products
    def of_tasks(episode: Episode, keys: jax.Array | None) -> tuple[jax.Array, MetaParams]:
        def means(meta: MetaParams) -> tuple[jax.Array, jax.Array]:
            tasks = jax.vmap(one_task, (None, 0, 0, None if keys is None else 0))
            of_each, losses = tasks(adapter.replace(meta=meta), episode.support, episode.query, keys)
            return jnp.mean(of_each), jnp.mean(losses)

        (_, loss), gradient = jax.value_and_grad(means, has_aux=True)(adapter.meta)
        return loss, gradient

    return of_tasks(episode, task_keys(key, episode))
