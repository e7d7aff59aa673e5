"""ProtoMAML against a slow twin: the gradient flows through the steps and through the class means."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from maml_engine import adapt, meta_value_and_grad, softmax_cross_entropy
from maml_engine.core.adapter import Adapter
from maml_engine.core.inner_loop import path_predictions
from maml_engine.methods import MAML, UNICORN, ProtoMAML, ProtoNet
from tests.methods import solving, twins
from tests.methods.solving import CLASSES, class_episode, class_network
from tests.methods.test_protonet import cross_entropy
from tests.methods.twins import assert_same_gradient, mean_over_tasks, params_of

LR = 0.2


def with_prototypes(params, support):
    """The head that Triantafillou et al. (2020), sec. 3.3, give: weights 2 c, biases -|c|^2."""
    rows = solving.features_of(params, support.x)[:, :-1]
    means = jnp.stack([rows[np.asarray(support.y) == label].mean(axis=0) for label in range(CLASSES)])
    return params | {"layers/1/kernel": 2 * means.T, "layers/1/bias": -jnp.sum(means**2, axis=1)}


def with_one_vector(params, support):
    del support
    first = {name: params[f"layers/1/{name}"] for name in ("kernel", "bias")}
    return params | {f"layers/1/{name}": jnp.stack([leaf[..., 0]] * CLASSES, axis=-1) for name, leaf in first.items()}


@pytest.mark.parametrize(
    ("method", "start", "steps", "mode"),
    [
        (ProtoMAML, with_prototypes, 1, "mixed"),
        (ProtoMAML, with_prototypes, 3, "plain"),
        (ProtoMAML, with_prototypes, 3, "mixed"),
        (UNICORN, with_one_vector, 3, "mixed"),
    ],
)
def test_the_gradient_flows_through_steps_and_start(x64, method, start, steps, mode):
    model, tasks = class_network(), class_episode()

    def query_loss(params, support, query):
        def loss(params, batch):
            return cross_entropy(twins.forward(params, batch.x), batch.y)

        params = start(params, support)
        for _ in range(steps):
            params = jax.tree.map(lambda param, slope: param - LR * slope, params, jax.grad(loss)(params, support))
        return loss(params, query)

    def meta_loss(params):
        return mean_over_tasks(lambda support, query: query_loss(params, support, query), tasks)

    value, gradient = meta_value_and_grad(method(LR, steps), model, tasks, softmax_cross_entropy, mode=mode)
    expected_value, expected = jax.value_and_grad(meta_loss)(params_of(model))
    np.testing.assert_allclose(value, expected_value, rtol=1e-10)
    assert_same_gradient(gradient, expected)
    solving.assert_slope_of_the_meta_loss(method(LR, steps), model, tasks, softmax_cross_entropy)


def test_padding_is_nothing(x64):
    solving.assert_padding_is_nothing(ProtoMAML(LR, 2), class_network(), class_episode(), softmax_cross_entropy)


def test_the_path_begins_where_nothing_is_known(x64):
    model, tasks = class_network(), class_episode()
    adapter = Adapter.of_model(ProtoMAML(LR, 2), model, softmax_cross_entropy)
    path = np.asarray(path_predictions(adapter, tasks.support, tasks.query.x, inner_steps=2))
    np.testing.assert_array_equal(path[:, 0], 0.0)
    support, query = solving.task_of(tasks, 1)
    for steps in (1, 2):
        expected = adapt(ProtoMAML(LR), model, support, steps, softmax_cross_entropy)(query.x)
        np.testing.assert_allclose(path[1, steps], expected, rtol=1e-9)


@pytest.mark.parametrize("method", [ProtoMAML(LR, 2), UNICORN(LR, 2), ProtoNet()])
def test_the_order_of_the_classes_changes_nothing(x64, method):
    """MAML's answer hangs on it (Ye & Chao, 2022)."""
    model, (support, query) = class_network(), solving.task_of(class_episode(), 0)
    order = np.array([2, 0, 1])

    def answers(method):
        own, other = (
            jax.nn.softmax(adapt(method, model, support._replace(y=labels), loss_fn=softmax_cross_entropy)(query.x))
            for labels in (support.y, jnp.asarray(order)[support.y])
        )
        return own, other[:, order]

    np.testing.assert_allclose(*answers(method), rtol=1e-8)
    own, other = answers(MAML(LR, 2))
    assert np.abs(own - other).max() > 0.05
