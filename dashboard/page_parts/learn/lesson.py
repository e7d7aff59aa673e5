"""What a lesson is: a question that is answered by acting, a real picture to act in, and an equation with its values in it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import zip_longest
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


class Asked(NamedTuple):
    """One thing that a question asks for.

    is_met: whether it stands in the picture.
    refusal: one sentence for where it does not: what stands there instead, and what is asked.
    """

    is_met: bool
    refusal: str


class Outcome(NamedTuple):
    """What stands in a lesson's picture now.

    message: one sentence about it, with the numbers.
    asked: what the question asks for.
    equation: with its values.
    """

    message: str
    asked: tuple[Asked, ...]
    equation: Equation

    @property
    def is_solved(self) -> bool:
        """Whether the question is answered."""
        return all(each.is_met for each in self.asked)

    @property
    def refusal(self) -> str:
        """Why it is not; "" where it is."""
        return next((each.refusal for each in self.asked if not each.is_met), "")


@dataclass(frozen=True)
class Lesson:
    """One step of the Learn page.

    title: in a few words.
    question: what to do in the picture, Markdown.
    explained: read after trying, Markdown.
    show: draws the picture with the controls that the step uses, and says what stands there.
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


def unchanged(now: Any, base: Any, words: Mapping[str, str]) -> tuple[Asked, ...]:
    """What the question leaves as it was.

    Args:
      now: the scene that stands there.
      base: the one that the lesson begins with.
      words: field -> what it is called; of several things in the plural.
    """
    return tuple(_unchanged(getattr(now, name), getattr(base, name), word) for name, word in words.items())


def _unchanged(now: Any, base: Any, word: str) -> Asked:
    if isinstance(base, tuple) and isinstance(base[0], tuple):
        moved = sum(one != other for one, other in zip_longest(now, base))
        was = "was" if moved == 1 else "were"
        return Asked(not moved, f"{moved} of the {len(base)} {word} {was} moved, and none was to be: press “Reset this step”.")
    spelled = [f"({one[0]:.3g}, {one[1]:.3g})" if isinstance(one, tuple) else f"{one:.3g}" for one in (now, base)]
    return Asked(now == base, f"{word} is {spelled[0]}, and was to stay {spelled[1]}: press “Reset this step”.")


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
