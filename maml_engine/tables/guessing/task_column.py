"""Which column names the tasks: what repeats as a group does, stands together in the file, and is called like one."""

from collections.abc import Mapping, Sequence

import numpy as np

from maml_engine.tables.guessing import words
from maml_engine.tables.guessing.evidence import Candidate, collect
from maml_engine.tables.guessing.profiles import Profile, is_same_within, rises_within, runs

MIN_TASKS, MIN_ROWS = 3, 2
FEW_TASKS, MANY_TASKS = 6, 30
MAX_CANDIDATES, MAX_COMPANIONS = 12, 60


def task_candidates(columns: Mapping[str, Profile]) -> list[Candidate]:
    """Columns that may name the tasks, the likeliest first.

    Args:
      columns: all that neither name nor number the rows.
    """
    likely = sorted((_alone(column) for column in columns.values() if _can_name_tasks(column)), key=_by_score)
    likely = likely[:MAX_CANDIDATES]
    among = [columns[one.name] for one in likely]
    others = [column for column in columns.values() if not column.is_constant][:MAX_COMPANIONS]
    return sorted((_beside(one, columns[one.name], among, others) for one in likely), key=_by_score)


def same_groups(first: Profile, second: Profile) -> bool:
    """Whether two columns name the same groups."""
    return is_same_within(first, second) and is_same_within(second, first)


def _by_score(one: Candidate) -> float:
    return -one.score


def _can_name_tasks(column: Profile) -> bool:
    if column.kind == "empty" or column.levels < MIN_TASKS:
        return False
    large = column.counts[column.counts > MIN_ROWS]  # what is left where most values come once or twice
    return bool(np.median(column.counts) >= MIN_ROWS) or (len(large) >= MIN_TASKS and large.sum() > column.counts.sum() / 2)


def _alone(column: Profile) -> Candidate:
    """What a column says by itself."""
    name, levels = column.name, column.levels
    is_task = words.says(name, words.TASK)
    is_group = is_task or words.says_code(name) or words.says(name, words.MAYBE_TASK)
    typical = float(np.median(column.counts))
    return collect(
        name,
        (is_task, 3.0, "its name is one of a unit that is measured several times"),
        (words.says_code(name), 2.0 - is_task, "its name says that it is a code"),
        (words.says(name, words.MAYBE_TASK) and not is_task, 1.5, "its name may be one of a unit"),
        (words.says(name, words.TIME) and not is_task, -3.0, "its name is one of a time"),
        (words.says(name, words.DESIGN) and not is_group, -1.5, "its name is one of a condition"),
        (words.says(name, words.TARGET | words.MEASURED | words.COVARIATE) and not is_group, -1.5, "its name is of a measure"),
        (column.kind == "text", 1.0, "it holds names"),
        (column.kind == "date", -3.0, "it holds dates"),
        (column.kind == "number" and not column.is_whole, -4.0, "it holds decimals"),
        (levels / max(levels, runs(column)), 2.0, "its rows stand together in the file"),
        (min(levels, MANY_TASKS) / MANY_TASKS, 2.0, f"it has {levels} values"),
        (levels < FEW_TASKS, -1.5, "it has few values"),
        (typical < 3, -1.0, "its values come in few rows"),
        (typical > 200, -1.0, "its values come in very many rows"),
    )


def _beside(one: Candidate, column: Profile, among: Sequence[Profile], others: Sequence[Profile]) -> Candidate:
    """And what the other columns say of it."""
    alike = [other for other in others if other is not column and is_same_within(other, column)]
    finer = [other for other in alike if not is_same_within(column, other)]
    ordered = [other for other in among if other is not column and _orders(column, other)]
    return collect(
        one.name,
        *((1.0, piece.points, piece.sentence) for piece in one.evidence),
        (min(3, len(finer)), 0.7, "other columns are the same in all its rows"),
        (bool(ordered), -2.0, "it goes up from row to row of another group"),
    )


def _orders(column: Profile, group: Profile) -> bool:
    """Whether a column goes up within the groups of another, which stand together in the file."""
    return runs(group) <= 1.1 * group.levels and rises_within(column, group) > 0.9
