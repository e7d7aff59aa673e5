"""What the tests of methods that solve share: tasks that break such methods, a network's features, and finite differences."""

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx

from maml_engine import MLP, Batch, Episode, adapt, mean_squared_error, meta_value_and_grad, softmax_cross_entropy
from maml_engine.core.adapter import Adapter
from maml_engine.models import NeuralProcess
from maml_engine.pytrees import pytree
from tests.core.problems import padded, sines
from tests.methods.twins import HIDDEN, QUERIES, SHOTS, TASKS
from tests.methods.twins import episode as real_episode
from tests.quadratics import flat

CLASSES = 3


def class_network(**options):
    """A small tanh network in 64 bits with an output for each class, all parameters away from zero."""
    model = MLP(HIDDEN, num_layers=1, activation="tanh", in_dim=2, out_dim=CLASSES, rngs=nnx.Rngs(0), **options)
    rng = np.random.default_rng(2)
    params = jax.tree.map(lambda leaf: jnp.asarray(leaf + 0.3 * rng.normal(size=leaf.shape)), nnx.state(model, nnx.Param))
    nnx.update(model, params)
    return model


def class_episode():
    """The real tasks with labels instead; each class is in each support."""
    tasks, rng = real_episode(), np.random.default_rng(3)
    support = np.array([rng.permutation([*range(CLASSES), *rng.integers(0, CLASSES, SHOTS - CLASSES)]) for _ in range(TASKS)])
    query = rng.integers(0, CLASSES, (TASKS, QUERIES))
    return Episode(tasks.support._replace(y=jnp.asarray(support)), tasks.query._replace(y=jnp.asarray(query)))


@pytree
class Blobs:
    """Classes are Gaussian clouds in the plane, drawn anew for each task."""

    def split(self, name):
        del name
        return self

    def sample(self, key, meta_batch_size, k_shot, k_query):
        key_centre, *keys = jax.random.split(key, 3)
        centres = 2 * jax.random.normal(key_centre, (meta_batch_size, CLASSES, 2))

        def batch(key, rows):
            labels = jnp.broadcast_to(jnp.arange(rows) % CLASSES, (meta_batch_size, rows))
            here = jnp.take_along_axis(centres, labels[..., None], axis=1)
            return Batch(here + 0.3 * jax.random.normal(key, here.shape), labels)

        return Episode(batch(keys[0], k_shot), batch(keys[1], k_query))


def task_of(tasks, task):
    return jax.tree.map(lambda leaf: leaf[task], tasks)


def features_of(params, x):
    """tanh(x W + b), with a column of ones."""
    hidden = jnp.tanh(x @ params["layers/0/kernel"] + params["layers/0/bias"])
    return jnp.concatenate([hidden, jnp.ones((len(x), 1))], axis=1)


def head_in(params):
    """`[features + 1, outputs]`, the bias last."""
    return jnp.concatenate([params["layers/1/kernel"], params["layers/1/bias"][None]])


def assert_slope(function, gradient, at, tolerance=1e-6):
    """The gradient along a random direction is the central difference of `function(at)` there."""
    leaves, shape = jax.tree.flatten(at)
    rng = np.random.default_rng(4)
    direction = [rng.normal(size=np.shape(leaf)) for leaf in leaves]
    step = 1e-5
    function = jax.jit(function)
    there, back = (
        function(jax.tree.unflatten(shape, [leaf + sign * step * part for leaf, part in zip(leaves, direction, strict=True)]))
        for sign in (1, -1)
    )
    along = sum(np.vdot(slope, part) for slope, part in zip(jax.tree.leaves(gradient), direction, strict=True))
    assert abs(along) > 1e-4
    np.testing.assert_allclose((there - back) / (2 * step), along, rtol=tolerance)


def assert_slope_of_the_meta_loss(method, model, tasks, loss_fn=mean_squared_error):
    """Finite differences over network and rule alike, for a method whose gradient is that of its meta-loss."""
    adapter = Adapter.of_model(method, model, loss_fn)
    _, gradient = meta_value_and_grad(method, model, tasks, loss_fn)
    assert_slope(lambda meta: adapter.replace(meta=meta).meta_gradient(tasks)[0], gradient, adapter.meta)


