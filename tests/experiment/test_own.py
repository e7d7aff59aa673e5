"""One's own method, loss, meta-optimiser, network and tasks: trained, described as far as an experiment can, saved, opened."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from flax import nnx

from maml_engine import (
    MAML,
    MLP,
    Batch,
    Episode,
    Experiment,
    Learner,
    Method,
    Reptile,
    Sinusoid,
    evaluate,
    mean_squared_error,
    meta_value_and_grad,
    pytree,
    softmax_cross_entropy,
    train,
)
from maml_engine.io.arrays import StorageError
from maml_engine.training.outer_loop import training_keys

SHORT = Experiment(num_iterations=6, meta_batch_size=3, k_shot=4, k_query=5, inner_lr=0.05, inner_steps=2)


def trained(*args, **own):
    return list(train(*args, **own))[-1]


def losses(*args, **own):
    return np.concatenate([report.meta_loss for report in train(*args, **own)])


@pytree
class Halved(Method):
    """MAML with half the step."""

    def descend(self, rule, moving, direction, step):
        return super().descend(rule, moving, jax.tree.map(lambda slope: slope / 2, direction), step)


@dataclasses.dataclass(frozen=True)
class Shifted:
    """Lines through a point of their own."""

    def split(self, name):
        return self

    def sample(self, key, meta_batch_size, k_shot, k_query):
        keys = jax.random.split(key)
        x = jax.random.normal(keys[0], (meta_batch_size, k_shot + k_query, 1))
        y = x + jax.random.normal(keys[1], (meta_batch_size, 1, 1))
        return Episode(Batch(x[:, :k_shot], y[:, :k_shot]), Batch(x[:, k_shot:], y[:, k_shot:]))


def huber(prediction, y):
    return optax.losses.huber_loss(prediction, y).mean(-1)


def test_each_part_of_ones_own_does_what_it_says():
    """Beside a loop of one's own over the same tasks: nine lines, and another road to the same numbers."""
    network, optimizer = MLP(hidden_dim=5, rngs=nnx.Rngs(0)), optax.chain(optax.clip_by_global_norm(1.0), optax.sgd(0.1))
    method = Halved(inner_lr=0.1, inner_steps=2)
    got = losses(SHORT, model=network, tasks=Shifted(), loss_fn=huber, method=method, meta_optimizer=optimizer)
    outer, wanted = nnx.Optimizer(network, optimizer, wrt=nnx.Param), []
    for iteration in range(SHORT.num_iterations):
        key, _ = jax.random.split(jax.random.fold_in(training_keys(SHORT.seed)[0], iteration))
        loss, gradient = meta_value_and_grad(method, network, Shifted().sample(key, 3, 4, 5), loss_fn=huber)
        outer.update(network, gradient.init)  # adds the updates
        wanted.append(float(loss))
    np.testing.assert_allclose(got, wanted, rtol=1e-4)


def test_a_transformation_that_asks_for_the_loss_gets_it():
    """Polyak's step size is the loss over the gradient's squared norm, up to the largest allowed."""
    small, large = (losses(SHORT, meta_optimizer=optax.polyak_sgd(max_learning_rate=largest)) for largest in (1e-9, 1e-2))
    assert small[0] == large[0]
    assert small[-1] != large[-1]


@pytest.mark.parametrize(
    ("optimizer", "sentence"),
    [
        (optax.adam, r"`meta_optimizer` must be an Optax transformation, .* got the function adam: call it, adam\(\.\.\.\)"),
        ("adam", r"got 'adam': names are for `Experiment\(meta_optimizer=\.\.\.\)`"),
        (optax.scale_by_adam(), r"updates that are added .* first update climbs: chain optax\.scale\(-step_size\)"),
        (0.1, r"got 0\.1\."),
    ],
)
def test_what_is_no_meta_optimizer_or_climbs_is_refused(optimizer, sentence):
    with pytest.raises(ValueError, match=sentence):
        train(SHORT, meta_optimizer=optimizer)


def test_what_an_experiment_can_say_of_a_part_it_says():
    """So that the learner is opened anywhere, and trains as the description alone would."""
    waves = Sinusoid(amplitude=(1.0, 2.0), x=(-1.0, 1.0))
    own = {"method": Reptile(inner_lr=0.02, inner_steps=3), "tasks": waves, "loss_fn": mean_squared_error}
    told = dataclasses.replace(SHORT, method="reptile", inner_lr=0.02, inner_steps=3, amplitude=(1.0, 2.0), x_range=(-1.0, 1.0))
    report = trained(SHORT, **own)
    assert report.experiment == told
    assert not report.learner.own.names()
    np.testing.assert_array_equal(losses(SHORT, **own), losses(told))
    classes = Learner.untrained(
        SHORT, tasks=Labelled(), model=MLP(in_dim=2, out_dim=3, rngs=nnx.Rngs(0)), loss_fn=softmax_cross_entropy
    )
    assert classes.experiment.loss == "softmax_cross_entropy"


