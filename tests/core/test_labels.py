"""Labels of classes: what is no class is refused with what was found, in every function that takes targets."""

from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx

from maml_engine import MAML, MLP, Batch, Episode, Experiment, Learner, adapt, evaluate, meta_value_and_grad, train
from maml_engine import softmax_cross_entropy as cross_entropy

EXPERIMENT = Experiment(loss="softmax_cross_entropy", num_iterations=3, meta_batch_size=4, k_shot=6, k_query=5, hidden_dim=8)
X = jnp.linspace(-1, 1, 6)[:, None]


def network(classes=3):
    return MLP(8, num_layers=1, out_dim=classes, rngs=nnx.Rngs(0))


@pytest.mark.parametrize(
    ("y", "complaint"),
    [
        (np.array([1, 2, 3, 1, 2, 3]), r"got 1, 2, 3: subtract 1\."),
        (np.array([0, 1, 7, 0, 1, 2]), r"got 0, 1, 2, 7\."),
        (np.array([0, 1, -1, 0, 1, 2]), r"got -1, 0, 1, 2\."),
        (np.array(["cat", "dog"] * 3), r"got cat, dog: number them"),
        (np.array([0.0, 0.5, 1, 0, 1, 2]), r"got 0.0, 0.5, 1.0, 2.0\."),
        (np.full((6, 3), 2.0), "or one-hot rows, got rows such as"),
    ],
)
def test_what_is_no_class_is_refused_with_what_was_found(y, complaint):
    with pytest.raises(ValueError, match=rf"`support\.y` must hold labels from 0 to 2.*{complaint}"):
        adapt(MAML(), network(), Batch(X, y), loss_fn=cross_entropy)
    one = Batch(X[None], y[None])
    for episode, name in ((Episode(one, one), "support"), (Episode(Batch(X[None], jnp.zeros((1, 6), int)), one), "query")):
        with pytest.raises(ValueError, match=rf"`{name}\.y` must hold labels from 0 to 2.*{complaint}"):
            meta_value_and_grad(MAML(), network(), episode, cross_entropy)


def test_text_as_labels_is_answered_where_a_learner_adapts():
    """By the labels that there are, not by what numbers are."""
    learner = Learner.untrained(Experiment(loss="softmax_cross_entropy"), model=network(), tasks=Thirds())
    for y in (["cat", "dog"] * 3, np.array(["cat", "dog"] * 3, object)):
        with pytest.raises(ValueError, match=r"`y` must hold labels from 0 to 2, .* got cat, dog: number them, the same in"):
            learner.adapt(np.zeros((6, 8))[:, :1], y)


def test_rows_of_weight_0_may_hold_any_label():
    y, weight = np.array([0, 1, 2, 0, 99, -1]), np.array([1, 1, 1, 1, 0, 0], np.float32)
    padded = adapt(MAML(0.1, 3), network(), Batch(X, y, weight), loss_fn=cross_entropy)
    alone = adapt(MAML(0.1, 3), network(), Batch(X[:4], y[:4]), loss_fn=cross_entropy)
    np.testing.assert_allclose(padded(X), alone(X), rtol=1e-5, atol=1e-6)


@dataclass(frozen=True)
class Thirds:
    """Which third of a line a point is in; a task shifts the line."""

    first: int = 0
    one_hot: bool = False

    def split(self, name):
        return self

    def sample(self, key, meta_batch_size, k_shot, k_query):
        keys = jax.random.split(key)
        x = jax.random.uniform(keys[0], (meta_batch_size, k_shot + k_query, 1), minval=-1.0)
        shift = jax.random.uniform(keys[1], (meta_batch_size, 1), minval=-0.2, maxval=0.2)
        y = jnp.clip(jnp.floor((x[..., 0] + shift + 1) * 1.5), 0, 2).astype(int) + self.first
        y = jax.nn.one_hot(y, 3) if self.one_hot else y
        return Episode(Batch(x[:, :k_shot], y[:, :k_shot]), Batch(x[:, k_shot:], y[:, k_shot:]))


def test_an_experiment_of_classes_trains_is_evaluated_saved_and_opened(tmp_path):
    for labels, model in ((Thirds(), network), (Thirds(one_hot=True), lambda: None)):
        *_, report = train(EXPERIMENT, model=model(), tasks=labels)
        assert np.isfinite(report.meta_loss).all()
        curves = evaluate(report.learner, jax.random.key(0), num_tasks=5, k_shot=6, k_query=5, inner_steps=1)
        report.learner.save(tmp_path)
        again = Learner.load(tmp_path, model=model())
        episode = Thirds().sample(jax.random.key(0), 5, 6, 5)
        # The slow twin: adapt to each task, and count what is right.
        right = []
        for task in range(5):
            adapted = again.adapt(np.asarray(episode.support.x[task]), np.asarray(episode.support.y[task]))
            right.append(np.mean(adapted(np.asarray(episode.query.x[task])).argmax(-1) == episode.query.y[task]))
        np.testing.assert_allclose(curves.metrics["accuracy"][:, 1], right)
        assert curves.rows()[1]["accuracy"] == pytest.approx(np.mean(right))
        with pytest.raises(ValueError, match=r"`y` must hold labels from 0 to 2, whole numbers, got 1, 3"):
            again.adapt([[0.0], [1.0]], [1, 3])


def test_what_an_experiment_of_classes_lacks_is_said_in_one_sentence():
    with pytest.raises(ValueError, match="these tasks have one number a row"):
        Learner.untrained(EXPERIMENT)
    with pytest.raises(ValueError, match="do not say how many classes there are"):
        Learner.untrained(EXPERIMENT, tasks=Thirds())
    with pytest.raises(ValueError, match=r"`query\.y` must hold labels from 0 to 2, whole numbers, got 1, 2, 3: subtract 1"):
        list(train(EXPERIMENT, model=network(), tasks=Thirds(first=1)))
