"""The family once more, slowly: plain loops over dictionaries of arrays, sharing no code with the engine."""

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx

from maml_engine import MLP, Batch, Episode, MetaParams
from maml_engine.models import ContextMLP, Network

TASKS, SHOTS, QUERIES, HIDDEN = 3, 5, 4, 6


def episode():
    """Random tasks in 64 bits."""
    rng = np.random.default_rng(1)

    def batch(examples):
        return Batch(jnp.asarray(rng.normal(size=(TASKS, examples, 2))), jnp.asarray(rng.normal(size=(TASKS, examples, 1))))

    return Episode(batch(SHOTS), batch(QUERIES))


def network(**options):
    """A small tanh network in 64 bits, whose parameters are all away from zero."""
    make = ContextMLP if "context_dim" in options else MLP
    model = make(HIDDEN, num_layers=1, activation="tanh", in_dim=2, rngs=nnx.Rngs(0), **options)
    rng = np.random.default_rng(2)
    params = jax.tree.map(lambda leaf: jnp.asarray(leaf + 0.3 * rng.normal(size=leaf.shape)), nnx.state(model, nnx.Param))
    nnx.update(model, params)
    return model


def named(state):
    """`{"layers/0/kernel": array}` of a state."""
    return {"/".join(map(str, path)): leaf[...] for path, leaf in nnx.to_flat_state(state)}


def params_of(model):
    return named(Network.split(model)[1])


def forward(params, x):
    """tanh(x W + b) V + c, with whatever names the layers have."""
    (w, b), (v, c) = _layers(params)
    return jnp.tanh(x @ w + b) @ v + c


def _layers(params):
    prefix = "mlp/layers" if any(name.startswith("mlp/") for name in params) else "layers"
    return [(params[f"{prefix}/{i}/kernel"], params[f"{prefix}/{i}/bias"]) for i in (0, 1)]


def with_context(params, x):
    """The network on inputs beside the context."""
    context = jnp.stack([params["context"]] * len(x))
    return forward(params, jnp.concatenate([x, context], axis=1))


def loss(params, batch, predict=forward):
    return jnp.mean((predict(params, batch.x) - batch.y) ** 2)


def mean_over_tasks(query_loss, tasks):
    """Mean of `query_loss(support, query)` by a loop."""
    pairs = [jax.tree.map(lambda leaf, i=i: leaf[i], tasks) for i in range(TASKS)]
    return sum(query_loss(one.support, one.query) for one in pairs) / TASKS


def assert_same_gradient(gradient: MetaParams, expected: dict, tolerance=1e-8):
    """The initialisation's gradient, leaf by leaf, relative to the whole."""
    got = named(gradient.init)
    assert got.keys() == expected.keys()
    size = np.sqrt(sum(float(jnp.sum(leaf**2)) for leaf in expected.values()))
    assert size > 1e-3
    for name, leaf in expected.items():
        np.testing.assert_allclose(got[name], leaf, atol=tolerance * size, rtol=0, err_msg=name)
