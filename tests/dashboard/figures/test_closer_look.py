"""One picture of its own for each method: numbers in, numbers out."""

import numpy as np

from dashboard.figures import closer_look as looks
from dashboard.figures.style import TRUTH, method_colour
from maml_engine.analysis.method_diagnostics import (
    ContextMap,
    ImplicitError,
    LayerChange,
    PathAgainstChord,
    PlusPlusSchedule,
    StepField,
)


def test_step_sizes_are_on_one_scale_that_is_symmetric_about_zero():
    field = StepField(("fc1", "fc2"), (np.array([[0.1, -0.3]]), np.array([[0.2], [0.0]])))
    one, two = looks.step_field_figure(field).data
    assert (one.zmin, one.zmax, two.zmin, two.zmax) == (-0.3, 0.3, -0.3, 0.3)
    middle = one.colorscale[1]
    assert middle[0] == 0.5
    assert one.colorscale[0][1] != one.colorscale[2][1]


def test_paths_are_drawn_beside_their_chord():
    paths = PathAgainstChord(np.array([[0, 0.7, 1]]), np.array([[0, 0.2, 0]]), np.array([2.0]), np.array([1.1]))
    chord, path = looks.paths_figure(paths).data
    assert (list(chord.x), list(chord.y)) == ([0, 1], [0, 0])
    assert list(path.y) == [0, 0.2, 0]
    assert not looks.paths_figure(None).data


def test_weights_have_a_line_for_each_step_that_counts():
    look = PlusPlusSchedule(np.array([0, 9]), np.array([[0, 0.5, 0.5], [0, 0, 1.0]]), ("fc1.bias",), np.array([[0.1, -0.2]]))
    first, last = looks.weights_figure(look).data
    assert (first.name, list(first.y)) == ("step 1", [0.5, 0])
    assert list(last.y) == [0.5, 1]
    (sizes,) = looks.step_sizes_figure(look).data
    assert (sizes.zmin, sizes.zmax, list(sizes.x)) == (-0.2, 0.2, [1, 2])
    assert not looks.step_sizes_figure(PlusPlusSchedule(look.iterations, look.weights, (), np.zeros((0, 2)))).data


def test_changes_are_means_with_the_middle_half():
    change = LayerChange(("fc1", "fc2"), np.array([[0.0, 1.0], [0.0, 3.0]]))
    (bars,) = looks.change_figure({"anil": change}).data
    assert list(bars.y) == [0, 2]
    np.testing.assert_allclose(bars.error_y.array, [0, 0.5])
    assert not looks.change_figure({}).data


def test_errors_are_drawn_for_both_ways():
    k = np.array([1, 2])
    error = ImplicitError(k, np.array([0.1, 0.01]), np.array([0.5, 0.0]), k, np.array([0.3, 0.2]), 1e-9)
    implicit, unrolled = looks.implicit_figure(error).data
    assert list(implicit.y) == [0.1, 0.01]
    assert np.isnan(unrolled.y[1])  # no zero on a logarithmic axis
    assert (implicit.line.dash, unrolled.line.dash) == ("solid", "dash")
    assert list(looks.cg_figure(error).data[0].y) == [0.3, 0.2]
    assert not looks.cg_figure(None).data
    assert not looks.implicit_figure(None).data


def test_contexts_are_coloured_by_what_made_the_tasks():
    contexts = ContextMap(np.array([[0.0, 1.0], [2.0, 3.0]]), 0.9)
    (dots,) = looks.contexts_figure(contexts, np.array([0.5, 4.5]), "amplitude").data
    assert list(dots.marker.color) == [0.5, 4.5]
    assert list(dots.x) == [0, 2]
    assert looks.contexts_figure(contexts, None, "amplitude").data[0].marker.color == method_colour("cavia")


def test_angles_that_are_none_are_left_out():
    figure = looks.angles_figure(np.array([10.0, 30.0, np.nan]))
    assert list(figure.data[0].x) == [10, 30]
    assert figure.layout.shapes[0].x0 == 20
    assert figure.layout.shapes[0].line.color == TRUTH
    assert not looks.angles_figure(np.full(2, np.nan)).data


def test_solving_and_stepping_are_drawn_over_the_same_points():
    x, truth = np.linspace(-1, 1, 3), np.array([0.0, 2.0, 0.0])
    curves = {"before": np.zeros(3), "stepped": np.full(3, np.inf), "solved": truth}
    figure = looks.solving_figure(x, truth, np.array([[0.5], [1.0]]), **curves, k=1)
    assert [trace.name for trace in figure.data] == ["truth", "MAML before", "MAML, 1 step", "R2-D2, solved", "support"]
    assert list(figure.data[3].y) == [0, 2, 0] and figure.data[3].line.color == method_colour("r2d2")
    assert (list(figure.data[4].x), list(figure.data[4].y)) == ([0.5], [1.0])
    assert list(figure.layout.yaxis.range) == [-1.2, 3.2]  # by the truth: a curve that blew up hides nothing
