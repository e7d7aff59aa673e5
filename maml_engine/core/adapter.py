"""What adapts: a method at one point of parameter space, with the network and the loss that it is about."""

from collections.abc import Callable
from typing import Any, ClassVar, Literal, NamedTuple, Protocol

import jax
import numpy as np
from flax import nnx

from maml_engine.checks import listed
from maml_engine.core.episode import Batch, Episode, blanked
from maml_engine.core.labels import check_labels, takes_labels
from maml_engine.core.losses import LossFn, mean_loss, mean_squared_error
from maml_engine.models import Network
from maml_engine.pytrees import Replaceable, pytree, static_field

PyTree = Any
# `(moving, fixed, batch) -> []`: one task's mean loss under the two halves of the parameters; or its gradient by `moving`.
TaskLoss = Callable[[PyTree, PyTree, Batch], jax.Array]


class MetaParams(NamedTuple):
    """What the outer loop learns.

    init: the initialisation theta, shaped like `nnx.state(model, nnx.Param)`.
    rule: what the inner loop has learned (step sizes and the like); empty for MAML.
    """

    init: PyTree
    rule: PyTree


class InnerStep(NamedTuple):
    """Where the inner loop stands, for rules that depend on it.

    index: `[]`, 0 at the first step.
    iteration: `[]`, the meta-iteration.
    key: `[]`, a random key, or None where none was given.
    """

    index: jax.Array | int
    iteration: jax.Array | int
    key: jax.Array | None


class InnerRule(Protocol):
    """What the inner loop asks of a method; `methods.Method` says what each means."""

    @property
    def inner_steps(self) -> int:
        """Gradient steps on the support set."""
        ...

    # What the support gives in closed form: "nothing", a "start" for the steps, or a "solution" instead of them.
    support_gives: ClassVar[Literal["nothing", "start", "solution"]]

    def from_support(self, adapter: Any, support: Batch) -> PyTree:
        """That start, or that solution; not asked where it gives nothing."""
        ...

    def moving(self, params: PyTree) -> nnx.filterlib.Filter:
        """Which parameters the inner loop moves."""
        ...

    def fixed_at(self, rule: PyTree, fixed: PyTree, index: jax.Array | int) -> PyTree:
        """What the parameters that do not move are at inner step `index` `[]`."""
        ...

    def init_inner(self, rule: PyTree, moving: PyTree) -> PyTree:
        """State that the inner loop carries from step to step beside the parameters."""
        ...

    def inner_update(  # positional: methods of a user's own answer it
        self, rule: PyTree, moving: PyTree, gradient: PyTree, state: PyTree, step: InnerStep
    ) -> tuple[PyTree, PyTree]:
        """One step of descent.

        Args:
          rule: what the inner loop has learned.
          moving: the parameters that move, before the step.
          gradient: the support loss's there, of the same shapes.
          state: what `init_inner` or the step before gave.
          step: where the inner loop stands.

        Returns:
          The parameters after the step, and the state for the next.
        """
        ...