def test_a_learner_of_ones_own_is_opened_with_what_it_was_trained_with(tmp_path):
    network, method = MLP(hidden_dim=5, rngs=nnx.Rngs(0)), Halved(inner_lr=0.1, inner_steps=2)
    report = trained(SHORT, model=network, tasks=Shifted(), loss_fn=huber, method=method, meta_optimizer=optax.sgd(0.1))
    report.learner.save(tmp_path)
    parts = {"model": network, "method": method, "loss_fn": huber}
    called = {"model": "MLP", "method": "Halved", "loss_fn": "huber"}
    for missing in parts:
        with pytest.raises(
            StorageError, match=rf"another {missing} than .* its maker's own, {called[missing]}, .* holds no code"
        ):
            Learner.load(tmp_path, **(parts | {missing: None}))
    again = Learner.load(tmp_path, **parts)
    x, y = [0.1, 0.2, 0.3], [1.0, 1.1, 1.2]
    np.testing.assert_array_equal(again.adapt(x, y)([0.5]), report.learner.adapt(x, y)([0.5]))
    sizes = {"num_tasks": 5, "k_shot": 4, "k_query": 5, "inner_steps": 2}
    with pytest.raises(ValueError, match=r"`tasks` must be given: this learner was trained on its maker's own, Shifted\."):
        evaluate(again, jax.random.key(0), **sizes)  # not on sine waves, of which it has seen none
    wanted = evaluate(report.learner, jax.random.key(0), **sizes).loss
    np.testing.assert_array_equal(evaluate(again, jax.random.key(0), **sizes, tasks=Shifted()).loss, wanted)
    again = Learner.load(tmp_path, **parts, tasks=Shifted())
    np.testing.assert_array_equal(evaluate(again, jax.random.key(0), **sizes).loss, wanted)


def test_a_run_of_ones_own_goes_on_from_its_checkpoint_bit_for_bit():
    parts = {"method": Halved(0.1, 2), "meta_optimizer": optax.adam(1e-2), "tasks": Shifted(), "loss_fn": huber}
    reports = list(train(dataclasses.replace(SHORT, num_iterations=60), **parts))
    middle = next(report for report in reports if not report.done)
    again = trained(dataclasses.replace(SHORT, num_iterations=60), start=middle.checkpoint, **parts)
    for got, wanted in zip(jax.tree.leaves(again.learner.meta), jax.tree.leaves(reports[-1].learner.meta), strict=True):
        np.testing.assert_array_equal(got, wanted)


class Labelled(Shifted):
    """Three classes of points in the plane, around centres of the task's own."""

    def sample(self, key, meta_batch_size, k_shot, k_query):
        keys = jax.random.split(key, 3)
        label = jax.random.randint(keys[0], (meta_batch_size, k_shot + k_query), 0, 3)
        centres = 2 * jax.random.normal(keys[1], (meta_batch_size, 3, 2))
        x = jnp.take_along_axis(centres, label[..., None], axis=1)
        x += 0.3 * jax.random.normal(keys[2], x.shape)
        return Episode(Batch(x[:, :k_shot], label[:, :k_shot]), Batch(x[:, k_shot:], label[:, k_shot:]))


def test_a_classifier_is_trained_evaluated_with_accuracy_saved_and_opened(tmp_path):
    network = MLP(in_dim=2, out_dim=3, rngs=nnx.Rngs(0))
    experiment = Experiment(num_iterations=300, inner_lr=0.1, inner_steps=3, k_shot=12)
    report = trained(experiment, model=network, tasks=Labelled(), loss_fn=softmax_cross_entropy)
    sizes = {"num_tasks": 50, "k_shot": 12, "k_query": 20, "inner_steps": 3}
    curves = evaluate(report.learner, jax.random.key(0), **sizes)
    accuracy = curves.metrics["accuracy"].mean(axis=0)
    assert accuracy[0] < 0.45 < 0.7 < accuracy[3]
    report.learner.save(tmp_path)
    again = Learner.load(tmp_path, network, tasks=Labelled())
    np.testing.assert_array_equal(evaluate(again, jax.random.key(0), **sizes).metrics["accuracy"], curves.metrics["accuracy"])


def test_numbers_of_a_method_take_the_experiments_place_where_its_class_has_no_name():
    learner = Learner.untrained(SHORT, method=Halved(inner_lr=0.3, inner_steps=4))
    assert (learner.experiment.inner_lr, learner.experiment.inner_steps, learner.method.inner_steps) == (0.3, 4, 4)
    assert learner.own.names() == {"method": "Halved"}
    assert MAML(0.05, 2) == Learner.untrained(SHORT, method=MAML(0.05, 2)).method
