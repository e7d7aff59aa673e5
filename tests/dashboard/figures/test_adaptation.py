import numpy as np
import pytest

from dashboard.figures import style
from dashboard.figures.adaptation import curves_figure, fit_figure, tasks_figure
from dashboard.results import Fit, LossCurve, spell_loss


def made_fit(amplitude: float = 2.0, steps: int = 10) -> Fit:
    """Goes from zero to the truth in equal steps."""
    x = np.linspace(-5, 5, 21)
    truth = amplitude * np.sin(x)
    share = np.linspace(0, 1, steps + 1)[:, None]
    return Fit(x, truth, x[::5], truth[::5], share * truth)


def named(figure, name: str):
    return next(trace for trace in figure.data if trace.name == name)


def test_the_loss_of_a_fit_is_the_mean_squared_error():
    fit = made_fit(steps=2)
    np.testing.assert_allclose(fit.loss, np.mean(fit.truth**2) * np.array([1, 0.25, 0]), rtol=1e-12)


def test_a_fit_that_blew_up_has_an_infinite_loss_and_leaves_the_picture():
    fit = made_fit(steps=3)
    path = fit.path.copy()
    path[2], path[3] = 1e30, np.nan
    fit = Fit(fit.x, fit.truth, fit.support_x, fit.support_y, path)
    assert fit.loss[3] == np.inf and spell_loss(fit.loss[3]) == "diverged"
    figure = fit_figure(fit, 3)
    assert np.isnan(named(figure, "after 3 steps").y).all()
    assert figure.layout.yaxis.range[1] < 3


def test_fit_figure_shows_truth_before_each_step_and_after():
    fit = made_fit()
    figure = fit_figure(fit, 4)
    np.testing.assert_array_equal(named(figure, "truth").y, fit.truth)
    np.testing.assert_array_equal(named(figure, "before").y, fit.path[0])
    np.testing.assert_array_equal(named(figure, "after 4 steps").y, fit.path[4])
    np.testing.assert_array_equal(named(figure, "support points").x, fit.support_x)
    between = [trace for trace in figure.data if trace.name == "each step"]
    assert [trace.y[3] for trace in between] == [fit.path[k][3] for k in (1, 2, 3)]
    assert [trace.showlegend for trace in between] == [True, False, False]
    assert named(figure, "before").line.color == style.BEFORE and named(figure, "after 4 steps").line.color == style.AFTER
    assert figure.layout.xaxis.title.text == "x" and figure.layout.yaxis.title.text.startswith("y")


def test_fit_figure_without_steps_or_without_a_fit():
    assert [trace.name for trace in fit_figure(made_fit(), 0).data] == ["truth", "before", "support points"]
    assert len(fit_figure(None, 5).data) == 0


def test_tasks_figure_places_each_task_in_its_panel():
    fits = [made_fit(amplitude) for amplitude in (1.0, 2.0, 3.0, 4.0)]
    figure = tasks_figure(fits, 5, chosen=3)
    assert len(figure.data) == 4
    dots = figure.data[-1]
    assert sorted(set(dots.customdata)) == [0, 1, 2, 3]
    for panel, (row, column) in enumerate([(0, 0), (0, 1), (0, 2), (1, 0)]):
        mine = np.asarray(dots.customdata) == panel
        assert np.all((np.asarray(dots.x)[mine] > column) & (np.asarray(dots.x)[mine] < column + 1))
        assert np.all((np.asarray(dots.y)[mine] < -row) & (np.asarray(dots.y)[mine] > -row - 1))
    widths = [shape.line.width for shape in figure.layout.shapes]
    assert widths[3] > widths[0] == widths[1] == widths[2]
    assert "4" in figure.layout.annotations[3].text and spell_loss(fits[3].loss[5]) in figure.layout.annotations[3].text
    assert figure.layout.xaxis.title.text and figure.layout.yaxis.title.text


def test_no_tasks_have_empty_axes():
    assert len(tasks_figure([], 5).data) == 0


def test_curves_figure_has_a_line_and_a_band_for_each_learner():
    curve = LossCurve(np.array([4.0, 2.0, 1.0]), np.array([3.0, 1.5, -0.5]), np.array([5.0, 2.5, 2.5]))
    figure = curves_figure({"MAML": curve}, {"MAML": "#3a86ea"}, steps=1)
    band, line = figure.data
    np.testing.assert_array_equal(line.y, curve.mean)
    np.testing.assert_array_equal(line.x, [0, 1, 2])
    # What reaches below 0 ends at a tenth of the mean, for the axis is logarithmic.
    np.testing.assert_array_equal(band.y, [5.0, 2.5, 2.5, 0.1, 1.5, 3.0])
    assert figure.layout.yaxis.type == "log" and "mean squared error" in figure.layout.yaxis.title.text
    assert figure.layout.xaxis.title.text == "inner step"


def test_curves_figure_leaves_out_what_is_not_finite_and_takes_no_curves():
    curve = LossCurve(np.array([4.0, np.inf]), np.array([3.0, np.nan]), np.array([5.0, np.nan]))
    _, line = curves_figure({"MAML": curve}, {"MAML": "#3a86ea"}).data
    assert line.y[0] == 4.0 and np.isnan(line.y[1])
    assert len(curves_figure({}, {}).data) == 0


@pytest.mark.parametrize(
    ("loss", "spelled"), [(0.0123, "0.012"), (0.35, "0.35"), (4.252, "4.25"), (1234.5, "1,234"), (np.nan, "diverged")]
)
def test_spell_loss(loss, spelled):
    assert spell_loss(loss) == spelled
