"""Tasks of one's own: what draws otherwise than by its key is refused before training, and NumPy has a way in."""

from dataclasses import dataclass
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from maml_engine import Batch, Episode, Experiment, evaluate, train
from maml_engine.learner import Learner

SHORT = Experiment(num_iterations=6, meta_batch_size=2, k_shot=3, k_query=4)


def episode_of(x, amplitude, k_shot):
    y = amplitude * np.sin(x) if isinstance(x, np.ndarray) else amplitude * jnp.sin(x)
    return Episode(Batch(x[:, :k_shot], y[:, :k_shot]), Batch(x[:, k_shot:], y[:, k_shot:]))


@dataclass(frozen=True)
class Own:
    """Sine waves with what the subclass draws."""

    def split(self, name):
        return self


class Pure(Own):
    def sample(self, key, meta_batch_size, k_shot, k_query):
        x = jax.random.uniform(key, (meta_batch_size, k_shot + k_query, 1))
        return episode_of(x, jax.random.uniform(key, (meta_batch_size, 1, 1)), k_shot)


class Frozen(Own):
    """NumPy's random numbers: drawn once, when the step is compiled."""

    def sample(self, key, meta_batch_size, k_shot, k_query):
        return episode_of(np.random.uniform(size=(meta_batch_size, k_shot + k_query, 1)), 1.0, k_shot)


class PartlyFrozen(Own):
    """Inputs by the key, amplitudes by NumPy: two draws differ, and yet every meta-step would see the same amplitudes."""

    def sample(self, key, meta_batch_size, k_shot, k_query):
        x = jax.random.uniform(key, (meta_batch_size, k_shot + k_query, 1))
        return episode_of(x, np.random.uniform(size=(meta_batch_size, 1, 1)), k_shot)


class Seeded(Own):
    """NumPy's random numbers from one seed."""

    def sample(self, key, meta_batch_size, k_shot, k_query):
        x = np.random.default_rng(0).uniform(size=(meta_batch_size, k_shot + k_query, 1))
        return episode_of(x, 1.0, k_shot)


class JittedFrozen(Own):
    """As `Frozen`, within a compiled function of its own, which is traced once."""

    def sample(self, key, meta_batch_size, k_shot, k_query):
        return _drawn_once(meta_batch_size, k_shot, k_query)


@partial(jax.jit, static_argnums=(0, 1, 2))
def _drawn_once(num_tasks, k_shot, k_query):
    return episode_of(np.random.uniform(size=(num_tasks, k_shot + k_query, 1)), 1.0, k_shot)


class Converts(Own):
    """NumPy seeded by the key, whose value is not there yet."""

    def sample(self, key, meta_batch_size, k_shot, k_query):
        rng = np.random.default_rng(int(jax.random.key_data(key)[0]))
        return episode_of(rng.uniform(size=(meta_batch_size, k_shot + k_query, 1)), 1.0, k_shot)


class OneTask(Own):
    """Without the axis of tasks that was asked for."""

    def sample(self, key, meta_batch_size, k_shot, k_query):
        return Pure().sample(key, 1, k_shot, k_query)


class NoAxis(Own):
    def sample(self, key, meta_batch_size, k_shot, k_query):
        return jax.tree.map(lambda rows: rows[0], Pure().sample(key, 1, k_shot, k_query))


class NoEpisode(Own):
    def sample(self, key, meta_batch_size, k_shot, k_query):
        return tuple(Pure().sample(key, meta_batch_size, k_shot, k_query))


class Unhashable(Pure):
    __hash__ = None


class NoSample(Own):
    pass


class Called(Own):
    """NumPy, called from inside the compiled step and seeded by the key."""

    def sample(self, key, meta_batch_size, k_shot, k_query):
        def draw(seed):
            rng = np.random.default_rng(np.asarray(seed))
            return rng.uniform(size=(meta_batch_size, k_shot + k_query, 1)).astype(np.float32)

        shape = jax.ShapeDtypeStruct((meta_batch_size, k_shot + k_query, 1), np.float32)
        return episode_of(jax.pure_callback(draw, shape, jax.random.key_data(key)), 1.0, k_shot)


REFUSED = {
    Frozen: r"`tasks\.sample` must draw by its `key` alone \(jax\.random\), but drew differently for one key",
    PartlyFrozen: r"`tasks\.sample` must draw by its `key` alone",
    Seeded: r"`tasks\.sample` must draw by its `key` \(jax\.random\), but gave the same tasks for two keys",
    JittedFrozen: r"`tasks\.sample` must draw by its `key` \(jax\.random\), but gave the same tasks for two keys",
    Converts: r"`tasks\.sample` must be pure JAX, since it is traced",
    OneTask: r"must give arrays with a leading axis of tasks, 2 for `meta_batch_size=2`, got support\.x of shape \[1, \d+, 1\]",
    NoAxis: r"`support\.x` must have the shape \[tasks, examples, \.\.\.\]",
    NoEpisode: r"`episode` must be Episode\(",
    Unhashable: "`tasks` must be hashable, as a frozen dataclass is, or a pytree of numbers, got Unhashable",
    NoSample: "`tasks` must have the functions `sample` and `split`",
}


@pytest.mark.parametrize("tasks", REFUSED, ids=lambda tasks: tasks.__name__)
def test_tasks_that_cannot_be_trained_on_are_refused_before_training(tasks):
    for call in (lambda: train(SHORT, tasks=tasks()), lambda: _evaluated(tasks())):
        with pytest.raises(ValueError, match=REFUSED[tasks]) as caught:
            call()
        assert "\n" not in str(caught.value).partition("\n---")[0]  # JAX adds how to see its own frames


def _evaluated(tasks):
    return evaluate(Learner.untrained(SHORT), jax.random.key(0), num_tasks=2, k_query=4, inner_steps=1, tasks=tasks)


OWN_KEY = jax.random.key(3)


class Keyed(Own):
    """With a random key among what it holds, which JAX sees as a constant."""

    def sample(self, key, meta_batch_size, k_shot, k_query):
        return Pure().sample(jax.random.fold_in(key, jax.random.bits(OWN_KEY)), meta_batch_size, k_shot, k_query)


def test_pure_tasks_pass_and_numpy_has_a_way_in():
    for tasks in (Pure(), Keyed(), Called()):
        assert np.isfinite(_evaluated(tasks).mean).all()
        first, again = (np.concatenate([report.meta_loss for report in train(SHORT, tasks=tasks)]) for _ in range(2))
        assert len(set(first.tolist())) == SHORT.num_iterations  # other tasks in every meta-step
        np.testing.assert_array_equal(first, again)  # and the same ones for the same seed
