"""The figures of the real network's planes: numbers in, numbers out."""

import numpy as np
import pytest

from dashboard.figures import slices as figures
from dashboard.results import AdaptationSlice, TrainingSlice
from maml_engine.analysis.loss_slices import Slice


@pytest.fixture
def cut():
    x, y = np.linspace(-1, 1, 3), np.linspace(0, 1, 2)
    before = np.stack([np.full((2, 3), 10.0), np.full((2, 3), 1000.0)])
    return Slice(x, y, before, np.array([[[1, 2, 3], [4, 5, np.inf]]] * 2))


@pytest.mark.parametrize(("what", "value"), [("first", 10), ("second", 1000), ("both", 505)])
def test_which_loss_is_drawn(cut, what, value):
    assert (figures.losses(cut, what) == value).all()


def test_contours_carry_the_losses_and_mark_theta_and_both_ends(cut):
    paths = np.array([[[0, 0.5], [0.5, 0.5]], [[0, 0.5], [0, 1.0]]])
    figure = figures.adapting_figure(AdaptationSlice(cut, paths, 0.1, 90.0), "after", surface=False)
    ground, *rest = figure.data
    np.testing.assert_array_equal(ground.customdata, cut.after.mean(0))
    np.testing.assert_allclose(ground.z[0], np.log10([1, 2, 3]))
    assert np.isnan(ground.z[1, 2])
    marks = {trace.name: (trace.x[0], trace.y[0]) for trace in rest if trace.mode == "markers+text"}
    assert marks == {"θ": (0, 0.5), "θ′₁": (0.5, 0.5), "θ′₂": (0, 1)}
    assert figure.layout.yaxis.scaleanchor == "x"
    assert "units" in figure.layout.xaxis.title.text


def test_a_surface_carries_its_marks_on_it(cut):
    path = np.array([[-1, 0], [0, 0.5], [1, 0]])
    training = TrainingSlice(cut, path, np.array([0, 10, 20]), np.array([0.8, 0.1]))
    figure = figures.training_figure(training, "first", surface=True)
    ground, path_drawn, start, end = figure.data
    assert ground.type == "surface"
    np.testing.assert_allclose(path_drawn.z, 1, atol=0.05)  # log10 of 10
    assert (start.x[0], end.x[0]) == (-1, 1)