@pytree
class Adapter(Replaceable):
    """A method and the meta-parameters that it starts from: everything that adapting to a task takes, but the task.

    A pytree: numbers are leaves, so another step size or another point compiles nothing.

    method: a `Method`, or anything that answers as an `InnerRule` does.
    meta: the meta-parameters.
    network: the module without its parameters.
    loss_fn: gives one number an example; static.
    iteration: the meta-iteration, for methods that schedule; `[]`.
    """

    method: Any
    meta: MetaParams
    network: Network
    loss_fn: LossFn = static_field(default=mean_squared_error)
    iteration: jax.Array | int = 0

    @classmethod
    def of_model(
        cls, method: Any, model: nnx.Module, loss_fn: LossFn = mean_squared_error, *, rule: PyTree = None, iteration: int = 0
    ) -> "Adapter":
        """The adapter of a module; `model` itself stays as it is.

        Args:
          method: a `Method` with its hyperparameters.
          model: any NNX module; its `nnx.Param`s are theta.
          loss_fn: gives one number an example.
          rule: what the inner loop has learned; None takes the method's start.
          iteration: the meta-iteration.
        """
        network, params = Network.split(model)
        return cls(method, MetaParams(params, method.init_rule(params) if rule is None else rule), network, loss_fn, iteration)

    @property
    def dtype(self) -> np.dtype:
        """Of the parameters."""
        return np.result_type(*(leaf.dtype for leaf in jax.tree.leaves(self.meta.init)))

    def check_targets(self, name: str, batch: Batch, *, axes: int = 1) -> None:
        """Refuses targets that a loss of classes cannot take; any other loss takes what it is given.

        Args:
          name: what the refusal calls them.
          batch: `x` `[examples, ...]` of one task (`axes` 1), or `[tasks, examples, ...]` (2).
          axes: before a row's own.
        """
        if takes_labels(self.loss_fn):
            one_task = jax.ShapeDtypeStruct(batch.x.shape[axes - 1 :], batch.x.dtype)
            prediction = jax.eval_shape(self.network.predict, self.meta.init, one_task)
            check_labels(name, batch, prediction.shape[-1], axes=axes)

    def meta_gradient(
        self, episode: Episode, *, key: jax.Array | None = None, mode: str | None = None
    ) -> tuple[jax.Array, MetaParams]:
        """The meta-loss and its gradient, as the method defines it.

        Args:
          episode: tasks on a leading axis `[tasks]`.
          key: for methods that draw; one for all tasks, or one for each, `[tasks]`.
          mode: how an exact gradient is computed, a name in `core.exact.MODES`; None lets the engine choose.

        Returns:
          The meta-loss `[]`, and the gradient, shaped like `meta`.
        """
        setting = {"network": self.network, "loss_fn": self.loss_fn, "iteration": self.iteration, "key": key}
        if mode is not None:  # a method of a user's own need not know of modes
            setting["mode"] = mode
        return self.method.meta_gradient(self.meta, episode, **setting)

    def query_loss(self, params: PyTree, support: Batch, query: Batch, key: jax.Array | None = None) -> jax.Array:
        """The mean loss `[]` of one task's queries at adapted parameters, as they are predicted in use.

        Args:
          params: the adapted parameters.
          support: what they were adapted to; normalisation layers go by its statistics.
          query: the examples to be judged on.
          key: `[]`, of the network's random streams.
        """
        network = self.network.drawing(key).settled(params, support.x)
        return mean_loss(self.loss_fn, network.predict(params, blanked(query.x, query.weight)), query)

    def task_loss(self, key: jax.Array | None = None) -> TaskLoss:
        """`(moving, fixed, batch) -> []`: the mean loss of one task's batch under the two halves of the parameters.

        A pytree, so that a function with a derivative rule of its own can take it as an argument: such a function must not
        close over arrays, and `network` may hold some. `key` `[]` starts the network's random streams, where it has any.
        """
        loss_fn = self.loss_fn

        def loss(network: Network, moving: PyTree, fixed: PyTree, batch: Batch) -> jax.Array:
            x = blanked(batch.x, batch.weight)
            return mean_loss(loss_fn, network.predict(merge(moving, fixed), x), batch)

        return jax.tree_util.Partial(loss, self.network.drawing(key))


def partition(method: InnerRule, params: PyTree) -> tuple[PyTree, PyTree]:
    """Parameters that move in the inner loop, and those that stay (empty where all move).

    Raises:
      ValueError: the method's filter matches no parameter; those that there are, by path.
    """
    which = method.moving(params)
    if which is ...:
        return params, ()
    moving, fixed = nnx.split_state(params, which, ...)
    check_match(f"{type(method).__name__}'s filter of what adapts", moving, params)
    return moving, fixed


def check_match(name: str, matched: PyTree, params: PyTree) -> None:
    """Refuses a filter, by its name, that matched none of `params`: without a word nothing would adapt, or nothing stay."""
    if not jax.tree.leaves(matched):
        paths = ["/".join(map(str, path)) for path, _ in nnx.to_flat_state(params)]
        raise ValueError(f"{name} matches no parameter of this network; there are {listed(paths)}.")


def merge(moving: PyTree, fixed: PyTree) -> PyTree:
    """The inverse of `partition`."""
    return nnx.merge_state(moving, fixed) if fixed else moving
