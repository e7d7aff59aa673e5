"""The optimiser of the outer loop, as a value whose numbers may change without compiling again."""

from typing import Any

import jax
import jax.numpy as jnp
import optax

from maml_engine.checks import shown
from maml_engine.pytrees import pytree, static_field

SCHEDULES = {
    "constant": None,
    "cosine": lambda steps: optax.schedules.cosine_decay_schedule(1.0, steps),
    "linear": lambda steps: optax.schedules.linear_schedule(1.0, 0.0, steps),
}

META_OPTIMIZERS = {
    "adam": lambda decay: optax.scale_by_adam(),
    "adamw": lambda decay: optax.chain(optax.scale_by_adam(), optax.add_decayed_weights(decay)),
    "sgd": lambda decay: optax.identity(),
    "momentum": lambda decay: optax.trace(decay=0.9),
}


@pytree
class MetaOptimizer:
    """An Optax transformation by name, with its schedule and clipping.

    meta_lr: step size beta at the start.
    clip_norm: largest norm of the meta-gradient; None does not clip.
    weight_decay: for "adamw", per unit of step size (decoupled; Loshchilov & Hutter, 2019).
    name: a name in `META_OPTIMIZERS`.
    schedule: a name in `SCHEDULES`, of the step size.
    decay_over: meta-steps over which the schedule runs; None where it is constant.
    """

    meta_lr: float
    clip_norm: float | None
    weight_decay: float
    name: str = static_field()
    schedule: str = static_field()
    decay_over: int | None = static_field()

    def build(self) -> optax.GradientTransformation:
        """The transformation; may be called where the numbers are traced."""
        clip = optax.identity() if self.clip_norm is None else optax.clip_by_global_norm(self.clip_norm)
        return optax.chain(clip, META_OPTIMIZERS[self.name](self.weight_decay), self._step_size())

    def _step_size(self) -> optax.GradientTransformation:
        if self.schedule == "constant":
            return optax.stateless(lambda updates, _: jax.tree.map(lambda update: -self.meta_lr * update, updates))
        share = SCHEDULES[self.schedule](self.decay_over)
        return optax.scale_by_schedule(lambda step: -self.meta_lr * share(step))


@pytree
class OwnMetaOptimizer:
    """A caller's own Optax transformation, by Optax's convention: its updates are added.

    transformation: brings its step size; static, so each has a compiled program of its own.
    """

    transformation: optax.GradientTransformation = static_field()

    def build(self) -> optax.GradientTransformation:
        """The transformation."""
        return self.transformation


def check_transformation(name: str, transformation: Any) -> None:
    """Refuses what is no Optax transformation: a function that was not called, a name."""
    if isinstance(transformation, optax.GradientTransformation):
        return
    called = f": call it, {transformation.__name__}(...)" if hasattr(transformation, "__name__") else ""
    raise ValueError(f"`{name}` must be an Optax transformation, such as optax.sgd(0.1), got {shown(transformation)}{called}.")


def check_meta_optimizer(transformation: Any) -> None:
    """Refuses what is no Optax transformation, and one that climbs, as those do that leave the step size to others.

    Raises:
      ValueError: with a gradient of 1, the first update is positive.
    """
    if isinstance(transformation, str):
        raise ValueError(
            f"`meta_optimizer` must be an Optax transformation, such as optax.adam(1e-3), got {transformation!r}: names are "
            "for `Experiment(meta_optimizer=...)`."
        )
    check_transformation("meta_optimizer", transformation)
    with jax.ensure_compile_time_eval():
        param, gradient = jnp.zeros(()), jnp.ones(())
        try:
            update, _ = transformation.update(gradient, transformation.init(param), param)
            climbs = bool(update > 0)
        except Exception:  # it asks for more than a gradient (the loss, a tree of labels): nothing can be said here
            return
    if climbs:
        raise ValueError(
            "`meta_optimizer` must give updates that are added to the parameters, as optax.adam(1e-3) does; from a gradient of "
            "1 this one's first update climbs: chain optax.scale(-step_size) behind it, as optax.scale_by_adam() needs."
        )
