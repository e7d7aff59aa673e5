"""What a lesson is: a question that is answered by acting, a real picture to act in, and an equation with its values in it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from dashboard.figures import style

# What a term's colour means, as in the pictures.
BEFORE, AFTER, TRUTH = style.BEFORE, style.AFTER, style.TRUTH
OTHER = style.method_colour("metasgd")


class Term(NamedTuple):
    """A part of an equation.

    name: in plain text, for buttons and for who hears the page.
    latex: as it stands in the equation.
    value: what it is now, in LaTeX.
    words: what it is.
    colour: as "#rrggbb".
    """

    name: str
    latex: str
    value: str
    words: str
    colour: str = OTHER


class Equation(NamedTuple):
    """An equation whose terms carry their values.

    pattern: LaTeX, where `@0`, `@1`, .. stand for the terms; lines may be broken.
    terms: in that order.
    """

    pattern: str
    terms: tuple[Term, ...]

    def latex(self, lit: int | None = None) -> str:
        """The equation with every term's value under it; the one that is lit is framed."""
        content = self.pattern
        for index, term in enumerate(self.terms):
            body = rf"\boxed{{{term.latex}}}" if index == lit else term.latex
            content = content.replace(
                f"@{index}",
                rf"\underbrace{{\textcolor{{{term.colour}}}{{{body}}}}}_{{\textcolor{{{term.colour}}}{{{term.value}}}}}",
            )
        return rf"\begin{{gathered}}{content}\end{{gathered}}"


class Outcome(NamedTuple):
    """What stands in a lesson's picture now.

    solved: whether the question is answered.
    message: one sentence about it, with the numbers.
    equation: with its values.
    """

    solved: bool
    message: str
    equation: Equation


@dataclass(frozen=True)
class Lesson:
    """One step of the Learn page.

    title: in a few words.
    question: what to do in the picture, Markdown.
    explained: read after trying, Markdown.
    show: draws the picture and says what stands there.
    do_it: a callback that sets the picture's own controls to an answer.
    code: what is shown beside it, functions or classes.
    own: what it adds to the link, key -> default.
    mistaken: what others often say, and what was measured; "" where they do not.
    """

    title: str
    question: str
    explained: str
    show: Callable[[], Outcome]
    do_it: Callable[[], None]
    code: tuple[Callable[..., Any] | type, ...]
    own: Mapping[str, Any] = field(default_factory=dict)
    mistaken: str = ""


def number(value: float) -> str:
    """A number for an equation."""
    if value != value or abs(value) >= 1e6:
        return r"\infty"
    if value == 0:
        return "0"
    if abs(value) < 1e-3:
        mantissa, exponent = f"{value:.1e}".split("e")
        return rf"{mantissa}\cdot 10^{{{int(exponent)}}}"
    return f"{value:.3g}"


def vector(values: Any) -> str:
    """A few numbers in brackets."""
    return "(" + r",\,".join(number(float(value)) for value in values) + ")"


def matrix(rows: Any) -> str:
    """A small matrix."""
    content = r"\\".join("&".join(number(float(value)) for value in row) for row in rows)
    return rf"\begin{{bmatrix}}{content}\end{{bmatrix}}"
