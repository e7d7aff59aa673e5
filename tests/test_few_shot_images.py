"""Few-shot pictures through the whole family: each method learns, and what it predicts hangs on what it says."""

import dataclasses
from typing import ClassVar

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from flax import nnx

from maml_engine import Learner, evaluate, meta_value_and_grad, softmax_cross_entropy, train
from maml_engine.core.adapter import MetaParams, partition
from maml_engine.evaluation import protocol, the_other_way
from maml_engine.methods import METHODS
from maml_engine.models import NORMS, Network
from maml_engine.tasks import ImagePool
from tests.quadratics import flat
from tests.small_images import SMALL, Patterns, task_of

STEPS = 12
# One normalisation a method here, each with another; all with all under `make acceptance`.
PAIRS = {
    "maml": "batch", "fomaml": "support", "reptile": "layer", "metasgd": "group", "mamlplusplus": "per_step", "anil": "none",
    "boil": "batch", "imaml": "group", "metacurvature": "support", "r2d2": "support", "alpaca": "batch", "dkt": "layer",
    "pacoh": "none", "protonet": "support", "protomaml": "layer", "unicorn": "group",
}  # fmt: skip
NO_PICTURES = {"cavia": "a parameter named `context`", "cnp": "a parameter named `context`"}


def losses(experiment, steps=STEPS):
    """Query losses over some meta-steps on the same tasks."""
    tasks = Patterns()
    method, model = experiment.build_method(), experiment.build_model(1, tasks.n_way, tasks.shape)
    _, params = Network.split(model)
    episode = tasks.sample(jax.random.key(0), experiment.meta_batch_size, 1, 2)
    optimizer = optax.sgd(1.0) if experiment.method == "reptile" else optax.adam(0.01)
    meta = MetaParams(params, method.init_rule(params))

    @jax.jit
    def step(meta, opt_state):
        at = nnx.merge(nnx.graphdef(model), meta.init, nnx.state(model, nnx.Not(nnx.Param)))
        loss, gradient = meta_value_and_grad(method, at, episode, softmax_cross_entropy, rule=meta.rule)
        updates, opt_state = optimizer.update(gradient, opt_state)
        return optax.apply_updates(meta, updates), opt_state, loss

    opt_state, found = optimizer.init(meta), []
    for _ in range(steps):
        meta, opt_state, loss = step(meta, opt_state)
        found.append(float(loss))
    assert np.isfinite(found).all(), found
    assert np.isfinite(flat(meta)).all()
    return found


def test_every_method_and_every_normalisation_has_its_turn():
    assert set(PAIRS) | set(NO_PICTURES) == set(METHODS.built_in)
    assert set(PAIRS.values()) == set(NORMS)


@pytest.mark.parametrize("method", PAIRS)
def test_each_method_learns(method):
    first, *later = losses(dataclasses.replace(SMALL, method=method, norm=PAIRS[method]))
    assert min(later[-3:]) < first  # few pictures: some methods still sway


def test_maxima_have_a_gradient_where_they_are_computed_twice():
    """A derivative by which entry equals the maximum was 0 / 0 here, once compiled."""
    losses(dataclasses.replace(SMALL, norm="support", downsampling="max_pool", filters=8), steps=2)  # asks that all are finite


@pytest.mark.parametrize("method", NO_PICTURES)
def test_methods_that_need_another_network_say_so(method):
    with pytest.raises(ValueError, match=NO_PICTURES[method]):
        Learner.untrained(dataclasses.replace(SMALL, method=method), tasks=Patterns())


@pytest.mark.parametrize("model", ["conv4", "resnet", "image_mlp"])
def test_anil_moves_the_head_and_boil_all_else(model):
    tasks = Patterns()
    experiment = dataclasses.replace(SMALL, model=model)
    _, params = Network.split(experiment.build_model(1, tasks.n_way, tasks.shape))
    for method, is_head in (("anil", True), ("boil", False)):
        moving, _ = partition(METHODS[method](), params)
        paths = {str(path[0]) for path, _ in nnx.to_flat_state(moving)}
        assert paths == ({"head"} if is_head else {"blocks"})


class Watched(Patterns):
    """Says which splits are asked for."""

    asked: ClassVar[set[str]] = set()

    def split(self, name):
        self.asked.add(name)
        return super().split(name)


@pytest.fixture(scope="module")
def trained():
    """A learner with batch statistics after a few meta-steps; the best of its snapshots was looked for, too."""
    *_, report = train(dataclasses.replace(SMALL, num_iterations=20, keep="best"), tasks=Watched())
    assert report.best is not None
    return report


def test_training_and_choosing_the_best_snapshot_ask_for_no_test_task(trained):
    """T20: a snapshot is chosen on validation tasks."""
    assert "validation" in Watched.asked and "test" not in Watched.asked


def test_pictures_that_show_nothing_are_told_apart_by_chance(trained):
    """T5: what is measured is of queries, of which the support says nothing here."""
    noise = np.random.default_rng(0).integers(0, 256, (120, 8, 8, 1)).astype(np.uint8)
    pool = ImagePool(noise, 6 * np.arange(20), np.full(20, 6), n_way=3, class_splits=(0, 0, 20))
    found = curves(trained.learner, tasks=pool).metrics["accuracy"]
    assert np.abs(found.mean(axis=0) - 1 / 3).max() < 0.1  # 480 queries: a standard deviation of 0.02


def curves(learner, **options):
    return evaluate(learner, jax.random.key(5), num_tasks=40, k_shot=1, k_query=4, inner_steps=4, **options)


