"""The outer loop: what it yields, and how it ends when it diverges."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from flax import nnx

from maml_engine import MLP, Diverged, Experiment, MetaParams, Sinusoid, meta_value_and_grad, train
from maml_engine.core.episode import Batch, Episode
from maml_engine.training import loop
from tests.training.runs import SHORT, assert_same_learner, losses_of, run_to_end


def test_reports_cover_every_iteration_once(uninterrupted):
    counts = [len(report.meta_loss) for report in uninterrupted]
    assert np.cumsum(counts).tolist() == [report.iteration for report in uninterrupted]
    assert [report.done for report in uninterrupted] == [False] * (len(counts) - 1) + [True]
    assert uninterrupted[-1].iteration == SHORT.num_iterations
    last = uninterrupted[-1]
    assert last.curve_iteration == 60
    assert last.curve.loss.shape == (loop.HELD_OUT_TASKS, loop.HELD_OUT_STEPS + 1)
    assert last.seconds > 0
    assert last.seconds_left == 0


def test_the_loop_is_adam_on_the_meta_gradient_of_each_iterations_own_tasks():
    """The slow twin: one un-jitted step after the other, through the public functions alone."""
    experiment = dataclasses.replace(SHORT, num_iterations=3)
    reports = run_to_end(experiment)

    model, method = experiment.build_model(), experiment.build_method()
    tasks, optimizer = experiment.build_tasks().split("train"), optax.adam(experiment.meta_lr)
    params = nnx.state(model, nnx.Param)
    opt_state = optimizer.init(params)
    key_train, _ = jax.random.split(jax.random.key(experiment.seed))
    losses = []
    for iteration in range(3):
        key_tasks, _ = jax.random.split(jax.random.fold_in(key_train, iteration))
        episode = tasks.sample(key_tasks, experiment.meta_batch_size, experiment.k_shot, experiment.k_query)
        loss, gradient = meta_value_and_grad(method, model, episode)
        updates, opt_state = optimizer.update(gradient.init, opt_state, params)
        params = optax.apply_updates(params, updates)
        nnx.update(model, params)
        losses.append(float(loss))
    np.testing.assert_allclose(losses_of(reports), losses, rtol=1e-5)
    # Adam divides by the gradient's own size: where that is near nothing, a rounding error is worth a step.
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, atol=2e-5), reports[-1].learner.meta.init, params)


@pytest.mark.parametrize("first_chunk", [1, 7, 60])
def test_the_number_of_iterations_between_reports_changes_nothing(monkeypatch, uninterrupted, first_chunk):
    monkeypatch.setattr(loop, "FIRST_CHUNK", first_chunk)
    monkeypatch.setattr(loop, "SECONDS_BETWEEN_REPORTS", 1e-9 if first_chunk == 1 else 10.0)
    monkeypatch.setattr(loop, "EVALUATIONS", 3)  # fewer stops in between
    reports = run_to_end(SHORT)
    np.testing.assert_array_equal(losses_of(reports), losses_of(uninterrupted))
    assert_same_learner(reports[-1].learner, uninterrupted[-1].learner)


def test_reports_stay_whole_while_training_goes_on(uninterrupted):
    """Donated buffers are copied before they are handed out."""
    reports = run_to_end(SHORT)
    for one, other in zip(reports, reports[1:], strict=False):
        differ = [
            (a != b).any() for a, b in zip(jax.tree.leaves(one.learner.meta), jax.tree.leaves(other.learner.meta), strict=True)
        ]
        assert all(differ)


def test_the_same_seed_gives_the_same_run_and_another_one_another(uninterrupted):
    np.testing.assert_array_equal(losses_of(run_to_end(SHORT)), losses_of(uninterrupted))
    assert (losses_of(run_to_end(dataclasses.replace(SHORT, seed=1))) != losses_of(uninterrupted)).all()


# One key for all steps would show the same tasks again and again.


SEEN = []


@dataclasses.dataclass(frozen=True)
class Noted:
    """Sine waves that note the inputs they show."""

    stream: str = "train"

    def split(self, name):
        return Noted(name)

    def sample(self, key, meta_batch_size, k_shot, k_query):
        episode = Sinusoid().split(self.stream).sample(key, meta_batch_size, k_shot, k_query)
        if self.stream == "train":
            jax.debug.callback(lambda x: SEEN.append(x.tobytes()), episode.support.x)
        return episode


def test_the_callers_own_tasks_are_fresh_at_every_iteration_and_come_again_with_the_seed(uninterrupted):
    seen = []
    for _ in range(2):
        SEEN.clear()
        reports = run_to_end(SHORT, tasks=Noted())
        jax.effects_barrier()
        seen.append(list(SEEN))
    assert len(set(seen[0])) == len(seen[0]) == SHORT.num_iterations
    assert sorted(seen[0]) == sorted(seen[1])
    # They train as the engine's own; compiled with another program around, sums may round otherwise.
    np.testing.assert_allclose(losses_of(reports), losses_of(uninterrupted), rtol=1e-3)


def test_the_callers_own_model():
    model = MLP(8, num_layers=1, activation="tanh", rngs=nnx.Rngs(3))
    before = jax.tree.map(jnp.copy, nnx.state(model, nnx.Param))
    report = run_to_end(dataclasses.replace(SHORT, num_iterations=5), model=model)[-1]
    jax.tree.map(np.testing.assert_array_equal, nnx.state(model, nnx.Param), before)
    assert jax.tree.structure(report.learner.meta.init) == jax.tree.structure(before)
    assert report.learner.adapt([0.0, 1.0], [1.0, 0.0])([0.5]).shape == (1, 1)


# Divergence.


@pytest.mark.parametrize(
    ("changes", "advice"),
    [
        ({"meta_optimizer": "sgd", "meta_lr": 1e12}, "`meta_lr` (now 1e+12)"),
        ({"inner_lr": 1e30}, "`inner_lr` (now 1e+30)"),
    ],
)
def test_divergence_ends_with_one_sentence_on_what_to_lower(changes, advice):
    with pytest.raises(Diverged) as caught:
        run_to_end(dataclasses.replace(SHORT, num_iterations=2000, **changes))
    message = str(caught.value)
    assert f"lower {advice} first" in message
    assert f"at iteration {caught.value.iteration}" in message
    assert "\n" not in message


@pytest.mark.parametrize(
    ("start", "last", "advice"),
    [
        ([4.0, 3.5, 3.2, 3.0], [3.0, 2.0, 1.0, 0.5], "`meta_lr`"),
        ([4.0, 3.5, 3.2, 3.0], [1e9, np.inf, np.nan, np.nan], "`meta_lr`"),
        ([4.0, 3.5, 3.2, 3.0], [3.0, 2.0, 9.0, 99.0], "`inner_steps`"),
        ([4.0, 3.5, 3.2, 3.0], [3.0, 2.0, 9.0, np.nan], "`inner_steps`"),
        ([4.0, 9.0, 99.0, np.inf], [3.0, 4.0, 9.0, np.inf], "`inner_lr`"),
        ([4.0, 3.0], [3.0, 4.0], "`inner_lr`"),
        ([4.0], [3.0], "`meta_lr`"),
    ],
)
def test_what_to_lower_first_is_read_from_the_first_and_the_last_finite_curve(start, last, advice):
    experiment = Experiment(inner_steps=len(start) - 1)
    assert loop._first_to_lower(experiment, np.array(start), np.array(last)).startswith(advice)


class Poisoned:
    """Sine waves whose targets are NaN from one meta-iteration on."""

    def __init__(self, key, since):
        self.key, self.since, self.inner = key, since, Sinusoid()

    def split(self, name):
        return self if name == "train" else self.inner.split(name)

    def sample(self, key, meta_batch_size, k_shot, k_query):
        episode = self.inner.sample(key, meta_batch_size, k_shot, k_query)
        steps = jnp.arange(self.since, 1000)
        bad = jax.vmap(lambda step: jax.random.split(jax.random.fold_in(self.key, step))[0])(steps)
        is_bad = (jax.random.key_data(bad) == jax.random.key_data(key)).all(-1).any()
        return Episode(episode.support, Batch(episode.query.x, jnp.where(is_bad, jnp.nan, episode.query.y)))


def test_divergence_names_the_iteration_and_hands_over_the_last_finite_snapshot(monkeypatch):
    monkeypatch.setattr(loop, "FIRST_CHUNK", 10)
    key_train, _ = jax.random.split(jax.random.key(SHORT.seed))
    reports = []
    with pytest.raises(Diverged, match=r"at iteration 34: .* The last finite snapshot is of iteration") as caught:
        for report in train(SHORT, tasks=Poisoned(key_train, since=33)):
            reports.append(report)
    assert caught.value.iteration == 34  # counted from 1
    assert caught.value.report is reports[-1]
    assert reports[-1].iteration <= 33
    assert all(np.isfinite(leaf).all() for leaf in jax.tree.leaves(reports[-1].learner.meta))
    assert f"iteration {reports[-1].iteration}." in str(caught.value)


# The best snapshot.


def test_the_best_snapshot_is_the_one_with_the_lowest_validation_loss(monkeypatch):
    monkeypatch.setattr(loop, "EVALUATIONS", 15)
    experiment = dataclasses.replace(SHORT, meta_lr=0.1, keep="best")  # so large that the loss goes up and down
    reports = run_to_end(experiment)
    curves = {report.curve_iteration: float(report.curve.mean[experiment.inner_steps]) for report in reports}
    curves.pop(0, None)
    best = min(curves, key=curves.get)
    assert reports[-1].best.iteration == best != experiment.num_iterations
    assert reports[-1].result is reports[-1].best
    assert_same_learner(reports[-1].best, next(report.learner for report in reports if report.iteration == best))


@pytest.mark.parametrize(
    ("changes", "wanted"),
    [
        ({}, 9),
        ({"num_iterations": 100_000}, 25),
        ({"inner_steps": 16, "num_iterations": 300}, 5),
        ({"meta_batch_size": 16}, 19),
    ],
)
def test_looking_at_held_out_pictures_takes_a_tenth_of_a_run(changes, wanted):
    """By hand, a gradient of a row being three passes: 9,000 meta-steps of 8 x (3 x 5 + 3 x 5) passes, an evaluation of
    100 x (5 x 3 x 5 + 6 x 25), so a tenth is 9.6 evaluations; with 16 tasks 19.2; never more than 25, never fewer than five."""
    run = {"k_shot": 1, "k_query": 1, "meta_batch_size": 8, "inner_steps": 1, "num_iterations": 9000} | changes
    assert loop.picture_evaluations(Experiment(**run), known=5, asked=25) == wanted


def test_zero_inner_steps_train_one_network_for_all_tasks():
    report = run_to_end(dataclasses.replace(SHORT, num_iterations=5, inner_steps=0))[-1]
    assert isinstance(report.learner.meta, MetaParams)
    assert np.isfinite(report.meta_loss).all()
