"""A pool of pictures: which ones an episode shows, that no class and no picture is where it must not be, what it costs."""

import itertools
from collections import Counter

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from maml_engine.tasks import SPLITS, ImagePool
from maml_engine.tasks.images.pool import turned

KEY = jax.random.key(0)
COUNTS = [3, 5, 4, 6, 3, 7, 4, 5, 9, 3, 4, 3]
SPLIT = (6, 3, 3)


def coded_pool(**changes):
    """Each picture's bytes say which one it is, and where it is turned to: [0, 0] the class, [0, 1] the picture."""
    images = np.zeros((sum(COUNTS), 4, 4, 1), np.uint8)
    first = np.cumsum([0, *COUNTS])[:-1]
    for cls, (begin, count) in enumerate(zip(first, COUNTS, strict=True)):
        images[begin : begin + count, 0, 0, 0] = cls + 1
        images[begin : begin + count, 0, 1, 0] = np.arange(count) + 1
    return ImagePool(images, first, np.array(COUNTS), **{"n_way": 3, "class_splits": SPLIT} | changes)


def seen(batch):
    """Class and picture of each row, turned back: `[tasks, rows, 2]`."""
    images = np.rint(np.asarray(batch.x)[..., 0] * 255).astype(int)
    back = [np.rot90(images, quarters, axes=(2, 3)) for quarters in range(4)]
    upright = np.select([(image[..., 0, :2] > 0).all(-1)[..., None, None] for image in back], back)
    return np.stack([upright[..., 0, 0] - 1, upright[..., 0, 1] - 1], axis=-1)


@pytest.mark.parametrize("rotations", [False, True])
@pytest.mark.parametrize("split", SPLITS)
def test_an_episode_shows_different_classes_of_its_split_and_no_picture_twice(split, rotations):
    pool = coded_pool(rotations=rotations).split(split)
    episode = jax.jit(lambda pool, key: pool.sample(key, 200, 1, 2))(pool, KEY)
    support, query = seen(episode.support), seen(episode.query)
    start = dict(zip(SPLITS, (0, 6, 9), strict=True))[split]
    assert set(support[..., 0].ravel()) == set(range(start, start + pool.num_classes))
    for task in range(200):
        classes = support[task, :, 0]
        assert len(set(classes)) == 3
        # Query rows lie class by class as the labels say.
        np.testing.assert_array_equal(query[task, :, 0], np.repeat(classes, 2))
        rows = [tuple(row) for row in (*support[task], *query[task])]
        assert len(set(rows)) == len(rows)


def test_no_class_is_in_two_splits_turned_or_not():
    """T18."""
    pool = coded_pool(rotations=True)
    shown = {split: set(seen(pool.split(split).sample(KEY, 300, 1, 1).support)[..., 0].ravel().tolist()) for split in SPLITS}
    for one, other in itertools.combinations(SPLITS, 2):
        assert not shown[one] & shown[other]
    assert set().union(*shown.values()) == set(range(12))


def test_every_class_picture_label_and_turn_is_as_likely():
    pool = coded_pool(rotations=True)
    episode = pool.sample(KEY, 4000, 1, 1)
    rows = seen(episode.support)
    classes = Counter(rows[..., 0].ravel().tolist())
    assert all(abs(count - 2000) < 250 for count in classes.values())
    first_place = Counter(rows[:, 0, 0].tolist())
    assert all(abs(count - 4000 / 6) < 130 for count in first_place.values())
    pictures = Counter(rows[rows[..., 0] == 1][:, 1].tolist())  # of the class of 5
    assert all(abs(count - 400) < 100 for count in pictures.values())
    corner = np.asarray(episode.support.x)[..., 0]
    upright = (corner[:, :, 0, 0] > 0) & (corner[:, :, 0, 1] > 0)
    assert upright.mean() == pytest.approx(0.25, abs=0.02)


def test_all_pictures_of_a_class_are_turned_alike_and_between_tasks_anew():
    episode = coded_pool(rotations=True).sample(KEY, 50, 1, 2)

    def corner(x):
        image = np.asarray(x)[..., 0] > 0
        return image[:, :, 0, 0] * 1 + image[:, :, 0, -1] * 2 + image[:, :, -1, 0] * 4 + image[:, :, -1, -1] * 8

    np.testing.assert_array_equal(np.repeat(corner(episode.support.x), 2, axis=1), corner(episode.query.x))
    assert len(set(corner(episode.support.x).ravel().tolist())) == 4


@pytest.mark.parametrize("quarters", range(4))
def test_turning_is_rot90(quarters):
    pictures = jnp.arange(2 * 3 * 5 * 5 * 2).reshape(2, 3, 5, 5, 2)
    np.testing.assert_array_equal(turned(pictures, jnp.full(2, quarters)), np.rot90(pictures, quarters, axes=(2, 3)))


NAMES = ("red/1", "red/2", "red/3", "blue/1", "blue/2", "blue/3", "red/4", "red/5", "red/6", "green/1", "green/2", "blue/4")


def test_with_the_same_group_a_task_is_of_one_alphabet_and_each_is_as_likely():
    pool = coded_pool(class_names=NAMES, same_group=True)
    classes = seen(pool.sample(KEY, 400, 1, 1).support)[..., 0]
    groups = [{NAMES[each].split("/")[0] for each in task} for task in classes]
    assert all(len(group) == 1 for group in groups)
    assert all(len(set(task)) == 3 for task in classes.tolist())
    assert abs(sum(group == {"red"} for group in groups) - 200) < 50


