"""Signs of life from the stages of a verdict."""

from collections.abc import Generator
from typing import Any, NamedTuple, TypeVar

T = TypeVar("T")


class Step(NamedTuple):
    """What a stage says a few times a second.

    doing: in words.
    share: of its work, in [0, 1].
    iteration: meta-iterations of the networks so far; None from other stages.
    validation: the error on validation tasks, over the target's spread, where they were just looked at.
    scores: of what would be saved now and the ways that have been judged so far; None from other moments.
    """

    doing: str
    share: float
    iteration: int | None = None
    validation: float | None = None
    scores: tuple[Any, ...] | None = None


Stage = Generator[Step, None, T]  # what it returns is handed on to the next


def within(stage: Stage[T], low: float, high: float) -> Stage[T]:
    """The stage as a part of a longer work, of which it is what lies from `low` to `high`."""
    while True:
        try:
            step = next(stage)
        except StopIteration as end:
            return end.value
        yield step._replace(share=low + (high - low) * step.share)
