"""Invented characters: what they look like in numbers, that they are pictures of classes, and that splits share none."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from maml_engine import Experiment, Learner
from maml_engine.tasks import SPLITS, Glyphs
from maml_engine.tasks.images.glyphs import POINTS, STROKES, _rendered, invented, written

KEY = jax.random.key(0)


@pytest.fixture(scope="module")
def episode():
    return jax.jit(lambda key: Glyphs(n_way=10).sample(key, 10, 4, 2))(KEY)


def test_shapes_are_those_of_pictures_with_one_hot_rows(episode):
    assert episode.support.x.shape == (10, 40, 28, 28, 1)
    assert episode.query.y.shape == (10, 20, 10)
    np.testing.assert_array_equal(episode.query.y[3].argmax(-1), np.repeat(np.arange(10), 2))


def test_ink_is_1_on_paper_0_as_much_as_people_use_and_within_the_picture(episode):
    x = np.asarray(episode.support.x)
    assert x.min() == 0
    assert 0.99 < x.max() <= 1
    assert 0.05 < x.mean() < 0.12  # Omniglot's is 0.08
    assert (x.reshape(len(x) * 40, -1).max(axis=1) > 0.5).all()  # none is empty
    edge = np.concatenate([x[:, :, 0], x[:, :, -1], x[:, :, :, 0], x[:, :, :, -1]], axis=2)
    assert edge.mean() < 0.1 * x.mean()


def test_pictures_of_one_character_are_nearer_to_one_another_than_to_others(episode):
    x = np.asarray(episode.support.x).reshape(10, 10, 4, -1)
    nearest = [np.argmin(((task[:, None, 0] - task[None, :, 1]) ** 2).sum(-1), axis=1) == np.arange(10) for task in x]
    assert 0.25 < np.mean(nearest) < 0.9  # by pixels alone: above chance, 0.1, and no solution


def test_without_variation_they_are_alike():
    x = np.asarray(Glyphs(variation=0.0, n_way=3).sample(KEY, 2, 2, 1).support.x).reshape(2, 3, 2, 28, 28)
    np.testing.assert_allclose(x[:, :, 0], x[:, :, 1], atol=1e-5)
    assert np.abs(x[:, 0] - x[:, 1]).max() > 0.5


def test_the_same_key_gives_the_same_and_splits_share_no_character():
    shown = {name: np.asarray(Glyphs().split(name).sample(KEY, 20, 1, 1).support.x) for name in SPLITS}
    np.testing.assert_array_equal(shown["test"], Glyphs().split("test").sample(KEY, 20, 1, 1).support.x)
    every = np.concatenate([x.reshape(100, -1) for x in shown.values()])
    assert len(np.unique(np.round(every, 3), axis=0)) == 300


def test_a_character_has_one_to_four_strokes_in_a_square():
    strokes = invented(KEY, (500,))
    count = np.asarray(strokes.is_drawn).sum(-1)
    assert set(count.tolist()) == {1, 2, 3, 4}
    points = np.asarray(strokes.points)[np.asarray(strokes.is_drawn) > 0]
    assert np.abs(points).max() <= 0.5


def test_a_straight_stroke_is_as_dark_along_its_way_and_as_wide_as_its_pen():
    points = jnp.stack([jnp.linspace(-0.3, 0.3, POINTS), jnp.zeros(POINTS)], axis=-1)
    strokes = jnp.zeros((STROKES, POINTS, 2)).at[0].set(points)
    image = np.asarray(_rendered(strokes, jnp.eye(STROKES)[0], jnp.array(0.6), 29))
    assert image[14, 8:21].min() > 0.99
    assert image[14, :4].max() < 0.01  # 0.2 of 29 are 5.8 pixels
    np.testing.assert_allclose(image[13], image[15], atol=1e-4)
    assert 0.2 < image[13, 14] < 0.6
    assert image[11:].max(axis=1)[6:].max() < 0.01


def test_pictures_may_have_another_size():
    small = written(KEY, invented(KEY, (3,)), 2, variation=1.0, size=14)
    assert small.shape == (3, 2, 14, 14, 1)
    assert float(small.max()) > 0.8


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [({"n_way": 1}, "`n_way`"), ({"size": 4}, "`size`"), ({"variation": -1.0}, "`variation`")],
)
def test_what_cannot_work_is_refused(changes, complaint):
    with pytest.raises(ValueError, match=complaint):
        Glyphs(**changes)


def test_an_experiment_names_them_and_a_network_of_vectors_is_refused():
    run = Experiment(tasks="glyphs", n_way=7, variation=0.5, model="conv4", loss="softmax_cross_entropy")
    assert run.build_tasks() == Glyphs(variation=0.5, n_way=7)
    learner = Learner.untrained(run)
    assert (learner.in_dim, learner.out_dim, learner.x_rows.shape) == (1, 7, (28, 28, 1))
    with pytest.raises(ValueError, match="`model` must be one for pictures"):
        Learner.untrained(Experiment(tasks="glyphs"))
    own = Learner.untrained(Experiment(model="conv4", loss="softmax_cross_entropy"), tasks=Glyphs(n_way=7))
    assert (own.experiment.tasks, own.experiment.n_way, own.own.tasks) == ("glyphs", 7, "")
