"""Which column is what: a first guess with its reasons; every part of it is for the person at the screen to change."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from maml_engine.checks import listed, shown
from maml_engine.io.sheet import Sheet
from maml_engine.tables.guessing import words
from maml_engine.tables.guessing.dependence import explained
from maml_engine.tables.guessing.evidence import Candidate
from maml_engine.tables.guessing.profiles import (
    Profile,
    is_same_within,
    levels_within,
    profiles_of,
    ranks_within,
    some_rows,
)
from maml_engine.tables.guessing.target_column import target_candidates
from maml_engine.tables.guessing.task_column import same_groups, task_candidates
from maml_engine.tables.leaks import leaks_of
from maml_engine.tables.level_effects import SEVERAL
from maml_engine.tasks.roles import MAX_INPUTS, MAX_LEVELS, Roles, can_be_classes

NEAR = 0.75  # points between two answers below which it is better to ask
POOR = -3.0  # a best number with fewer points is no target where a text may be one
MAX_SENTENCES = 2
MAX_OFFERED = 3


@dataclass(frozen=True)
class Question:
    """Two answers that are near.

    part: "task" or "target".
    sentence: for people.
    choices: the roles with each answer, the likelier first.
    """

    part: str
    sentence: str
    choices: tuple[Roles, ...]


@dataclass(frozen=True)
class Guess:
    """Roles, and why.

    roles: the likeliest.
    reasons: one sentence for the task, one for the target, one for each column that was left out.
    question: what had better be asked; None where the answer is clear.
    """

    roles: Roles
    reasons: tuple[str, ...]
    question: Question | None = None


def guess_roles(sheet: Sheet, *, task: str = "", inputs: Sequence[str] = (), target: str = "") -> Roles:
    """The likeliest roles of a table's columns. Time is left open: it changes the question.

    Args:
      sheet: the table.
      task, inputs, target: what is known already; the rest is guessed for it.

    Raises:
      ValueError: no column repeats its values, or none is left for a target or an input.
    """
    return guess(sheet, task=task, inputs=inputs, target=target).roles


def guess(sheet: Sheet, *, task: str = "", inputs: Sequence[str] = (), target: str = "") -> Guess:
    """`guess_roles` with its reasons, and the question that is better asked first.

    Args:
      sheet: the table.
      task, inputs, target: what is known already.

    Raises:
      ValueError: as `guess_roles`.
    """
    sheet.check_columns([*filter(None, (task, target)), *inputs])
    columns = profiles_of(sheet)
    known = {task, target, *inputs} - {""}
    row_names = {name: column.row_name for name, column in columns.items() if name not in known and column.row_name}
    free = {name: column for name, column in columns.items() if name not in row_names}
    if not task:
        found = [one for one in task_candidates(free) if one.name not in {target, *inputs}]
        if not found:
            raise ValueError("No column can name the tasks: the name of a task comes in several rows, and there are several.")
        return _asked(sheet, free, _choices(found, free), target=target, inputs=inputs, row_names=row_names)
    return _with_task(sheet, free, Candidate(task, ()), target=target, inputs=inputs, row_names=row_names)


def other_targets(sheet: Sheet, roles: Roles) -> list[Roles]:
    """Roles with the likeliest other targets of the same tasks, at most `MAX_OFFERED`; those with a poor score are none."""
    columns = profiles_of(sheet)
    task = columns[roles.task]
    others = [column for name, column in columns.items() if name not in (roles.task, roles.target) and not column.row_name]
    found = [one.name for one in target_candidates(others, task) if one.score > POOR]
    offered = []
    for name in found:
        try:
            offered.append(guess(sheet, task=roles.task, target=name).roles)
        except ValueError:  # it is the only column that varies
            continue
    return offered[:MAX_OFFERED]


def _choices(found: Sequence[Candidate], columns: Mapping[str, Profile]) -> list[Candidate]:
    """The likeliest task column, and the next one where it is near and names other groups."""
    best = found[0]
    others = [one for one in found[1:] if not same_groups(columns[one.name], columns[best.name])]
    return [best, *(one for one in others[:1] if best.score - one.score < NEAR)]


def _asked(sheet: Sheet, columns: Mapping[str, Profile], tasks: Sequence[Candidate], **known) -> Guess:
    """The guess for the likeliest task; with the question which, where there are two."""
    first, *others = (_with_task(sheet, columns, task, **known) for task in tasks)
    if not others:
        return first
    names = " or ".join(shown(one.name) for one in tasks)
    sentence = f"Tasks may be named by {names}: which is it?"
    return Guess(first.roles, first.reasons, Question("task", sentence, (first.roles, *(one.roles for one in others))))


def _with_task(
    sheet: Sheet,
    columns: Mapping[str, Profile],
    task: Candidate,
    *,
    target: str,
    inputs: Sequence[str],
    row_names: Mapping[str, str],
) -> Guess:
    others = [column for column in columns.values() if column.name != task.name and column.kind != "empty"]
    reasons = [_because(f"Tasks are named by {shown(task.name)}", task)] if task.evidence else []
    if target:
        targets = [Candidate(target, ())]
    else:
        targets = _targets(sheet, [column for column in others if column.name not in inputs], columns[task.name])
        if not targets:
            raise ValueError(f"No column is left for a target beside the task {shown(task.name)}.")
        reasons.append(_because(f"{shown(targets[0].name)} is predicted", targets[0]))
    made = [_with_target(sheet, others, columns[task.name], one.name, inputs=inputs) for one in targets]
    roles, left_out = made[0]
    if roles.classes:
        values = sorted(set(sheet.text(roles.target)[~sheet.missing(roles.target)]))
        held = listed([*map(shown, values)], most=4)
        reasons.append(f"{shown(roles.target)} holds words ({held}), so they are predicted as classes.")
    reasons += [f"{shown(name)} is left out: {why}." for name, why in {**row_names, **left_out}.items()]
    question = None
    if len(made) > 1:
        names = " or ".join(shown(one.name) for one in targets)
        sentence = f"What is predicted may be {names}: which is it?"
        question = Question("target", sentence, tuple(one for one, _ in made))
    return Guess(roles, tuple(reasons), question)


def _because(what: str, one: Candidate) -> str:
    why = " and ".join(one.reasons[:MAX_SENTENCES])
    return f"{what}: {why}." if why else f"{what}."


def _targets(sheet: Sheet, columns: Sequence[Profile], task: Profile) -> list[Candidate]:
    """The likeliest target, and the next one where it is near."""
    found = target_candidates(columns, task)
    texts = [column.name for column in columns if column.kind == "text" and can_be_classes(sheet, column.name)]
    classes = [name for name in texts if not is_same_within(next(c for c in columns if c.name == name), task, share=0.5)]
    named = [name for name in classes if words.says(name, words.TARGET)]
    if not found or (found[0].score < POOR and named):
        if named or classes or found:
            return [Candidate((named or classes or [found[0].name])[0], ())]
        varying = [column.name for column in columns if not column.is_constant]
        return [Candidate(name, ()) for name in varying[-1:]]
    return [found[0], *(one for one in found[1:2] if found[0].score - one.score < NEAR)]


def _with_target(
    sheet: Sheet, columns: Sequence[Profile], task: Profile, target: str, *, inputs: Sequence[str]
) -> tuple[Roles, dict[str, str]]:
    """Roles for a task and a target, and why columns were left out of the inputs."""
    classes = can_be_classes(sheet, target) and sheet.kind(target) == "text"
    if inputs:
        return Roles(task.name, tuple(inputs), target, classes=classes), {}
    of_target = next(column for column in columns if column.name == target)
    candidates = [column for column in columns if column is not of_target]
    left_out = {column.name: why for column in candidates if (why := _why_no_input(column, task, candidates))}
    usable = [column for column in candidates if column.name not in left_out]
    within = [column for column in usable if not is_same_within(column, task, share=0.5)] or [
        column for column in usable if not column.is_constant and not same_groups(column, task)
    ]
    if within:
        roles = Roles(task.name, tuple(column.name for column in within), target, classes=classes)
        for name, how in _leaking(sheet, roles):
            left_out[name] = f"{how}, which gives {shown(target)} away"
        kept = [column for column in within if column.name not in left_out]
        if not kept:  # of parts that make it up together, one alone gives nothing away
            kept = within[:1]
            left_out.pop(kept[0].name)
        within = kept
    if not within:
        raise ValueError(f"No column is left for an input beside the task {shown(task.name)} and the target {shown(target)}.")
    chosen = _most_useful(within, of_target, task)
    if len(chosen) < len(within):
        left_out[f"{len(within) - len(chosen)} more columns"] = f"the {MAX_INPUTS} are used that go most with {shown(target)}"
    return Roles(task.name, tuple(column.name for column in chosen), target, classes=classes), left_out


def _why_no_input(column: Profile, task: Profile, others: Sequence[Profile]) -> str:
    """Why a column is no input whatever the target, in words; "" where it may be one."""
    if column.is_constant:
        return ""  # nobody would ask
    if same_groups(column, task):
        return f"it tells the same groups apart as {shown(task.name)}"
    if column.kind == "text" and column.levels > MAX_LEVELS and column.counts.sum() < SEVERAL * column.levels:
        return f"it has {column.levels} different texts in {column.counts.sum()} rows"
    counts = np.bincount(task.codes[(task.codes >= 0) & (column.codes >= 0)], minlength=task.levels)
    names_rows = np.mean(levels_within(column, task) == counts) > 0.9
    is_unit = words.says(column.name, words.TASK) and not words.says(column.name, words.MEASURED)
    is_named = is_unit or words.says_code(column.name)
    if names_rows and is_named and (column.is_whole or column.kind == "text") and column.levels > 2 * MAX_LEVELS:
        return "it is a code of the row"
    if ranks_within(column, task):
        order = [other for other in others if other is not column and _has_order_of(column, other, task)]
        if order:
            return f"it numbers the rows of each task as {shown(order[0].name)} orders them"
    return ""


def _has_order_of(rank: Profile, other: Profile, task: Profile) -> bool:
    """Whether a time rises in each task exactly as a row number does."""
    if not words.says(other.name, words.TIME) or other.kind not in ("number", "date") or ranks_within(other, task):
        return False
    order = np.lexsort((rank.values, task.codes))
    together = np.diff(task.codes[order]) == 0
    return bool(np.all(np.diff(other.values[order])[together] > 0))


def _leaking(sheet: Sheet, roles: Roles) -> list[tuple[str, str]]:
    """Inputs that give the target away, each with how; looked for on rows where it and the target are written."""
    head = sheet.take(some_rows(len(sheet)))
    found: dict[str, str] = {}
    for names in [*((name,) for name in roles.inputs), roles.inputs]:
        inputs = tuple(name for name in names if name not in found)
        if not inputs or 1 == len(inputs) < len(names):
            continue
        some = roles.replace(inputs=inputs)
        whole = head.take(_is_whole(head, some))
        if len(whole):
            found |= {name: leak.how for leak in leaks_of(whole, some, whole.text(roles.task)) for name in leak.names}
    return list(found.items())


def _is_whole(sheet: Sheet, roles: Roles) -> np.ndarray:
    """`[rows]`, where what is needed is written and finite."""
    numbers = [name for name in (*roles.inputs, roles.target) if sheet.kind(name) in ("number", "date")]
    written = ~np.any([sheet.missing(name) for name in roles.columns], axis=0)
    finite = [np.isfinite(sheet.values(name)) for name in numbers]
    return written & np.all([written, *finite], axis=0)


def _most_useful(columns: Sequence[Profile], target: Profile, task: Profile) -> list[Profile]:
    """At most `MAX_INPUTS` columns, in the order of the file: those that go most with the target."""
    if len(columns) <= MAX_INPUTS:
        return list(columns)
    if target.kind == "text":
        return list(columns[:MAX_INPUTS])
    share = [explained(target, column, task) for column in columns]
    best = np.sort(np.argsort(-np.array(share), kind="stable")[:MAX_INPUTS])
    return [columns[place] for place in best]
