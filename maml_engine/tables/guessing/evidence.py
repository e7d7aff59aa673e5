"""Points for and against a column, each with the sentence that explains it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Evidence:
    """One thing that speaks for a column, or against it.

    points: how much it counts; below 0 it speaks against.
    sentence: for people, without the column's name.
    """

    points: float
    sentence: str


@dataclass(frozen=True)
class Candidate:
    """A column, and all that speaks for and against it.

    name: of the column.
    evidence: each thing.
    """

    name: str
    evidence: tuple[Evidence, ...]

    @property
    def score(self) -> float:
        """The sum of the points."""
        return sum(one.points for one in self.evidence)

    @property
    def reasons(self) -> tuple[str, ...]:
        """What speaks for it, the most weighty first."""
        return tuple(one.sentence for one in sorted(self.evidence, key=lambda one: -one.points) if one.points > 0)


def collect(name: str, *found: tuple[bool | float, float, str]) -> Candidate:
    """A candidate from `(how far, points, sentence)`; what does not hold at all is left out."""
    return Candidate(name, tuple(Evidence(float(far) * points, sentence) for far, points, sentence in found if far))
