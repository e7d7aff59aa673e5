"""What an analysis looks at: a method at one point of parameter space."""

import jax
import numpy as np
from flax import nnx

from maml_engine.checks import check_number
from maml_engine.core.inner_loop import MetaParams, part
from maml_engine.core.losses import LossFn, mean_squared_error
from maml_engine.learner import Learner
from maml_engine.methods import Method
from maml_engine.models import Network
from maml_engine.pytrees import pytree, static_field

# Up to this many inner steps, another number of steps runs the same compiled program.
MAX_STEPS = 10


@pytree
class Subject:
    """A method, and the meta-parameters at which it is looked at."""

    method: Method
    meta: MetaParams
    network: Network
    loss_fn: LossFn = static_field(mean_squared_error)
    iteration: int = 0

    @classmethod
    def of_learner(cls, learner: Learner, **hyperparameters: float) -> "Subject":
        """A learner, some of its method's hyperparameters replaced."""
        method = learner.method.replace(**hyperparameters)
        return cls(method, learner.meta, learner.network, learner.loss_fn, learner.iteration)

    @classmethod
    def of_model(cls, method: Method, model: nnx.Module, loss_fn: LossFn = mean_squared_error) -> "Subject":
        """A module and a method at its start."""
        network, params = Network.split(model)
        return cls(method, MetaParams(params, method.init_rule(params)), network, loss_fn)

    @property
    def dtype(self) -> np.dtype:
        """Of the parameters."""
        return np.result_type(*(leaf.dtype for leaf in jax.tree.leaves(self.meta.init)))

    def with_room_for(self, inner_steps: int) -> "Subject":
        """With a method that is compiled for `MAX_STEPS` steps, or for more where `inner_steps` asks for them.

        Raises:
          ValueError: the method's inner loop carries a state from step to step, which the pass backwards here does not follow.
        """
        check_number("inner_steps", inner_steps, low=0, integer=True)
        moving, _ = part(self.method, self.meta.init)
        if jax.tree.leaves(jax.eval_shape(self.method.init_inner, self.meta.rule, moving)):
            name = type(self.method).__name__
            raise ValueError(f"`method` must carry no state from one inner step to the next, got {name}.")
        return self.replace(method=self.method.replace(inner_steps=max(MAX_STEPS, inner_steps)))
