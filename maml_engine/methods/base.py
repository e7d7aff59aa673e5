"""What every method of the family answers, with plain MAML's answers as defaults."""

from typing import Any, ClassVar, Literal

import jax
import optax
from flax import nnx

from maml_engine.checks import check_choice, check_number
from maml_engine.core.adapter import Adapter, InnerStep, MetaParams
from maml_engine.core.episode import Batch, Episode
from maml_engine.core.exact import exact_gradient
from maml_engine.core.meta_optimizer import check_transformation
from maml_engine.methods.inner_optimizers import INNER_OPTIMIZERS, check_descends, check_differentiable
from maml_engine.pytrees import Replaceable, pytree, static_field

PyTree = Any


@pytree
class Method(Replaceable):
    """Five questions; a method's own file holds only the answers that differ.

    1. how does a parameter move in the inner loop? `inner_update` (with `init_rule` and `init_inner`)
    2. which parameters move? `moving`, an NNX filter; what the others are at each step, `fixed_at`
    3. how does the outer gradient flow? `meta_gradient`
    4. what else does the outer loop learn or schedule? `init_rule`, `step_weights`
    5. what does the support give in closed form? `support_gives`, `from_support`

    support_gives: "nothing", as here; a "start" for the steps; or a "solution" instead of them, so that adapting has one step,
      the solution, and all later ones stay there.
    needs_classes: whether it is for classes alone.
    inner_lr: step size alpha; > 0.
    inner_steps: gradient steps on the support set; 0 leaves the model as it is.
    inner_optimizer: turns a gradient into the direction to descend, before the step size: a name in `INNER_OPTIMIZERS` or any
      Optax transformation that does not scale by a step size itself (`optax.scale_by_adam(...)`, not `optax.adam(...)`).

    Raises:
      ValueError: a number out of range, an unknown name, or an inner optimiser whose first step would climb.
    """

    support_gives: ClassVar[Literal["nothing", "start", "solution"]] = "nothing"
    needs_classes: ClassVar[bool] = False

    inner_lr: float = 0.01
    inner_steps: int = static_field(default=1)
    inner_optimizer: str | optax.GradientTransformation = static_field(default="sgd")

    def __post_init__(self):
        check_number("inner_lr", self.inner_lr, above=0)
        check_number("inner_steps", self.inner_steps, low=0, integer=True)
        if isinstance(self.inner_optimizer, str):
            check_choice("inner_optimizer", self.inner_optimizer, INNER_OPTIMIZERS)
        else:
            check_transformation("inner_optimizer", self.inner_optimizer)
            check_descends(self.inner_optimizer)

    def moving(self, params: PyTree) -> nnx.filterlib.Filter:
        """Which parameters the inner loop moves; all of them here."""
        del params
        return ...

    def fixed_at(self, rule: PyTree, fixed: PyTree, index: jax.Array | int) -> PyTree:
        """What the parameters that do not move are at inner step `index` `[]`; the same at every step here."""
        del rule, index
        return fixed

    def init_rule(self, params: PyTree) -> PyTree:
        """What the inner loop learns, before it has learned: nothing here."""
        del params
        return ()

    def init_inner(self, rule: PyTree, moving: PyTree) -> PyTree:
        """State that the inner loop carries from step to step beside the parameters: the inner optimiser's."""
        del rule
        return self._direction().init(moving)

    def inner_update(
        self, rule: PyTree, moving: PyTree, gradient: PyTree, state: PyTree, step: InnerStep
    ) -> tuple[PyTree, PyTree]:  # positional: methods of a user's own answer it
        """One step of descent, theta - step size * direction (Finn et al., 2017, eq. 1).

        Args:
          rule: what the inner loop has learned, as `init_rule` shapes it.
          moving: the parameters that move, before the step.
          gradient: the support loss's gradient there, of the same shape.
          state: what `init_inner` or the step before gave.
          step: where the inner loop stands.

        Returns:
          The parameters after the step, and the state for the next.
        """
        direction, state = self._direction().update(gradient, state, moving)
        return self.descend(rule, moving, direction, step), state

    def descend(self, rule: PyTree, moving: PyTree, direction: PyTree, step: InnerStep) -> PyTree:
        """`moving` after a step along `-direction`; one step size for all parameters here.

        Args:
          rule: what the inner loop has learned, as `init_rule` shapes it.
          moving: the parameters that move, before the step.
          direction: what the inner optimiser made of the gradient, of the same shape.
          step: where the inner loop stands.
        """
        del rule, step
        return jax.tree.map(lambda param, slope: param - self.inner_lr * slope, moving, direction)

    def _direction(self) -> optax.GradientTransformation:
        chosen = self.inner_optimizer
        return INNER_OPTIMIZERS[chosen] if isinstance(chosen, str) else chosen

    def from_support(self, adapter: Adapter, support: Batch) -> PyTree:
        """What the support gives in closed form, where `support_gives` says that it gives something.

        Exact gradients flow through it, so it is plain JAX. Where all rows have weight 0, nothing is known of the task yet:
        what it gives then is what is shown and measured before adapting.

        Args:
          adapter: this method with its meta-parameters, the network and the loss.
          support: one task's examples, `x` `[k_shot, ...]`; rows of weight 0 have no influence.

        Returns:
          Parameters shaped like `adapter.meta.init`; or `models.head.Solved`, whose head answers for the last layer.
        """
        del support
        return adapter.meta.init

    def step_weights(self, iteration: jax.Array | int) -> jax.Array | None:
        """Weights `[inner_steps + 1]` of the query losses along the path; None counts the last step alone."""
        del iteration

    def diagnose(self, meta: MetaParams, episode: Episode, **setting) -> str:
        """One sentence where the outer gradient is not to be trusted on these tasks; empty where all is well."""
        del meta, episode, setting
        return ""

    def meta_gradient(
        self, meta: MetaParams, episode: Episode, *, key: jax.Array | None = None, mode: str | None = None, **setting
    ) -> tuple[jax.Array, MetaParams]:
        """The meta-loss and its gradient; exact here.

        Args:
          meta: the meta-parameters.
          episode: tasks on a leading axis `[tasks]`.
          key: for methods that draw; one for all tasks, or one for each, `[tasks]`.
          mode: how an exact gradient is computed, a name in `core.exact.MODES`; None lets the engine choose.
          setting: `network`, `loss_fn` and `iteration`, as an `Adapter` has them.

        Returns:
          The meta-loss `[]`, and the gradient, shaped like `meta`.

        Raises:
          ValueError: the inner optimiser has no finite derivative at a gradient of 0.
        """
        if not isinstance(self.inner_optimizer, str):  # those with a name are differentiable
            check_differentiable(self.inner_optimizer)
        return exact_gradient(Adapter(self, meta, **setting), episode, key=key, mode=mode)
