"""Tasks of pictures through the engine: training, evaluation with accuracy, resuming, files; and what must not be learned."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx

from maml_engine import Experiment, Learner, evaluate, train
from maml_engine.evaluation import evaluate_as_agreed, queries, tasks_at_once
from maml_engine.tasks import Glyphs, ImagePool
from maml_engine.training import loop

KEY = jax.random.key(0)
RUN = Experiment(
    tasks="glyphs", n_way=3, loss="softmax_cross_entropy", model="conv4", method="fomaml",
    k_shot=1, k_query=2, meta_batch_size=4, inner_lr=0.5, inner_steps=1, num_iterations=8,
)  # fmt: skip


class Coarse(nnx.Module):
    """A small network: pictures of 7 x 7, and two layers."""

    def __init__(self, classes=3, *, rngs):
        self.first, self.last = nnx.Linear(49, 24, rngs=rngs), nnx.Linear(24, classes, rngs=rngs)

    def __call__(self, x):
        rows = x.reshape(len(x), 7, x.shape[1] // 7, 7, x.shape[2] // 7).mean((2, 4)).reshape(len(x), -1)
        return self.last(nnx.relu(self.first(rows)))


def coarse(seed=0):
    return Coarse(rngs=nnx.Rngs(seed))


@pytest.fixture(autouse=True)
def few_held_out(monkeypatch):
    monkeypatch.setattr(loop, "HELD_OUT_TASKS", 6)


def noise_pool(classes=40):
    """Pictures of pure noise: no class has anything of its own."""
    images = np.random.default_rng(0).integers(0, 256, (classes * 20, 14, 14, 1)).astype(np.uint8)
    return ImagePool(images, np.arange(0, classes * 20, 20), np.full(classes, 20), n_way=3, rotations=True)


def test_a_run_resumes_bit_for_bit(monkeypatch):
    monkeypatch.setattr(loop, "FIRST_CHUNK", 3)
    *_, whole = train(RUN, model=coarse())
    first = next(report for report in train(RUN, model=coarse()) if 0 < report.iteration < 8)
    *_, resumed = train(RUN, model=coarse(), start=first.checkpoint)
    assert resumed.iteration == whole.iteration == 8
    jax.tree.map(np.testing.assert_array_equal, resumed.learner.meta, whole.learner.meta)


def test_accuracy_has_its_interval_over_tasks_at_every_step():
    learner = Learner.untrained(RUN, model=coarse())
    curves = evaluate(learner, KEY, 30, 1, 4, 2)
    right = curves.metrics["accuracy"]
    assert right.shape == (30, 3)
    low, high = curves.interval(of="accuracy")
    np.testing.assert_allclose((low + high) / 2, right.mean(axis=0), rtol=1e-6)
    row = curves.rows()[2]
    assert (row["accuracy_low"], row["accuracy"], row["accuracy_high"]) == pytest.approx((low[2], right[:, 2].mean(), high[2]))
    # Over the means of tasks, never over single queries.
    half = 2.045 * right[:, 2].std(ddof=1) / np.sqrt(30)
    assert (high - low)[2] / 2 == pytest.approx(half, rel=1e-3)


def test_tasks_are_drawn_a_few_at_a_time_and_differ():
    learner = Learner.untrained(RUN, model=coarse())
    one = jax.eval_shape(lambda key: Glyphs(n_way=3).sample(key, 1, 1, 15), KEY)
    assert tasks_at_once(one) == 500_000 // (48 * 784)
    curves = evaluate(learner, KEY, 30, 1, 15, 1)  # 13 at once
    assert curves.loss.shape == (30, 2)
    assert len(np.unique(curves.loss[:, 0])) == 30
    np.testing.assert_array_equal(evaluate(learner, KEY, 30, 1, 15, 1).loss, curves.loss)


def test_by_agreement_a_class_has_15_queries_or_what_it_has_left():
    assert queries(Glyphs(), 1) == 15
    assert queries(noise_pool(), 1) == 15
    assert queries(noise_pool(), 10) == 10
    learner = Learner.untrained(dataclasses.replace(RUN, k_shot=18), model=coarse(), tasks=noise_pool())
    assert (evaluate_as_agreed(learner, 1).metrics["accuracy"] * 6 % 1 < 1e-5).all()  # of 3 * 2 queries


def test_noise_is_told_apart_no_better_than_by_chance():
    """If support and query shared a picture, or labels were in the rows' order, even noise would be learned."""
    run = dataclasses.replace(RUN, num_iterations=60, inner_steps=2)
    *_, report = train(run, model=coarse(), tasks=noise_pool())
    curves = evaluate(report.learner, KEY, 300, 1, 5, 2)
    low, high = curves.interval(0.999, of="accuracy")
    assert ((low < 1 / 3) & (high > 1 / 3)).all()
    assert (curves.loss.mean(axis=0) > np.log(3) - 0.01).all()


def test_duplicating_the_support_moves_nothing_under_a_mean_loss():
    """So Finn et al.'s inner step, on a loss summed over `n_way` and divided by `k_shot`, is `n_way` times theirs here."""
    learner = Learner.untrained(RUN, model=coarse())
    episode = Glyphs(n_way=3).sample(KEY, 1, 1, 1)
    x, y = np.asarray(episode.support.x[0]), np.asarray(episode.support.y[0])
    once, twice = (learner.adapt(np.concatenate([x] * n), np.concatenate([y] * n)) for n in (1, 2))
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=2e-4, atol=1e-6), once.params, twice.params)
    model = coarse()
    graph, start = nnx.split(model)

    def summed_by_class(params):  # the paper's code: a sum over rows, divided by k_shot
        logits = nnx.merge(graph, params)(jnp.asarray(x))
        return -jnp.sum(jnp.sum(y * jax.nn.log_softmax(logits), axis=1)) / 1

    theirs = jax.tree.map(lambda p, g: p - 0.5 / 3 * g, start, jax.grad(summed_by_class)(start))
    ours = nnx.state(once.model, nnx.Param)
    for a, b in zip(jax.tree.leaves(ours), jax.tree.leaves(theirs), strict=True):
        np.testing.assert_allclose(a, b, rtol=2e-4, atol=1e-6)


def test_the_order_of_pictures_within_a_support_changes_nothing_and_renaming_classes_renames_answers():
    *_, report = train(RUN, model=coarse())
    episode = Glyphs(n_way=3).split("test").sample(KEY, 1, 2, 2)
    x, y, asked = np.asarray(episode.support.x[0]), np.asarray(episode.support.y[0]), np.asarray(episode.query.x[0])
    order = np.random.default_rng(0).permutation(6)
    np.testing.assert_allclose(report.learner.adapt(x, y)(asked), report.learner.adapt(x[order], y[order])(asked), atol=1e-4)


def test_a_trained_learner_is_saved_opened_and_adapts_from_labels(tmp_path):
    *_, report = train(RUN, model=coarse())
    report.learner.save(tmp_path)
    again = Learner.load(tmp_path, model=coarse(1))
    assert again.experiment.tasks == "glyphs"
    assert again.default_tasks == Glyphs(n_way=3)
    episode = again.default_tasks.split("test").sample(KEY, 1, 1, 2)
    adapted = again.adapt(episode.support.x[0], np.arange(3))
    np.testing.assert_allclose(adapted(episode.query.x[0]), report.learner.adapt(*episode_rows(episode))(episode.query.x[0]))
    assert adapted.predict(episode.query.x[0]).mean.shape == (6, 3)


def episode_rows(episode):
    return episode.support.x[0], episode.support.y[0]