def network_for(method, hidden_dim=40, **options):
    return (NeuralProcess if type(method).__name__ == "CNP" else MLP)(hidden_dim, rngs=nnx.Rngs(0), **options)


def hard_tasks(name):
    """Tasks in 32 bits on which Gaussian processes are known to fail."""
    tasks = sines(4, 6, 5, np.float32)
    support, query = tasks
    if name == "duplicates":
        support = support._replace(x=jnp.broadcast_to(support.x[:, :1], support.x.shape))
    elif name == "duplicates with one target":
        support = Batch(*(jnp.broadcast_to(rows[:, :1], rows.shape) for rows in (support.x, support.y)))
    elif name == "no support":
        support = support._replace(weight=jnp.zeros(support.x.shape[:2]))
    elif name == "large inputs":
        support, query = (batch._replace(x=1e6 * batch.x) for batch in tasks)
    elif name == "large and small inputs":
        support = support._replace(x=support.x.at[:, ::2].multiply(1e6))
    elif name == "large targets":
        support, query = (batch._replace(y=1e6 * batch.y) for batch in tasks)
    elif name == "constant targets":
        support, query = (batch._replace(y=jnp.full_like(batch.y, 3.0)) for batch in tasks)
    elif name == "one row":
        support = Batch(*(rows[:, :1] for rows in (support.x, support.y)))
    elif name == "padding of nonsense":
        support = padded(support, 3)
        support = support._replace(x=jnp.where(support.weight[..., None] > 0, support.x, jnp.nan))
    return Episode(support, query)


HARD = (
    "duplicates",
    "duplicates with one target",
    "no support",
    "large inputs",
    "large and small inputs",
    "large targets",
    "constant targets",
    "one row",
    "padding of nonsense",
)


def assert_finite_on(name, method):
    """Loss, gradients, predictions and spreads on hard tasks are finite numbers."""
    tasks = hard_tasks(name)
    model = network_for(method)
    loss, gradient = meta_value_and_grad(method, model, tasks)
    assert np.isfinite(loss)
    assert np.isfinite(flat(gradient)).all()
    adapted = adapt(method, model, task_of(tasks.support, 0))
    x = tasks.query.x[0]
    assert np.isfinite(adapted(x)).all()
    if hasattr(adapted, "spread"):
        assert np.isfinite(adapted.spread(x)).all() and (np.asarray(adapted.spread(x)) > 0).all()


def assert_padding_is_nothing(method, model, tasks, loss_fn=mean_squared_error):
    """Rows of weight 0 change neither loss nor gradient, whatever they hold."""
    weight = np.concatenate([np.ones((TASKS, SHOTS)), np.zeros((TASKS, 2))], axis=1)
    x = jnp.concatenate([tasks.support.x, jnp.full_like(tasks.support.x[:, :2], jnp.nan)], axis=1)
    y = jnp.concatenate([tasks.support.y, 0 * tasks.support.y[:, :2]], axis=1)
    loss, gradient = meta_value_and_grad(method, model, tasks, loss_fn)
    other, other_gradient = meta_value_and_grad(method, model, tasks._replace(support=Batch(x, y, weight)), loss_fn)
    np.testing.assert_allclose(other, loss, rtol=1e-9)
    np.testing.assert_allclose(flat(other_gradient), flat(gradient), rtol=1e-7, atol=1e-9)


__all__ = [
    "CLASSES",
    "HARD",
    "Blobs",
    "assert_finite_on",
    "assert_padding_is_nothing",
    "assert_slope",
    "assert_slope_of_the_meta_loss",
    "class_episode",
    "class_network",
    "features_of",
    "hard_tasks",
    "head_in",
    "network_for",
    "real_episode",
    "softmax_cross_entropy",
    "task_of",
]
