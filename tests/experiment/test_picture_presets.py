"""Protocol cards on pictures say what their papers say, in this engine's units."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx

from maml_engine.core.adapter import Adapter
from maml_engine.experiment import Experiment
from maml_engine.experiment.picture_presets import PICTURE_PRESETS
from maml_engine.experiment.presets import PRESETS


@pytest.mark.parametrize(
    ("name", "step", "published", "fields"),
    [
        ("omniglot_maml", 3, 0.987, {"n_way": 5, "k_shot": 1, "inner_steps": 1, "meta_batch_size": 32, "inner_lr": 5 * 0.4}),
        ("omniglot_maml_5shot", 3, 0.999, {"k_shot": 5, "k_query": 5, "inner_lr": 5 * 0.4}),
        ("omniglot_maml_20way", 5, 0.958, {"n_way": 20, "inner_steps": 5, "meta_batch_size": 16, "inner_lr": 20 * 0.1}),
        ("omniglot_maml_plus_plus", 5, 0.9947, {"inner_lr": 0.1, "norm": "per_step", "downsampling": "max_pool"}),
        ("omniglot_imaml", 16, 0.995, {"inner_lr": 0.1, "proximal": 2.0, "cg_steps": 5}),
    ],
)
def test_a_card_has_its_papers_settings_and_numbers(name, step, published, fields):
    card = PICTURE_PRESETS[name]
    assert card.published == {step: published}
    assert {field: getattr(card.experiment, field) for field in fields} == fields
    assert card.judged["inner_steps"] == step
    assert card.judged["k_query"] == card.experiment.k_query  # as many queries as the paper asks
    assert card.judged["num_tasks"] == 600


def test_every_card_is_of_accuracy_on_omniglot_and_has_a_name_of_its_own():
    assert not set(PICTURE_PRESETS) & set(PRESETS)
    for card in PICTURE_PRESETS.values():
        assert card.measure == "accuracy"
        assert (card.experiment.tasks, card.experiment.loss) == ("omniglot", "softmax_cross_entropy")
        assert all(0.5 < number < 1 for number in card.published.values())
        assert card.experiment.k_shot + card.experiment.k_query <= 20


@pytest.mark.parametrize("name", ["omniglot_reptile", "omniglot_maml_plus_plus_20way", "omniglot_protonet"])
def test_a_card_can_be_built(name):
    card = PICTURE_PRESETS[name].experiment
    network, template = card.build_template(1, card.n_way, (28, 28, 1))
    adapter = Adapter(card.build_method(), template, network, card.loss_fn)
    x = jax.ShapeDtypeStruct((card.n_way, 28, 28, 1), np.float32)
    assert jax.eval_shape(adapter.network.predict, adapter.meta.init, x).shape == (card.n_way, card.n_way)


def test_a_step_of_0_4_on_the_papers_loss_is_one_of_2_on_a_mean_over_five_classes():
    """The paper's code sums the cross-entropy over a task's rows and divides by the pictures of a class."""
    model = nnx.Linear(7, 5, rngs=nnx.Rngs(0))
    graph, params = nnx.split(model)
    x = jax.random.normal(jax.random.key(0), (5, 7))
    loss_fn = Experiment(loss="softmax_cross_entropy").loss_fn

    def loss(params, reduce):
        return reduce(loss_fn(nnx.merge(graph, params)(x), jnp.arange(5)))

    papers = jax.grad(loss)(params, lambda rows: jnp.sum(rows) / 1)
    ours = jax.grad(loss)(params, jnp.mean)
    alpha = PICTURE_PRESETS["omniglot_maml"].experiment.inner_lr
    for a, b in zip(jax.tree.leaves(ours), jax.tree.leaves(papers), strict=True):
        np.testing.assert_allclose(alpha * a, 0.4 * b, rtol=1e-5)
