import jax
import numpy as np
import pytest

from dashboard import adapting
from dashboard.fits import MAX_SHOTS, MAX_STEPS, Wave, first_fits
from dashboard.resources import shipped_learners
from maml_engine import Experiment, Learner, Sinusoid


@pytest.fixture(scope="module")
def learners() -> dict[str, Learner]:
    return shipped_learners()


def test_a_fit_agrees_with_adapting_by_hand(learners):
    wave = Wave(amplitude=2.0, phase=1.0, shots=7, inner_lr=0.001)
    fit = adapting.task_fit(learners["sinusoid_maml"], wave)
    np.testing.assert_allclose(fit.truth, 2.0 * np.sin(fit.x + 1.0), atol=1e-5)
    np.testing.assert_allclose(fit.support_y, 2.0 * np.sin(fit.support_x + 1.0), atol=1e-5)
    assert fit.path.shape == (MAX_STEPS + 1, len(fit.x)) and len(fit.support_x) == 7
    for steps in (0, 1, 10):
        adapted = learners["sinusoid_maml"].adapt(fit.support_x, fit.support_y, steps)
        np.testing.assert_allclose(fit.path[steps], adapted(fit.x)[:, 0], atol=2e-4)


def test_one_more_shot_keeps_the_points_before_it(learners):
    few, more = (adapting.task_fit(learners["random"], Wave(shots=shots)) for shots in (3, 4))
    np.testing.assert_array_equal(more.support_x[:3], few.support_x)


def test_noise_moves_the_points_and_not_the_truth(learners):
    clear, noisy = (adapting.task_fit(learners["random"], Wave(noise=noise)) for noise in (0.0, 1.0))
    np.testing.assert_array_equal(noisy.truth, clear.truth)
    np.testing.assert_array_equal(noisy.support_x, clear.support_x)
    assert np.abs(noisy.support_y - clear.support_y).max() > 0.1


def test_the_stored_first_picture_is_what_the_engine_computes(learners):
    """Made again by `python -m dashboard.adapting`."""
    stored = first_fits()
    assert set(stored) == {"sinusoid_maml", "sinusoid_joint", "random"}
    for name, fit in stored.items():
        computed = adapting.task_fit(learners[name], Wave())
        np.testing.assert_allclose(fit.path, computed.path, atol=1e-3)
        np.testing.assert_array_equal(fit.support_x, computed.support_x)


def test_no_control_compiles_anything(learners, caplog):
    for name in ("sinusoid_maml", "sinusoid_joint", "random"):
        adapting.task_fit(learners[name], Wave())
        adapting.wall(learners[name], Sinusoid(), 5, 0.001, 0)
    with jax.log_compiles(), caplog.at_level("WARNING"):
        adapting.task_fit(
            learners["sinusoid_joint"], Wave(amplitude=1.2, phase=0.3, shots=MAX_SHOTS, noise=0.3, seed=4, inner_lr=0.02)
        )
        adapting.task_fit(learners["sinusoid_maml"], Wave(shots=1))
        adapting.wall(learners["sinusoid_maml"], adapting.beyond(Sinusoid(), "phase"), 9, 0.002, 5)
    assert not [record for record in caplog.records if "Compiling" in record.getMessage()]


def test_the_seed_says_which_twelve_and_learners_share_them(learners):
    wall, same, other = (
        adapting.wall(learners[name], Sinusoid(), 5, 0.001, seed)
        for name, seed in (("random", 0), ("sinusoid_maml", 0), ("random", 1))
    )
    assert len(wall) == 12
    np.testing.assert_array_equal(wall[3].truth, same[3].truth)
    np.testing.assert_array_equal(wall[3].support_y, same[3].support_y)
    assert np.abs(wall[3].truth - other[3].truth).max() > 0.01


def test_held_out_curves_reach_what_the_paper_says(learners):
    """Finn et al., 2017, table 2, five points, ten steps: MAML 0.35, pretrained 2.19."""
    maml = adapting.held_out_curve(learners["sinusoid_maml"], Sinusoid(), 5, 0.001)
    joint = adapting.held_out_curve(learners["sinusoid_joint"], Sinusoid(), 5, 0.01)
    assert 2.7 < maml.mean[0] < 3.6 and 2.7 < joint.mean[0] < 3.6
    assert maml.mean[10] < 0.45 and maml.high[10] < 0.6
    assert 1.6 < joint.mean[10] < 2.8
    assert np.all(maml.low <= maml.mean) and np.all(maml.mean <= maml.high) and len(maml.mean) == 11


def test_tasks_beyond_the_training_range():
    assert adapting.beyond(Sinusoid(), "amplitude").amplitude == (5.0, 10.0)
    np.testing.assert_allclose(adapting.beyond(Sinusoid(), "phase").phase, (np.pi, 2 * np.pi))
    assert adapting.beyond(Sinusoid(), "phase").amplitude == (0.1, 5.0)


def test_the_baselines_take_the_step_size_that_suits_them(learners):
    joint = learners["sinusoid_joint"]
    assert adapting.best_inner_lr(joint, Sinusoid(), 10) == 0.01
    for what in ("amplitude", "phase"):
        tasks = adapting.beyond(Sinusoid(), what)
        for shots in (1, 5, 20):
            assert np.isfinite(
                adapting.held_out_curve(joint, tasks, shots, adapting.best_inner_lr(joint, tasks, shots)).mean
            ).all()


def test_a_fingerprint_follows_the_content():
    learner, same, other = (Learner.untrained(Experiment(seed=seed)) for seed in (0, 0, 1))
    assert adapting.fingerprint(learner) == adapting.fingerprint(same) != adapting.fingerprint(other)
    moved = learner.replace(meta=jax.tree.map(lambda leaf: leaf + 1, learner.meta))
    assert adapting.fingerprint(moved) != adapting.fingerprint(learner)
