"""MAML++: its schedules at their ends, and beyond the steps that were trained."""

import jax
import numpy as np
from flax import nnx

from maml_engine import MAMLRegressor, Sinusoid, adapt, meta_value_and_grad
from maml_engine.methods import MAML, METHODS, MAMLPlusPlus
from tests.quadratics import flat


def test_maml_plus_plus_with_all_switches_off_is_maml():
    model, episode = MAMLRegressor(8, rngs=nnx.Rngs(0)), Sinusoid().sample(jax.random.key(0), 4, 5, 5)
    _, plain = meta_value_and_grad(MAML(0.01, 3), model, episode)
    _, switched_off = meta_value_and_grad(MAMLPlusPlus(0.01, 3, learn_step_sizes=False), model, episode)
    np.testing.assert_allclose(flat(switched_off.init), flat(plain.init), rtol=1e-5)


def test_step_weights_go_from_all_alike_to_the_last():
    """T15."""
    method = MAMLPlusPlus(inner_steps=5, multi_step_iterations=1000)
    np.testing.assert_allclose(method.step_weights(0), [0, 0.2, 0.2, 0.2, 0.2, 0.2])
    np.testing.assert_allclose(method.step_weights(999), [0, *[0.03 / 5] * 4, 1 - 4 * 0.03 / 5], atol=1e-6)
    np.testing.assert_allclose(method.step_weights(1000), [0, 0, 0, 0, 0, 1])
    for iteration in range(0, 1200, 100):
        assert np.isclose(np.sum(method.step_weights(iteration)), 1, atol=1e-6)


def test_the_order_of_the_gradient_is_annealed():
    model, episode = MAMLRegressor(8, rngs=nnx.Rngs(0)), Sinusoid().sample(jax.random.key(0), 4, 5, 5)
    method = MAMLPlusPlus(0.01, 2, learn_step_sizes=False, first_order_iterations=10)
    for iteration, reference in ((0, METHODS["fomaml"]), (9, METHODS["fomaml"]), (10, MAML)):
        _, got = meta_value_and_grad(method, model, episode, iteration=iteration)
        _, expected = meta_value_and_grad(reference(0.01, 2), model, episode)
        np.testing.assert_allclose(flat(got.init), flat(expected.init), rtol=1e-5)


def test_past_the_trained_steps_the_last_sizes_are_used_again():
    model = MAMLRegressor(8, rngs=nnx.Rngs(0))
    support = jax.tree.map(lambda leaf: leaf[0], Sinusoid().sample(jax.random.key(0), 1, 5, 5).support)
    method = MAMLPlusPlus(0.01, 2, inner_lr_decay=0.5)
    twice = adapt(MAML(0.005, 2), adapt(MAML(0.01, 1), model, support), support)  # 0.01, then 0.005 and 0.005 again
    np.testing.assert_allclose(adapt(method, model, support, 3)(support.x), twice(support.x), rtol=1e-5)
