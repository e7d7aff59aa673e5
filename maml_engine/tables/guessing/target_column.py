"""Which column is predicted: what was measured, rather than what was chosen, counted or known before."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from functools import cache

import numpy as np

from maml_engine.tables.guessing import words
from maml_engine.tables.guessing.dependence import explained, firsts_of, is_mean_of, totals_among
from maml_engine.tables.guessing.evidence import Candidate, collect
from maml_engine.tables.guessing.profiles import Profile, is_design, is_same_within, ranks_within, rises_within, without_levels

MAX_CANDIDATES = 24
HUB = 2.5  # points of a column that the others predict whole


def target_candidates(columns: Sequence[Profile], task: Profile) -> list[Candidate]:
    """Columns of numbers that may be what is predicted, the likeliest first.

    Args:
      columns: all but the task, and what names or numbers the rows.
      task: the column that names the tasks.
    """
    varying = [column for column in columns if not column.is_constant and not is_same_within(column, task, share=0.5)]
    numbers = _few([column for column in varying if column.kind == "number"], task)
    steady = [column for column in columns if column.kind == "number" and is_same_within(column, task)]
    totals, firsts = totals_among(numbers), firsts_of(numbers)
    times = Counter(firsts.values())
    alone = [
        _alone(column, task, steady=steady, is_total=column.name in totals, is_copied=times[firsts[column.name]] > 1)
        for column in numbers
    ]
    measured = [column for column, one in zip(numbers, alone, strict=True) if one.score > -1]

    @cache
    def told(column: Profile, by: Profile) -> float:
        return explained(column, by, task)

    together = [
        _beside(one, column, told, measured=measured, firsts=firsts, numbers=numbers)
        for column, one in zip(numbers, alone, strict=True)
    ]
    return sorted(together, key=lambda one: -one.score)


def _few(numbers: list[Profile], task: Profile) -> list[Profile]:
    """At most `MAX_CANDIDATES`: those whose names speak, those that hang most on the others, and the first."""
    if len(numbers) <= MAX_CANDIDATES:
        return numbers
    within = [without_levels(np.nan_to_num(column.values), np.maximum(task.codes, 0), task.levels) for column in numbers]
    with np.errstate(invalid="ignore"):
        alike = np.nan_to_num(np.corrcoef(within) ** 2).sum(axis=1)
    named = [words.says(column.name, words.TARGET | words.MEASURED) for column in numbers]
    first = np.arange(len(numbers)) < MAX_CANDIDATES // 3
    chosen = np.argsort(-(10.0 * np.array(named) + 5.0 * first + alike / alike.max()), kind="stable")[:MAX_CANDIDATES]
    return [numbers[place] for place in np.sort(chosen)]


def _alone(column: Profile, task: Profile, *, steady: Sequence[Profile], is_total: bool, is_copied: bool) -> Candidate:
    """What a column says by its name and its cells."""
    name, design = column.name, is_design(column, task)
    is_target, is_measure = words.says(name, words.TARGET), words.says(name, words.MEASURED)
    rises = rises_within(column, task) > 0.9
    return collect(
        name,
        (is_target, 4.0, "its name is one of a result"),
        (is_measure and not is_target, 1.5, "its name is one of a measure"),
        (words.says(name, words.TIME), -4.0, "its name is one of a time or an age"),
        (words.says(name, words.DESIGN), -2.5, "its name is one of a condition"),
        (words.says(name, words.COVARIATE), -2.0, "its name is of what is known beforehand"),
        (words.says_code(name), -4.0, "its name says that it is a code"),
        (words.says(name, words.TASK) and not is_measure, -1.5, "its name is one of a unit"),
        (design if design > 0.3 else 0, -4.0, "the same values come in every task, as a design has them"),
        (ranks_within(column, task), -3.0, "it numbers the rows of each task"),
        (rises and not is_measure and not is_target, -2.0, "it goes up from row to row, as time does"),
        (column.levels == 2, -2.0, "it has two values"),
        (2 < column.levels <= 4, -1.5, "it has few values"),
        (not column.is_whole and column.levels > 4, 0.5, "it holds decimals"),
        (any(is_mean_of(other, column, task) for other in steady), -3.0, "another column holds its mean in each task"),
        (is_copied and not (is_target or is_measure), -1.5, "another column is the same but for a constant"),
        (is_total, -1.5, "it is the sum of other columns"),
    )


def _beside(
    one: Candidate,
    column: Profile,
    told: Callable[[Profile, Profile], float],
    *,
    measured: Sequence[Profile],
    firsts: Mapping[str, str],
    numbers: Sequence[Profile],
) -> Candidate:
    """And what the others say of it: where it stands among those that were measured, and who predicts whom.

    Args:
      one: what it says by itself.
      column: of it.
      told: the share of a column that another explains.
      measured: columns that may be a target.
      firsts: of several copies the first, by name; others count as that one.
      numbers: all columns of numbers.
    """
    own = firsts[column.name]
    others = [other for other in numbers if firsts[other.name] == other.name != own] if column in measured else []
    total = min(1.0, sum(told(column, other) for other in others))
    place = [other.place for other in measured].index(column.place) if column in measured else len(measured)
    ahead = 0.0
    if rivals := [other for other in measured if firsts[other.name] != own]:
        ahead = max(told(column, other) for other in rivals) - max(told(other, column) for other in rivals)
    return collect(
        one.name,
        *((1.0, piece.points, piece.sentence) for piece in one.evidence),
        (0.5**place if place < 3 else 0, 2.0, "it stands first among what was measured" if place == 0 else "it stands early"),
        (max(0.0, ahead), 1.5, "other columns predict it better than it predicts them"),
        (total, HUB, "the other columns together predict it"),
        (max(0.0, -ahead), -1.5, "it predicts other columns better than they predict it"),
    )
