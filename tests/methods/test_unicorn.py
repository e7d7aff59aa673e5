"""UNICORN's own part: the vector itself changes nothing; test_protomaml.py has its gradient and the order of the classes."""

import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx

from maml_engine import Batch, adapt, meta_value_and_grad, softmax_cross_entropy
from maml_engine.methods import UNICORN
from tests.methods import solving, twins
from tests.methods.solving import class_episode, class_network


def test_which_vector_it_is_changes_nothing(x64):
    model, other, tasks = class_network(), class_network(), class_episode()
    other.layers[1].kernel[...] = other.layers[1].kernel[...].at[:, 0].add(3.0)
    losses = [meta_value_and_grad(UNICORN(0.2, 3), one, tasks, softmax_cross_entropy) for one in (model, other)]
    np.testing.assert_allclose(losses[0][0], losses[1][0], rtol=1e-10)
    head = twins.named(losses[0][1].init)["layers/1/kernel"]
    np.testing.assert_allclose(head, 0.0, atol=1e-10)


def test_padding_is_nothing(x64):
    solving.assert_padding_is_nothing(UNICORN(0.2, 2), class_network(), class_episode(), softmax_cross_entropy)


def test_what_has_no_classes_is_refused():
    with pytest.raises(ValueError, match="UNICORN needs classes"):
        adapt(UNICORN(), nnx.Linear(1, 1, rngs=nnx.Rngs(0)), Batch(jnp.ones((2, 1)), jnp.ones((2, 1))))
