"""What the first-order gradient leaves out, and what it need not store."""

import jax
import numpy as np

from maml_engine import FOMAML, MAML, MetaParams, mean_squared_error, meta_value_and_grad
from maml_engine.models import Network
from tests.core.problems import sines, tanh_model
from tests.quadratics import ALPHA, relative_error


def test_first_order_drops_something(x64, quadratics):
    episode = quadratics.episode(np.float64)
    exact, first_order = (
        meta_value_and_grad(method(ALPHA, 3), quadratics.model(np.float64), episode)[1].init for method in (MAML, FOMAML)
    )
    assert relative_error(first_order, exact) > 0.1


def temporary_bytes(method, mode=None):
    """What the compiled meta-gradient needs beside its arguments and results, where activations outweigh parameters."""
    network, params = Network.split(tanh_model(np.float32, 16))
    episode = sines(tasks=4, k_shot=400, k_query=10, dtype=np.float32)

    def gradient(params, episode):
        meta = MetaParams(params, ())
        return method.meta_gradient(meta, episode, network=network, loss_fn=mean_squared_error, mode=mode)

    return jax.jit(gradient).lower(params, episode).compile().memory_analysis().temp_size_in_bytes


def test_first_order_memory_is_flat_in_the_steps_and_exact_memory_grows():
    """A first-order gradient that still stored the unrolled loop would be right, and as dear as the exact one."""
    first_order, plain = ([temporary_bytes(method(0.01, steps), "plain") for steps in (2, 20)] for method in (FOMAML, MAML))
    assert first_order[1] < 1.2 * first_order[0]
    assert plain[1] > 3 * plain[0]
    assert temporary_bytes(MAML(0.01, 20), "mixed") < 0.5 * plain[1]  # one step's activations, and parameters of the others
