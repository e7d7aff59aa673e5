"""The lessons as values: what stands in an equation, and that each can be shown, answered and linked to."""

import inspect
import math

import pytest

from dashboard.page_parts.learn.lesson import matrix, number, vector
from dashboard.page_parts.learn.lessons import LESSONS, Equation, Term
from maml_engine import tutorial
from maml_engine.verification.published import Row
from maml_engine.verification.record import recorded


def test_an_equation_carries_its_values_and_lights_one_term():
    equation = Equation(
        r"@0 = 2\,@1", (Term("A", "a", "3", "the left side", "#112233"), Term("B", "b", "1.5", "its half", "#445566"))
    )
    plain = equation.latex()
    assert plain.count(r"\underbrace") == 2
    assert r"\boxed" not in plain
    assert plain.index("3") < plain.index("1.5")
    lit = equation.latex(1)
    assert r"\boxed{b}" in lit
    assert r"\boxed{a}" not in lit


@pytest.mark.parametrize(
    ("value", "spelled"),
    [
        (0.0, "0"),
        (1.2345, "1.23"),
        (1761.0, "1.76e+03"),
        (2e-5, r"2.0\cdot 10^{-5}"),
        (math.inf, r"\infty"),
        (math.nan, r"\infty"),
    ],
)
def test_numbers_in_an_equation(value, spelled):
    assert number(value) == spelled


def test_vectors_and_matrices_in_an_equation():
    assert vector([0.5, -2.0]) == r"(0.5,\,-2)"
    assert matrix([[1.0, 0.25], [0.0, 3.0]]) == r"\begin{bmatrix}1&0.25\\0&3\end{bmatrix}"


def test_what_first_order_costs_is_what_was_measured():
    rows = map(Row.read, recorded("published")["results"])
    after_one = {row.card: row.mean for row in rows if row.step == 1}
    (lesson,) = [lesson for lesson in LESSONS if "first order is enough" in lesson.title]
    measured = after_one["tutorial_first_order"], after_one["tutorial"]
    assert "it costs {:.2f} against {:.2f} after one step".format(*measured) in lesson.mistaken


def test_there_are_eight_and_no_two_share_a_key_of_the_link():
    assert len(LESSONS) == 8
    keys = [name for lesson in LESSONS for name in lesson.own]
    assert len(set(keys)) == len(keys)
    assert all(name.startswith("learn_") for name in keys)  # other pages have keys of their own


def test_the_code_beside_is_the_code_that_runs():
    for lesson in LESSONS:
        for part in lesson.code:
            assert inspect.getsource(part)
            assert inspect.getmodule(part).__name__.startswith("maml_engine.")
    beside = [part for lesson in LESSONS for part in lesson.code if inspect.getmodule(part) is tutorial]
    for name in ("inner_loop", "maml_meta_loss", "maml_train_step", "sample_task_data"):
        assert getattr(tutorial, name) in beside
