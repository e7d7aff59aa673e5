"""Conv4 against NNX's own convolution, in every mode of the meta-gradient, and what its normalisation depends on."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx

from maml_engine import (
    ANIL,
    FOMAML,
    IMAML,
    MAML,
    Batch,
    Conv4,
    Episode,
    MAMLPlusPlus,
    MetaCurvature,
    MetaSGD,
    adapt,
    evaluate,
    meta_value_and_grad,
    softmax_cross_entropy,
)
from maml_engine.core.adapter import Adapter
from maml_engine.core.inner_loop import path_predictions
from maml_engine.models.conv4 import BatchStatisticsNorm, PatchConv
from tests.quadratics import cast, flat, relative_error, x64  # noqa: F401

WAY = 3


def small(features=4, dtype=np.float32):
    model = Conv4(WAY, features=features, rngs=nnx.Rngs(0))
    nnx.update(model, cast(nnx.state(model, nnx.Param), dtype))
    return model


def images(tasks=2, shots=1, side=12, dtype=np.float32, seed=0):
    rng = np.random.default_rng(seed)

    def batch():
        labels = np.tile(np.arange(WAY), (tasks, shots))
        x = rng.normal(size=(*labels.shape, side, side, 1)) + labels[..., None, None, None]
        return Batch(jnp.asarray(x, dtype), jnp.asarray(labels))

    return Episode(batch(), batch())


@pytest.mark.parametrize("shape", [(28, 28), (14, 14), (7, 7), (4, 4), (1, 2), (5, 8)])
def test_the_convolution_is_nnxs_in_values_and_gradients(x64, shape):  # noqa: F811
    rng = np.random.default_rng(0)
    x = jnp.asarray(rng.normal(size=(2, *shape, 3)))
    ours = PatchConv(3, 5, rngs=nnx.Rngs(0))
    theirs = nnx.Conv(3, 5, (3, 3), strides=2, padding="SAME", use_bias=False, param_dtype=jnp.float64, rngs=nnx.Rngs(1))
    ours.kernel[...] = theirs.kernel[...]
    np.testing.assert_allclose(ours(x), theirs(x), atol=1e-12)

    weight = rng.normal(size=theirs(x).shape)

    def scalar(model, x):
        return jnp.sum(weight * jnp.sin(model(x)))

    for got, expected in zip(*(nnx.grad(scalar, argnums=(0, 1))(model, x) for model in (ours, theirs)), strict=True):
        assert relative_error(got, expected) < 1e-12


def test_under_vmap_each_task_has_its_own_kernel():
    rng = np.random.default_rng(0)
    x, kernels = rng.normal(size=(3, 2, 9, 9, 4)).astype(np.float32), rng.normal(size=(3, 3, 3, 4, 5)).astype(np.float32)
    graphdef, params = nnx.split(PatchConv(4, 5, rngs=nnx.Rngs(0)))

    def ours(kernel, x):
        return nnx.merge(graphdef, jax.tree.map(lambda _: kernel, params))(x)

    def lax(kernel, x):
        return jax.lax.conv_general_dilated(x, kernel, (2, 2), "SAME", dimension_numbers=("NHWC", "HWIO", "NHWC"))

    np.testing.assert_allclose(jax.vmap(ours)(kernels, x), jax.vmap(lax)(kernels, x), rtol=2e-5, atol=2e-5)


def test_the_normalisation_is_the_formula():
    x = np.random.default_rng(0).normal(2.0, 3.0, (4, 5, 6, 7)).astype(np.float32)
    norm = BatchStatisticsNorm(7)
    norm.scale[...], norm.bias[...] = jnp.arange(7.0), jnp.arange(7.0) / 2
    mean, variance = x.mean((0, 1, 2)), x.var((0, 1, 2))
    expected = (x - mean) / np.sqrt(variance + 1e-5) * np.arange(7) + np.arange(7) / 2
    np.testing.assert_allclose(jax.jit(lambda x: norm(x))(x), expected, rtol=1e-4, atol=1e-4)


METHODS = [FOMAML, MetaSGD, MetaCurvature, ANIL, lambda *of: MAMLPlusPlus(*of, per_step_norms=True)]


@pytest.mark.parametrize("method", [MAML, *METHODS, lambda *of: IMAML(*of, proximal=100.0, cg_steps=2)])
def test_compiled_meta_gradient_is_the_unjitted_one(method):
    method, model, episode = method(0.05, 2), small(), images()
    loss, gradient = meta_value_and_grad(method, model, episode, softmax_cross_entropy)
    with jax.disable_jit():
        expected_loss, expected = meta_value_and_grad(method, model, episode, softmax_cross_entropy)
    np.testing.assert_allclose(loss, expected_loss, rtol=1e-5)
    assert relative_error(gradient, expected) < 1e-4


@pytest.mark.parametrize("mode", ["mixed", "checkpointed"])
def test_modes_agree_with_plain(x64, mode):  # noqa: F811
    model, episode = small(dtype=np.float64), images(dtype=np.float64)
    (loss, gradient), (plain_loss, plain) = (
        meta_value_and_grad(MAML(0.05, 3), model, episode, softmax_cross_entropy, mode=name) for name in (mode, "plain")
    )
    np.testing.assert_allclose(loss, plain_loss, rtol=1e-12)
    assert relative_error(gradient, plain) < 1e-10


def test_queries_are_predicted_together_and_their_order_does_not_matter():
    """Transductive, as the docstring says; but only which queries there are counts."""
    model, query = small(), images(tasks=1, shots=4).query.x[0]
    together, order = np.asarray(model(query)), np.random.default_rng(0).permutation(len(query))
    np.testing.assert_allclose(model(query[order]), together[order], rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(model(jnp.concatenate([query, query]))[: len(query)], together, rtol=1e-4, atol=1e-5)
    assert np.abs(np.asarray(model(query[:1]))[0] - together[0]).max() > 1e-3


def test_nothing_is_carried_from_one_batch_to_the_next():
    """No running statistics, so neither a prediction nor an adaptation changes the model, in whatever order."""
    model, episode = small(), images()
    before = flat(nnx.state(model))
    first, second = (jax.tree.map(lambda leaf, task=task: leaf[task], episode.support) for task in range(2))
    alone = flat(nnx.state(adapt(MAML(0.05, 2), model, second, loss_fn=softmax_cross_entropy)))
    adapt(MAML(0.05, 2), model, first, loss_fn=softmax_cross_entropy)
    model(first.x)
    after_another = flat(nnx.state(adapt(MAML(0.05, 2), model, second, loss_fn=softmax_cross_entropy)))
    np.testing.assert_array_equal(after_another, alone)
    np.testing.assert_array_equal(flat(nnx.state(model)), before)


def test_tasks_do_not_share_statistics(x64):  # noqa: F811
    """A batch of tasks is the mean of its tasks one by one."""
    model, episode = small(dtype=np.float64), images(dtype=np.float64)
    loss, gradient = meta_value_and_grad(MAML(0.05, 1), model, episode, softmax_cross_entropy)
    alone = [
        meta_value_and_grad(
            MAML(0.05, 1), model, jax.tree.map(lambda leaf, i=i: leaf[i : i + 1], episode), softmax_cross_entropy
        )
        for i in range(2)
    ]
    np.testing.assert_allclose(loss, np.mean([one for one, _ in alone]), rtol=1e-10)
    assert relative_error(flat(gradient), np.mean([flat(one) for _, one in alone], axis=0)) < 1e-10


class Classifier:
    """Stands in for a learner: Conv4 with a method at its start."""

    loss_fn = staticmethod(softmax_cross_entropy)

    def __init__(self, method, model, tasks):
        self.default_tasks = tasks
        self.adapter = Adapter.of_model(method, model, softmax_cross_entropy)

    def path_predictions(self, support, query_x, inner_steps):
        return path_predictions(self.adapter, support, query_x, inner_steps=inner_steps)


class BrightImages:
    """Tasks whose classes differ in brightness."""

    def split(self, name):
        return self

    def every(self, key, k_shot):
        return images(tasks=4, shots=k_shot)


def test_adapting_raises_the_accuracy_that_evaluate_reports():
    curves = evaluate(Classifier(MAML(1.0), small(8), BrightImages()), jax.random.key(0), k_shot=4, inner_steps=10)
    accuracy = curves.metrics["accuracy"]
    assert accuracy.shape == curves.loss.shape == (4, 11)
    assert np.all((accuracy >= 0) & (accuracy <= 1))
    assert accuracy[:, -1].mean() > 0.85 > 0.6 > accuracy[:, 0].mean()
    assert curves.loss[:, -1].mean() < 0.5 * curves.loss[:, 0].mean()
