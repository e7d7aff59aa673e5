"""Checks of the tasks, and of what the compiler makes of a program.

Each function gives the error of one check of `board`.
"""

import jax
import jax.numpy as jnp
import numpy as np

from maml_engine.baselines import ZeroShot
from maml_engine.core.meta_gradient import meta_value_and_grad
from maml_engine.methods import MAML
from maml_engine.runtime.xla_guard import reduction_errors
from maml_engine.tasks import Sinusoid
from maml_engine.verification.problems import many_waves, relative_error, small_network, small_waves


def sine_waves() -> float:
    """The mean square of many sampled waves against its expectation."""
    (low, high) = Sinusoid().amplitude
    expected = (high**3 - low**3) / (high - low) / 6
    return abs(float(jnp.mean(many_waves().query.y ** 2)) / expected - 1)


def zero_shot_floor() -> float:
    """The error of the best prediction before any example is seen, against its closed form."""
    query = many_waves().query
    prediction = ZeroShot(Sinusoid()).path_predictions(query, query.x, 0)[:, 0]
    # E[y^2] less the mean square of (2 * mean amplitude / pi) cos x over x in [-5, 5].
    (low, high) = Sinusoid().amplitude
    floor = (high**3 - low**3) / (high - low) / 6 - ((low + high) / np.pi) ** 2 * (0.5 + np.sin(10) / 20)
    return abs(float(jnp.mean((prediction - query.y) ** 2)) / floor - 1)


def compiled_sums() -> float:
    """The larger error of two sums that some compilers get wrong, against numpy."""
    return float(np.max(reduction_errors()))  # np.max, since max would lose a NaN


def compiled_gradient() -> float:
    """The compiled meta-gradient against the same program operation by operation."""
    model, episode = small_network(np.float32), small_waves(np.float32)
    compiled = meta_value_and_grad(MAML(0.1, 1), model, episode)[1].init
    with jax.disable_jit():
        return relative_error(compiled, meta_value_and_grad(MAML(0.1, 1), model, episode)[1].init)
