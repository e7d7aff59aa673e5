"""The cross-entropy against its formula in numpy, and the shapes that it refuses."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from maml_engine import softmax_cross_entropy
from maml_engine.core.losses import accuracy

LOGITS = np.random.default_rng(0).normal(size=(2, 4, 3)).astype(np.float32) * 5
LABELS = np.array([[0, 2, 1, 1], [2, 2, 0, 1]])


def expected(logits, labels):
    exact = logits.astype(np.float64)
    return -np.log(np.take_along_axis(np.exp(exact), labels[..., None], -1)[..., 0] / np.exp(exact).sum(-1))


def test_labels_and_one_hot_rows_give_the_formula():
    np.testing.assert_allclose(softmax_cross_entropy(LOGITS, LABELS), expected(LOGITS, LABELS), rtol=1e-5)
    np.testing.assert_allclose(softmax_cross_entropy(LOGITS, np.eye(3)[LABELS]), expected(LOGITS, LABELS), rtol=1e-5)


def test_large_logits_stay_finite():
    logits = jnp.array([[1e4, 0.0]])
    assert softmax_cross_entropy(logits, np.array([0]))[0] == 0
    assert softmax_cross_entropy(logits, np.array([1]))[0] == 1e4


def test_its_gradient_is_softmax_minus_one_hot():
    gradient = jax.grad(lambda logits: softmax_cross_entropy(logits, LABELS).sum())(LOGITS)
    np.testing.assert_allclose(gradient, jax.nn.softmax(LOGITS) - np.eye(3)[LABELS], atol=1e-6)


@pytest.mark.parametrize("label", [-1, 3])
def test_a_label_that_is_no_class_gives_nan(label):
    losses = jax.jit(softmax_cross_entropy)(LOGITS[0, :2], np.array([0, label]))
    assert np.isfinite(losses[0])
    assert np.isnan(losses[1])


@pytest.mark.parametrize("measure", [softmax_cross_entropy, accuracy])
@pytest.mark.parametrize("y", [np.zeros((2, 4)), np.zeros((2, 4, 1)), np.zeros((2, 4, 1), int), np.zeros((4,), int)])
def test_what_would_broadcast_is_refused(measure, y):
    with pytest.raises(
        ValueError, match=r"`y` must hold integer labels of shape \(2, 4\) or one-hot rows of shape \(2, 4, 3\)"
    ):
        measure(LOGITS, y)


def test_accuracy_counts_what_is_largest():
    right = LOGITS.argmax(-1)
    np.testing.assert_array_equal(accuracy(LOGITS, right), np.ones((2, 4)))
    np.testing.assert_array_equal(accuracy(LOGITS, np.eye(3)[LABELS]), right == LABELS)
