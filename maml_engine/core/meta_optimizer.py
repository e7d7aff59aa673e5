"""The optimiser of the outer loop, as a value whose numbers may change without compiling again."""

import jax
import optax

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