def test_with_the_same_group_turned_classes_are_turned_alike():
    x = np.asarray(coded_pool(class_names=NAMES, same_group=True, rotations=True).sample(KEY, 50, 1, 1).support.x)[..., 0]
    corners = np.stack([x[..., 0, 0], x[..., 0, -1], x[..., -1, 0], x[..., -1, -1]], axis=-1) > 0
    np.testing.assert_array_equal(corners, np.broadcast_to(corners[:, :1], corners.shape))
    assert len(np.unique(corners.reshape(-1, 4), axis=0)) == 4


def test_a_group_that_is_too_small_is_left_out_and_where_all_are_it_is_refused():
    pool = coded_pool(class_names=NAMES, same_group=True, n_way=2)
    assert set(seen(pool.split("test").sample(KEY, 50, 1, 1).support)[..., 0].ravel()) == {9, 10}  # green; of blue there is one
    with pytest.raises(ValueError, match=r"`n_way` must be at most 2 with `same_group`, .* of the split 'test', got 3\."):
        pool.replace(n_way=3).split("test").sample(KEY, 1, 1, 1)


def test_training_pictures_are_distorted_and_others_are_not():
    plain, pool = coded_pool(), coded_pool(distortion=1.0)
    for split in SPLITS[1:]:
        np.testing.assert_array_equal(*(each.split(split).sample(KEY, 5, 1, 2).query.x for each in (plain, pool)))
    one, other = (np.asarray(each.sample(KEY, 5, 1, 2).query.x) for each in (plain, pool))
    assert (one != other).any(axis=(2, 3, 4)).all()  # each picture
    np.testing.assert_array_equal(other, pool.split("train").sample(KEY, 5, 1, 2).query.x)


def test_pictures_are_bytes_until_they_are_in_an_episode():
    pool = coded_pool()
    assert pool.images.dtype == np.uint8
    episode = pool.sample(KEY, 4, 1, 2)
    assert episode.support.x.dtype == episode.support.y.dtype == np.float32
    assert episode.support.x.shape == (4, 3, 4, 4, 1)
    assert episode.query.y.shape == (4, 6, 3)
    assert 0 <= float(episode.query.x.min()) <= float(episode.query.x.max()) <= 1
    white = ImagePool(np.full((4, 2, 2, 3), 255, np.uint8), [0, 2], [2, 2], n_way=2, class_splits=(2, 0, 0))
    assert (white.sample(KEY, 1, 1, 1).support.x == 1).all()


def test_the_bytes_are_an_argument_of_the_compiled_program_and_no_part_of_it():
    pool = coded_pool()
    traced = jax.make_jaxpr(lambda pool, key: pool.sample(key, 2, 1, 1))(pool, KEY)
    assert not [const for const in traced.consts if np.size(const) > 100]
    assert max(np.prod(variable.aval.shape) for equation in traced.eqns for variable in equation.outvars) < pool.images.size


def test_the_same_key_gives_the_same_tasks_and_another_one_others():
    one, again, other = (coded_pool().sample(jax.random.key(seed), 20, 1, 2) for seed in (1, 1, 2))
    np.testing.assert_array_equal(one.query.x, again.query.x)
    assert (np.asarray(one.query.x) != np.asarray(other.query.x)).any()


def test_splits_that_are_not_given_are_parts_of_the_classes_as_they_come():
    pool = ImagePool(np.zeros((40, 2, 2, 1), np.uint8), np.arange(0, 40, 2), np.full(20, 2), n_way=2)
    assert [pool.split(name).num_classes for name in SPLITS] == [14, 3, 3]
    assert pool.split("test").rows_of_a_class == 2


def test_names_are_those_of_the_classes_held():
    pool = coded_pool(class_names=tuple("abcdefghijkl"))
    assert [pool.split(name).held_names for name in SPLITS] == [tuple("abcdef"), tuple("ghi"), tuple("jkl")]


@pytest.mark.parametrize(
    ("sizes", "changes", "complaint"),
    [
        ((1, 1, 3), {}, "`k_shot` + `k_query` must be at most 3"),
        ((1, 0, 1), {}, "`k_shot` must be a whole number >= 1"),
        ((0, 1, 1), {}, "`meta_batch_size`"),
        ((1, 1, 1), {"n_way": 7}, "`n_way` must be at most 6, the classes of the split 'train', got 7"),
    ],
)
def test_more_than_there_is_is_refused(sizes, changes, complaint):
    with pytest.raises(ValueError, match=complaint.replace("+", r"\+")):
        coded_pool(**changes).sample(KEY, *sizes)


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"n_way": 1}, "`n_way` must be a whole number >= 2"),
        ({"distortion": -1.0}, "`distortion` must be a number >= 0"),
        ({"images": np.zeros((56, 4, 4, 1), np.float32)}, "must be bytes"),
        ({"images": np.zeros((56, 4, 4), np.uint8)}, "must be bytes"),
        ({"images": np.zeros((20, 4, 4, 1), np.uint8)}, "where each class lies among the 20 pictures"),
        ({"images": np.zeros((56, 4, 5, 1), np.uint8), "rotations": True}, "square pictures, got 4 x 5"),
        ({"class_splits": (6, 3, 4)}, "add up to the 12 classes"),
        ({"class_names": ("a",)}, "name each of the 12 classes"),
        ({"count": [1, 2]}, "one number for each class"),
    ],
)
def test_arrays_that_do_not_fit_are_refused_in_one_sentence(changes, complaint):
    pool = coded_pool()
    arrays = {"images": pool.images, "first": pool.first, "count": pool.count, "class_splits": SPLIT} | changes
    with pytest.raises(ValueError, match=complaint) as refusal:
        ImagePool(**arrays)
    assert "\n" not in str(refusal.value)
