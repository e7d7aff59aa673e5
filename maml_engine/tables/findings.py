"""What a table's owner should know before anything is trained on it, in plain words, and what can be fixed at once."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from maml_engine.checks import listed, shown
from maml_engine.io.sheet import Sheet, spell_rows
from maml_engine.tables.encoding import bad_cells, usable
from maml_engine.tables.guessing.guess import other_targets
from maml_engine.tables.leaks import leaks_of
from maml_engine.tables.taskset import MAX_ROWS_A_TASK, MAX_TASKS, MIN_TASKS, task_ids
from maml_engine.tasks.roles import MAX_LEVELS, Roles, can_be_classes

SEVERITIES = ("error", "warning", "note")
SKEWED = 2.0  # a lognormal's skewness with a standard deviation of about 0.55


@dataclass(frozen=True)
class Fix:
    """A change that is offered.

    label: for a button, such as "Take the logarithm of 'price'".
    roles: the roles afterwards, or None where they stay.
    drop: rows to leave out, by their numbers in the file.
    """

    label: str
    roles: Roles | None = None
    drop: tuple[int, ...] = ()

    def apply(self, sheet: Sheet, roles: Roles) -> tuple[Sheet, Roles]:
        """The sheet and roles after the change; neither argument is touched."""
        return (sheet.drop(self.drop) if self.drop else sheet), (self.roles or roles)


@dataclass(frozen=True)
class Finding:
    """One thing found.

    severity: "error" (nothing can be trained until it is fixed), "warning" or "note".
    code: a fixed word for programs, such as "leak".
    sentence: for people.
    column: the column that it is about, or "".
    fix: what would change it, or None.
    others: other changes that are as good, where it has to be asked.
    """

    severity: str
    code: str
    sentence: str
    column: str = ""
    fix: Fix | None = None
    others: tuple[Fix, ...] = ()

    @property
    def fixes(self) -> tuple[Fix, ...]:
        """All that is offered."""
        return (*filter(None, [self.fix]), *self.others)


def validate(sheet: Sheet, roles: Roles, k_shot: int = 5) -> tuple[Finding, ...]:
    """Everything worth saying, errors first; raises for nothing that a table may hold."""
    try:
        roles.check(sheet)
    except ValueError as error:
        return (Finding("error", "columns", str(error)),)
    findings = [Finding("note", "read", note) for note in sheet.notes]
    cells = [*_bad_cells(sheet, roles), *_wrong_kinds(sheet, roles)]
    findings += cells
    if not any(finding.severity == "error" for finding in cells):
        findings += [finding for check in CHECKS for finding in check(sheet, roles, k_shot)]
    return tuple(sorted(findings, key=lambda finding: SEVERITIES.index(finding.severity)))


def first_error(findings: Sequence[Finding]) -> Finding | None:
    """What stands in the way, if anything."""
    return next((finding for finding in findings if finding.severity == "error"), None)


# Cells and kinds: what comes before all else.


def _bad_cells(sheet: Sheet, roles: Roles) -> Iterator[Finding]:
    names = [*roles.inputs, *([] if roles.classes else [roles.target]), *filter(None, [roles.time])]
    for name in dict.fromkeys(names):
        kind = sheet.kind(name)
        if name == roles.target and kind != "number":
            continue
        wrong = bad_cells(sheet, name, kind)
        if wrong.any():
            places = sheet.places[wrong].tolist()
            wanted = {"number": "finite numbers", "date": "dates"}[kind]
            sentence = f"Column {shown(name)} holds {wanted}, but {shown(sheet.text(name)[wrong][0])} in {spell_rows(places)}."
            yield Finding("error", "cells", sentence, name, Fix(f"Leave out {_count(len(places), 'row')}", drop=tuple(places)))


def _wrong_kinds(sheet: Sheet, roles: Roles) -> Iterator[Finding]:
    kind = sheet.kind(roles.target)
    if not roles.classes and kind != "number":
        offered = can_be_classes(sheet, roles.target)
        fix = Fix(f"Predict {shown(roles.target)} as classes", _as_classes(roles)) if offered else None
        what = "is empty" if kind == "empty" else f"holds {kind}"
        yield Finding(
            "error", "target", f"The target must be a number, but column {shown(roles.target)} {what}.", roles.target, fix
        )
    for name in roles.inputs:
        if sheet.kind(name) == "empty":
            yield Finding("error", "empty", f"Column {shown(name)} is empty.", name, _without(roles, name))
    for name in roles.log:
        if sheet.kind(name) != "number":
            sentence = f"The logarithm of column {shown(name)} cannot be taken: it holds {sheet.kind(name)}."
            yield Finding("error", "log", sentence, name, _without_log(roles, name))
        elif (wrong := sheet.numbers(name) <= 0).any():
            got = f"{shown(sheet.text(name)[wrong][0])} in {spell_rows(sheet.places[wrong].tolist())}"
            sentence = f"The logarithm of column {shown(name)} needs numbers above 0, but there is {got}."
            yield Finding("error", "log", sentence, name, _without_log(roles, name))
    if roles.time and sheet.kind(roles.time) not in ("number", "date"):
        sentence = f"The time column {shown(roles.time)} must hold numbers or dates, but it holds {sheet.kind(roles.time)}."
        yield Finding("error", "time", sentence, roles.time, Fix("Draw support rows at random", roles.replace(time="")))
    if roles.classes and len(_levels(sheet, roles.target)) > 50:
        sentence = f"Column {shown(roles.target)} must name at most 50 classes, got {len(_levels(sheet, roles.target))}."
        fix = Fix("Predict it as a number", roles.replace(classes=False)) if kind == "number" else None
        yield Finding("error", "classes", sentence, roles.target, fix)


# What follows sees columns that can be read.


def _missing(sheet: Sheet, roles: Roles, k_shot: int) -> Iterator[Finding]:
    del k_shot
    kept = usable(sheet, roles)
    if kept.all():
        return
    counts = {name: int(sheet.missing(name).sum()) for name in roles.columns}
    where = listed([f"{count} in {shown(name)}" for name, count in counts.items() if count], most=5)
    left_out = sheet.places[~kept].tolist()
    sentence = f"Values are missing ({where}): {spell_rows(left_out)} will be left out."
    yield Finding("warning", "missing", sentence, max(counts, key=counts.__getitem__))


def _tasks(sheet: Sheet, roles: Roles, k_shot: int) -> Iterator[Finding]:
    rows = usable(sheet, roles)
    ids, respelt = task_ids(sheet.take(rows), roles.task)
    names, counts = np.unique(ids, return_counts=True) if len(ids) else (np.zeros(0, object), np.zeros(0, int))
    column, need = shown(roles.task), k_shot + 1
    kept = counts >= need
    if len(names) and counts.max() == 1:
        sentence = (
            f"Each row is a task of its own: column {column} has another value in every row, and a task needs {need} rows."
        )
        yield Finding("error", "one_row_tasks", sentence, roles.task)
        return
    if kept.sum() < MIN_TASKS:
        largest = f", the largest of {counts.max()} rows" if len(counts) else ""
        sentence = (
            f"At least {MIN_TASKS} tasks of {need} rows or more are needed ({k_shot} to adapt on, 1 to judge by), got "
            f"{int(kept.sum())} among {len(names)} in column {column}{largest}."
        )
        yield Finding("error", "few_tasks", sentence, roles.task)
        return
    kept_counts = counts[kept]
    yield Finding(
        "note",
        "tasks",
        f"{int(kept.sum())} tasks of {_span(kept_counts)}, {int(kept_counts.sum()):,} rows in all.",
        roles.task,
    )
    if not kept.all():
        small = [f"{shown(name)} ({count})" for name, count in zip(names[~kept], counts[~kept], strict=True)]
        sentence = (
            f"{_count(len(small), 'task')} of fewer than {need} rows will be left out: {listed(small, most=5)}. Fewer support "
            "rows would keep more."
        )
        yield Finding("warning", "small_tasks", sentence, roles.task)
    if respelt:
        sentence = f"Task ids that spell one number in several ways are taken as one task: {listed(respelt, most=5)}."
        yield Finding("note", "task_ids", sentence, roles.task)
    if kept.sum() > MAX_TASKS or kept_counts.max() > MAX_ROWS_A_TASK:
        sentence = f"At most {MAX_TASKS:,} tasks and {MAX_ROWS_A_TASK} rows of each are used, drawn at random."
        yield Finding("note", "sampled", sentence, roles.task)


def _target(sheet: Sheet, roles: Roles, k_shot: int) -> Iterator[Finding]:
    del k_shot
    levels = _levels(sheet.take(usable(sheet, roles)), roles.target)
    column = shown(roles.target)
    if len(levels) == 1:
        yield Finding("error", "constant_target", f"The target {column} is {shown(levels[0])} in every row.", roles.target)
    elif len(levels) == 2 and not roles.classes:
        sentence = f"The target {column} has two values only, {listed([*map(shown, levels)])}: it looks like two classes."
        fix = Fix(f"Predict {column} as classes", _as_classes(roles))
        yield Finding("warning", "two_values", sentence, roles.target, fix)
    elif roles.classes and sheet.kind(roles.target) == "number" and len(levels) > 10:
        sentence = f"The target {column} is a number of {len(levels)} values, taken as classes."
        yield Finding("warning", "many_classes", sentence, roles.target, Fix("Predict a number", roles.replace(classes=False)))


def _same_target(sheet: Sheet, roles: Roles, k_shot: int) -> Iterator[Finding]:
    """A target that a task's first row tells; offered are columns that do vary within tasks."""
    del k_shot
    kept = sheet.take(usable(sheet, roles))
    ids, _ = task_ids(kept, roles.task)
    if len(kept) == 0 or len(_levels(kept, roles.target)) < 2:
        return
    codes, cells = (np.unique(values.astype(str), return_inverse=True)[1] for values in (ids, kept.text(roles.target)))
    pairs = np.unique(codes * (cells.max() + 1) + cells)
    rows, different = np.bincount(codes), np.bincount(pairs // (cells.max() + 1))
    if rows.max() == 1 or np.any(different > 1):
        return
    column = shown(roles.target)
    sentence = f"The target {column} is the same in all rows of each task: one known row says it all."
    offered = [Fix(f"Predict {shown(one.target)}", one) for one in other_targets(sheet, roles)]
    yield Finding("error", "same_target", sentence, roles.target, offered[0] if offered else None, tuple(offered[1:]))


def _constant(sheet: Sheet, roles: Roles, k_shot: int) -> Iterator[Finding]:
    del k_shot
    kept = sheet.take(usable(sheet, roles))
    for name in roles.inputs:
        if len(_levels(kept, name)) == 1:
            sentence = f"The input {shown(name)} is the same in every row, so it says nothing."
            yield Finding("warning", "constant_input", sentence, name, _without(roles, name))


def _categories(sheet: Sheet, roles: Roles, k_shot: int) -> Iterator[Finding]:
    del k_shot
    kept = sheet.take(usable(sheet, roles))
    for name in roles.inputs:
        kind, levels = sheet.kind(name), _levels(kept, name)
        if kind == "date":
            yield Finding("note", "date", f"The input {shown(name)} holds dates; they are used as days.", name)
        if kind == "text" and len(levels) > MAX_LEVELS:
            sentence = (
                f"The input {shown(name)} is text of {len(levels)} different values: the {MAX_LEVELS} commonest become "
                "categories, the others none."
            )
            yield Finding("warning", "many_categories", sentence, name, _without(roles, name))
        elif kind == "text":
            yield Finding(
                "note", "category", f"The input {shown(name)} is text: its {len(levels)} values are categories.", name
            )


def _skew(sheet: Sheet, roles: Roles, k_shot: int) -> Iterator[Finding]:
    del k_shot
    kept = sheet.take(usable(sheet, roles))
    for name in (*roles.inputs, *([] if roles.classes else [roles.target])):
        if name in roles.log or sheet.kind(name) != "number":
            continue
        values = kept.numbers(name)
        if len(values) < 20 or values.min() <= 0 or values.max() < 10 * np.median(values):
            continue
        before, after = abs(_skewness(values)), abs(_skewness(np.log(values)))
        if before > SKEWED and after < before / 2:
            middle = f"half below {np.median(values):.4g}"
            sentence = f"Column {shown(name)} is skewed (from {values.min():.4g} to {values.max():.4g}, {middle})."
            fix = Fix(f"Take the logarithm of {shown(name)}", roles.replace(log=(*roles.log, name)))
            yield Finding("note", "skew", sentence, name, fix)


def _leaks(sheet: Sheet, roles: Roles, k_shot: int) -> Iterator[Finding]:
    """Inputs that give the target away, alone or together."""
    del k_shot
    kept = sheet.take(usable(sheet, roles))
    target = shown(roles.target)
    for names, how in leaks_of(kept, roles, task_ids(kept, roles.task)[0]):
        if len(names) == 1:
            what = f"The input {shown(names[0])} gives the target {target} away: {how}. Is it known when you predict?"
        else:
            what = f"The inputs {listed([*map(shown, names)])} together give the target {target} away: {how}."
        yield Finding("warning", "leak", what, names[0], _without(roles, *names))


CHECKS: tuple[Callable[[Sheet, Roles, int], Iterator[Finding]], ...] = (
    _tasks,
    _target,
    _same_target,
    _missing,
    _constant,
    _leaks,
    _skew,
    _categories,
)


def _skewness(values: np.ndarray) -> float:
    centred = values - values.mean()
    return float(np.mean(centred**3) / np.maximum(values.std() ** 3, 1e-300))


def _levels(sheet: Sheet, name: str) -> list[str]:
    return list(dict.fromkeys(sheet.text(name)[~sheet.missing(name)]))


def _as_classes(roles: Roles) -> Roles:
    return roles.replace(classes=True, log=tuple(name for name in roles.log if name != roles.target))


def _without(roles: Roles, *names: str) -> Fix | None:
    inputs = tuple(other for other in roles.inputs if other not in names)
    log = tuple(other for other in roles.log if other not in names)
    return Fix(f"Leave out {listed([*map(shown, names)], most=3)}", roles.replace(inputs=inputs, log=log)) if inputs else None


def _without_log(roles: Roles, name: str) -> Fix:
    return Fix(f"Use {shown(name)} as it is", roles.replace(log=tuple(other for other in roles.log if other != name)))


def _span(counts: np.ndarray) -> str:
    low, high = counts.min(), counts.max()
    return f"{low} rows each" if low == high else f"{low} to {high} rows each (median {np.median(counts):g})"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
