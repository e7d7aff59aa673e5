"""The eight steps of the Learn page, in order."""

from pathlib import Path

from dashboard.page_parts.learn.in_the_plane import META_OBJECTIVE, THE_JACOBIAN, THE_VARIANTS, TWO_LOOPS
from dashboard.page_parts.learn.lesson import Equation, Lesson, Outcome, Term
from dashboard.page_parts.learn.on_the_bench import FEW_SHOTS, LIMITS_AND_PITFALLS, ONE_GRADIENT_STEP
from dashboard.page_parts.learn.on_the_network import FIRST_ORDER

__all__ = ["LESSONS", "STYLE", "Equation", "Lesson", "Outcome", "Term"]

STYLE = Path(__file__).with_name("page.css")
LESSONS = (
    FEW_SHOTS,
    ONE_GRADIENT_STEP,
    TWO_LOOPS,
    META_OBJECTIVE,
    THE_JACOBIAN,
    FIRST_ORDER,
    THE_VARIANTS,
    LIMITS_AND_PITFALLS,
)
