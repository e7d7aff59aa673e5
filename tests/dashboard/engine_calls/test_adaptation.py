import jax
import numpy as np
import pytest

from dashboard.engine_calls import adaptation
from dashboard.engine_calls.resources import shipped_learners
from dashboard.results import MAX_SHOTS, MAX_STEPS
from maml_engine import Learner, Sinusoid


@pytest.fixture(scope="module")
def learners() -> dict[str, Learner]:
    return shipped_learners()


def test_a_fit_agrees_with_adapting_by_hand(learners):
    fit = adaptation.fits(learners["sinusoid_maml"], Sinusoid(), shots=7, inner_lr=0.001, seed=3)[4]
    amplitude, phase = adaptation.drawn_waves(Sinusoid(), 3)[4]
    np.testing.assert_allclose(fit.truth, amplitude * np.sin(fit.x + phase), atol=1e-5)
    np.testing.assert_allclose(fit.support_y, amplitude * np.sin(fit.support_x + phase), atol=1e-5)
    assert fit.path.shape == (MAX_STEPS + 1, len(fit.x)) and len(fit.support_x) == 7
    for steps in (0, 1, 10):
        adapted = learners["sinusoid_maml"].adapt(fit.support_x, fit.support_y, steps)
        np.testing.assert_allclose(fit.path[steps], adapted(fit.x)[:, 0], atol=2e-4)


def test_no_control_compiles_anything(learners, caplog):
    for name in ("sinusoid_maml", "sinusoid_joint", "random"):
        adaptation.fits(learners[name], Sinusoid(), shots=5, inner_lr=0.001, seed=0)
    with jax.log_compiles(), caplog.at_level("WARNING"):
        adaptation.fits(
            learners["sinusoid_maml"], adaptation.beyond(Sinusoid(), "phase"), shots=MAX_SHOTS, inner_lr=0.002, seed=5
        )
    assert not [record for record in caplog.records if "Compiling" in record.getMessage()]


def test_the_seed_says_which_twelve_and_learners_share_them(learners):
    one, same, other = (
        adaptation.fits(learners[name], Sinusoid(), shots=5, inner_lr=0.001, seed=seed)
        for name, seed in (("random", 4), ("sinusoid_maml", 4), ("random", 1))
    )
    assert len(one) == 12
    np.testing.assert_array_equal(one[3].truth, same[3].truth)
    np.testing.assert_array_equal(one[3].support_y, same[3].support_y)
    assert np.abs(one[3].truth - other[3].truth).max() > 0.01


def test_held_out_curves_reach_what_the_paper_says(learners):
    """Finn et al., 2017, table 2, five points, ten steps: MAML 0.35, pretrained 2.19."""
    maml = adaptation.held_out_curve(learners["sinusoid_maml"], Sinusoid(), 5, 0.001)
    joint = adaptation.held_out_curve(learners["sinusoid_joint"], Sinusoid(), 5, 0.01)
    assert 2.7 < maml.mean[0] < 3.6 and 2.7 < joint.mean[0] < 3.6
    assert maml.mean[10] < 0.45 and maml.high[10] < 0.6
    assert 1.6 < joint.mean[10] < 2.8
    assert np.all(maml.low <= maml.mean) and np.all(maml.mean <= maml.high) and len(maml.mean) == 11


def test_tasks_beyond_the_training_range():
    assert adaptation.beyond(Sinusoid(), "amplitude").amplitude == (5.0, 10.0)
    np.testing.assert_allclose(adaptation.beyond(Sinusoid(), "phase").phase, (np.pi, 2 * np.pi))
    assert adaptation.beyond(Sinusoid(), "phase").amplitude == (0.1, 5.0)


def test_the_baselines_take_the_step_size_that_suits_them(learners):
    joint = learners["sinusoid_joint"]
    assert adaptation.best_inner_lr(joint, Sinusoid(), 10) == 0.01
    for what in ("amplitude", "phase"):
        tasks = adaptation.beyond(Sinusoid(), what)
        for shots in (1, 5, 20):
            assert np.isfinite(
                adaptation.held_out_curve(joint, tasks, shots, adaptation.best_inner_lr(joint, tasks, shots)).mean
            ).all()
