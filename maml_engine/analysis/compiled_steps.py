"""One compiled program for any number of inner steps, as long as it is small."""

import jax

from maml_engine.checks import check_number
from maml_engine.core.adapter import Adapter, partition

# Up to this many inner steps, another number of steps runs the same compiled program.
MAX_STEPS = 10


def with_room_for(adapter: Adapter, inner_steps: int) -> Adapter:
    """`adapter` with a method that is compiled for `MAX_STEPS` steps, or for more where `inner_steps` asks for them.

    Raises:
      ValueError: the method's inner loop carries a state from step to step, which the passes here do not follow.
    """
    check_number("inner_steps", inner_steps, low=0, integer=True)
    moving, _ = partition(adapter.method, adapter.meta.init)
    if jax.tree.leaves(jax.eval_shape(adapter.method.init_inner, adapter.meta.rule, moving)):
        name = type(adapter.method).__name__
        raise ValueError(f"`method` must carry no state from one inner step to the next, got {name}.")
    return adapter.replace(method=adapter.method.replace(inner_steps=max(MAX_STEPS, inner_steps)))
