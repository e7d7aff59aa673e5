"""Adapting to one task against closed forms (tests/quadratics.py) and invariances."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx

from maml_engine import MAML, adapt
from tests.core.problems import sines, tanh_model, task_of
from tests.quadratics import ALPHA, TASKS, relative_error


@pytest.mark.parametrize(("dtype", "tolerance"), [(np.float64, 1e-10), (np.float32, 1e-4)])
@pytest.mark.parametrize("inner_steps", [1, 3, 5])
def test_adapted_parameters_are_the_closed_form(x64, quadratics, inner_steps, dtype, tolerance):
    """Every step takes the gradient where it stands, not the first one K times."""
    path, _ = quadratics.path(inner_steps)
    support = quadratics.episode(dtype).support
    for task in range(TASKS):
        of_task = jax.tree.map(lambda leaf, task=task: leaf[task], support)
        adapted = adapt(MAML(ALPHA), quadratics.model(dtype), of_task, inner_steps)
        assert relative_error(adapted.theta[...], path[-1, task]) < tolerance


def test_the_support_loss_is_a_mean(x64):
    """Naming every support row twice moves the parameters no further."""
    model, support = tanh_model(), task_of(sines().support, 0)
    twice = jax.tree.map(lambda leaf: jnp.concatenate([leaf, leaf]), support)
    adapted, adapted_to_twice = (nnx.state(adapt(MAML(0.1, 3), model, batch)) for batch in (support, twice))
    assert relative_error(adapted_to_twice, adapted) < 1e-12
