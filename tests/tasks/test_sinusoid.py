"""Sine waves: the paper's ranges, fresh points, splits that share nothing."""

import jax
import numpy as np
import pytest

from maml_engine import Sinusoid
from maml_engine.tasks import SPLITS

KEY = jax.random.key(0)


def test_amplitudes_and_phases_fill_their_ranges():
    """An amplitude of 0.5 for 5.0 gives losses 82 times smaller, and looks superb."""
    waves = Sinusoid().draw(KEY, 20_000)
    for values, low, high in ((waves.amplitude, 0.1, 5.0), (waves.phase, 0.0, np.pi)):
        margin = 0.001 * (high - low)
        assert low <= values.min() < low + margin
        assert high - margin < values.max() <= high
        assert values.mean() == pytest.approx((low + high) / 2, rel=0.01)


def test_inputs_fill_their_range_and_targets_are_the_wave():
    episode = Sinusoid().sample(KEY, 500, 10, 10)
    assert episode.support.x.min() >= -5
    assert episode.query.x.max() <= 5
    assert np.ptp(episode.query.x) > 9.99
    waves = Sinusoid().draw_split(KEY, 500)
    for batch in (episode.support, episode.query):
        expected = waves.amplitude[:, None, None] * np.sin(np.asarray(batch.x, np.float64) + waves.phase[:, None, None])
        np.testing.assert_allclose(batch.y, expected, atol=2e-6)


def test_predicting_zero_costs_what_the_ranges_say():
    y = np.asarray(Sinusoid().sample(KEY, 100_000, 1, 4).query.y)
    per_task = (y**2).mean((1, 2))
    assert per_task.mean() == pytest.approx(4.252, abs=4 * per_task.std() / np.sqrt(len(per_task)))


def test_shapes_are_those_of_the_contract():
    episode = Sinusoid().sample(KEY, 4, 5, 7)
    assert episode.support.x.shape == episode.support.y.shape == (4, 5, 1)
    assert episode.query.x.shape == episode.query.y.shape == (4, 7, 1)


def test_sampling_is_traceable_and_pure():
    traced = jax.jit(lambda key: Sinusoid().sample(key, 3, 4, 5))(KEY)
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6), traced, Sinusoid().sample(KEY, 3, 4, 5))


def test_its_numbers_are_leaves_so_that_changing_them_compiles_nothing():
    calls = []

    @jax.jit
    def sample(tasks, key):
        calls.append(1)
        return tasks.sample(key, 2, 3, 4)

    sample(Sinusoid(), KEY)
    narrow = sample(Sinusoid(amplitude=(1.0, 1.0), phase=(0.0, 0.0), x=(0.0, 1.0), noise=0.0), KEY)
    assert len(calls) == 1
    np.testing.assert_allclose(narrow.query.y, np.sin(narrow.query.x), rtol=1e-5)


def test_splits_share_no_tasks_and_come_again():
    seen = [np.asarray(Sinusoid().split(name).draw_split(KEY, 1000).amplitude) for name in SPLITS]
    assert len(np.unique(np.concatenate(seen))) > 2990  # float32 uniforms meet by chance now and then
    again = Sinusoid().split("validation").split("train").draw_split(KEY, 1000).amplitude
    np.testing.assert_array_equal(again, seen[SPLITS.index("train")])


def test_noise_is_on_the_support_alone():
    quiet, noisy = Sinusoid().sample(KEY, 200, 10, 10), Sinusoid(noise=0.5).sample(KEY, 200, 10, 10)
    np.testing.assert_array_equal(noisy.query.y, quiet.query.y)
    np.testing.assert_array_equal(noisy.support.x, quiet.support.x)
    noise = np.asarray(noisy.support.y - quiet.support.y)
    assert noise.std() == pytest.approx(0.5, rel=0.05)
    assert abs(noise.mean()) < 0.05


def test_the_papers_minus_is_our_plus_mirrored():
    wave = Sinusoid().draw(KEY, 1)
    x = np.linspace(-5, 5, 11, dtype=np.float32)[None, :, None]
    papers = wave.amplitude * np.sin(-x - wave.phase)  # A sin(x - phase) at -x
    np.testing.assert_allclose(wave(x), -papers, atol=1e-5)


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ({"amplitude": (5.0, 0.1)}, "`amplitude` must go from low to high"),
        ({"amplitude": 1.0}, "`amplitude`"),
        ({"phase": (0.0, float("nan"))}, "`phase`"),
        ({"x": (1.0,)}, "`x`"),
        ({"noise": -0.1}, "`noise` must be a number >= 0"),
    ],
)
def test_ranges_that_cannot_be_are_refused(options, complaint):
    with pytest.raises(ValueError, match=complaint):
        Sinusoid(**options)


@pytest.mark.parametrize("name", ["meta_batch_size", "k_shot", "k_query"])
def test_sizes_that_cannot_be_are_refused(name):
    sizes = {"meta_batch_size": 2, "k_shot": 2, "k_query": 2, name: 0}
    with pytest.raises(ValueError, match=f"`{name}` must be a whole number >= 1"):
        Sinusoid().sample(KEY, **sizes)