def test_both_ways_side_by_side(trained):
    learner = trained.learner
    as_trained, together, apart = (curves(learner, transductive=how) for how in (None, True, False))
    np.testing.assert_array_equal(as_trained.loss, together.loss)
    assert trained.curve.statistics == together.statistics == "rows predicted together"
    assert apart.statistics == "support"
    assert np.abs(apart.loss - together.loss).max() > 1e-3
    # What is measured is what adapting and predicting give.
    support, query = task_of(Patterns().split("test"), seed=5)
    one = evaluate(learner, jax.random.key(5), num_tasks=1, k_shot=1, k_query=4, inner_steps=2, transductive=False)
    adapted = learner.normalised_by("support").adapt(support.x, support.y)
    log_probability = jax.nn.log_softmax(jnp.asarray(adapted(query.x)))
    np.testing.assert_allclose(one.loss[0, 2], -np.mean(np.sum(query.y * log_probability, axis=1)), rtol=1e-4)


def test_the_other_way_is_found_for_what_has_one(trained):
    options = {"num_tasks": 3, "k_shot": 1, "k_query": 2, "inner_steps": 1}
    for learner, named in ((trained.learner, "support"), (trained.learner.normalised_by("support"), "rows predicted together")):
        other = the_other_way(learner, jax.random.key(0), **options)
        assert other.statistics == named
        assert ("inductive" if named == "support" else "transductive") in protocol(other, 1)
    alone = Learner.untrained(dataclasses.replace(SMALL, norm="layer"), tasks=Patterns())
    assert the_other_way(alone, jax.random.key(0), **options) is None
    assert protocol(evaluate(alone, jax.random.key(0), **options), 1).endswith("1 support rows each")


def test_a_query_alone_is_predicted_as_among_others_unless_transductive(trained):
    """T6, through a learner that is saved and opened, in both ways."""
    support, query = task_of(Patterns().split("test"))
    for statistics, named in (("support", "support"), ("batch", "rows predicted together")):
        learner = trained.learner.normalised_by(statistics)
        adapted = learner.adapt(support.x, support.y)
        assert adapted.statistics == named
        together = adapted(query.x)
        np.testing.assert_allclose(adapted(query.x[::-1])[::-1], together, rtol=1e-4, atol=1e-5)
        apart = np.abs(np.concatenate([adapted(query.x[[place]]) for place in range(3)]) - together[:3]).max()
        assert apart < 1e-4 if statistics == "support" else apart > 1e-2


@pytest.mark.parametrize("norm", ["support", "per_step"])
def test_what_was_told_otherwise_can_be_saved(tmp_path, norm):
    experiment = dataclasses.replace(SMALL, norm=norm, method="mamlplusplus")
    learner = Learner.untrained(experiment, tasks=Patterns())
    support, query = task_of(Patterns())
    for place, one in enumerate((learner, learner.normalised_by("batch"), learner.normalised_by("support"))):
        one.save(tmp_path / str(place))
        again = Learner.load(tmp_path / str(place))
        assert again.statistics == one.statistics
        np.testing.assert_array_equal(again.adapt(support.x, support.y)(query.x), one.adapt(support.x, support.y)(query.x))


def test_evaluation_leaves_the_learner_as_it_was_in_any_order_of_tasks(trained):
    """T7: nothing is carried from task to task."""
    learner = trained.learner.normalised_by("support")
    before = flat(learner.meta), flat(learner.network.rest)
    first = curves(learner).loss
    (one, _), (other, _) = task_of(Patterns(), seed=1), task_of(Patterns(), seed=2)
    alone = learner.adapt(other.x, other.y)(one.x)
    learner.adapt(one.x, one.y)(other.x)
    np.testing.assert_array_equal(learner.adapt(other.x, other.y)(one.x), alone)
    np.testing.assert_array_equal(curves(learner).loss, first)
    for part, same in zip((learner.meta, learner.network.rest), before, strict=True):
        np.testing.assert_array_equal(flat(part), same)


def test_a_support_twice_over_adapts_alike(trained):
    """T8: the loss is a mean over rows, so no step size hides in the number of rows."""
    support, query = task_of(Patterns(), seed=3)
    once, twice = (trained.learner.adapt(np.concatenate([support.x] * n), np.concatenate([support.y] * n)) for n in (1, 2))
    np.testing.assert_allclose(twice(query.x), once(query.x), rtol=1e-3, atol=1e-4)


def test_past_the_trained_steps_mamlplusplus_repeats_its_last(trained):
    """T15, with norms for each step: the third step's are the second's, and the loss of all steps stays finite."""
    experiment = dataclasses.replace(SMALL, method="mamlplusplus", norm="per_step", multi_step_iterations=10)
    learner = Learner.untrained(experiment, tasks=Patterns())
    rule = learner.meta.rule
    shifted = jax.tree.map(lambda leaf: leaf + 0.1 * np.arange(len(leaf)).reshape(-1, *[1] * (leaf.ndim - 1)), rule.norms)
    learner = learner.replace(meta=learner.meta._replace(rule=rule._replace(norms=shifted)))
    method, fixed = learner.method, partition(learner.method, learner.meta.init)[1]
    at = [flat(method.fixed_at(learner.meta.rule, fixed, index)) for index in range(5)]
    np.testing.assert_array_equal(at[2], at[4])
    assert np.abs(at[1] - at[2]).max() > 0.05
    assert np.isfinite(curves(learner).loss).all()
