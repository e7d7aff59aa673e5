"""Tables: what an episode shows."""

import jax
import numpy as np
import pytest

from maml_engine.core.losses import mean_loss, mean_squared_error
from maml_engine.tasks.family import SPLITS
from tests.tasks.tables import UNEVEN, rows_of, uneven


@pytest.mark.parametrize("k_shot", [1, 2])
def test_support_and_query_share_no_row_and_miss_none(k_shot):
    table = uneven()
    episode = table.every(jax.random.key(3), k_shot)
    for place in range(table.num_tasks):
        weight = np.asarray(episode.query.weight[place], bool)
        seen = np.concatenate([episode.support.x[place, :, 0], episode.query.x[place, weight, 0]])
        np.testing.assert_array_equal(np.sort(seen), table.x[place, : int(table.rows[place]), 0])
        assert not episode.query.x[place, ~weight].any()
    for batch in episode:  # a target goes where its input goes
        counts = np.ones(batch.x.shape[:2], bool) if batch.weight is None else np.asarray(batch.weight, bool)
        np.testing.assert_array_equal(batch.y[counts], 1000 + batch.x[counts] ** 2)


def test_padding_weighs_nothing_in_a_loss():
    table = uneven()
    query = jax.tree.map(lambda part: part[0], table.every(jax.random.key(0), 2).query)
    count = int(query.weight.sum())
    assert 0 < count < len(query.weight)
    loss = mean_loss(mean_squared_error, 0 * query.y, query)
    np.testing.assert_allclose(loss, np.mean(np.square(query.y[:count])), rtol=1e-6)


def test_every_row_is_support_equally_often():
    table = uneven()
    draws = 4000
    supports = jax.jit(jax.vmap(lambda key: table.every(key, 2).support.x))(jax.random.split(jax.random.key(0), draws))
    for place, count in enumerate(np.asarray(table.rows)):
        _, times = np.unique(supports[:, place], return_counts=True)
        share = 2 / count
        assert len(times) == count  # and so no padding among them
        np.testing.assert_allclose(times / draws, share, atol=5 * np.sqrt(share * (1 - share) / draws))


def test_tasks_come_once_before_any_comes_again():
    table = uneven().split("train")
    task_of_x = {x: task for task, x, _ in rows_of(**UNEVEN)}
    for batch in (1, 3, 4, 9):
        shown = table.sample(jax.random.key(batch), batch, 2, 1).support.x[:, 0, 0]
        names = [task_of_x[int(x)] for x in shown]
        times = [names.count(name) for name in table.task_names]
        assert sum(times) == batch
        assert max(times) - min(times) <= 1


def test_sample_shows_its_split_alone_and_the_whole_shows_training_tasks():
    table = uneven()
    for view, name in [(table, "train"), *((table.split(name), name) for name in SPLITS)]:
        shown = np.unique(view.sample(jax.random.key(0), 30, 2, 1).support.x)
        assert set(shown) <= set(table.split(name).examples()[0].ravel())
    np.testing.assert_array_equal(
        table.sample(jax.random.key(1), 5, 2, 1).query.y, table.split("train").sample(jax.random.key(1), 5, 2, 1).query.y
    )


def test_sample_compiles_once_and_agrees_with_itself_uncompiled():
    table, traces = uneven().split("train"), []

    @jax.jit
    def sample(table, key):
        traces.append(key)
        return table.sample(key, 5, 2, 1)

    for seed in range(3):
        key = jax.random.key(seed)
        jax.tree.map(np.testing.assert_array_equal, sample(table, key), table.sample(key, 5, 2, 1))
    sample(uneven().split("train"), jax.random.key(9))  # the same file read again is the same program
    assert len(traces) == 1
    closed_over = jax.jit(lambda key: table.sample(key, 5, 2, 1).query.y)(jax.random.key(0))
    np.testing.assert_array_equal(closed_over, table.sample(jax.random.key(0), 5, 2, 1).query.y)


def test_other_keys_show_other_rows():
    table = uneven()
    assert (table.every(jax.random.key(0), 2).support.x != table.every(jax.random.key(1), 2).support.x).any()


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda table: table.every(jax.random.key(0), 3), "`k_shot` must be at most 2 (the smallest task has 3 rows), got 3."),
        (lambda table: table.every(jax.random.key(0), 0), "`k_shot` must be a whole number >= 1, got 0."),
        (lambda table: table.sample(jax.random.key(0), 0, 2, 1), "`meta_batch_size` must be a whole number >= 1, got 0."),
    ],
)
def test_impossible_episodes_are_refused(call, sentence):
    with pytest.raises(ValueError) as refusal:
        call(uneven())
    assert str(refusal.value) == sentence
