"""What a table's owner should know before anything is trained on it, in plain words, and what can be fixed at once."""

from collections.abc import Callable, Iterator, Sequence

import numpy as np

from maml_engine.checks import counted, listed, shown
from maml_engine.io.readings.dates import CLOCK
from maml_engine.io.sheet import Sheet, spell_rows
from maml_engine.tables.cell_findings import CELL_CHECKS
from maml_engine.tables.encoding import complete, usable
from maml_engine.tables.finding import SEVERITIES, Finding, Fix, as_classes, as_given, without
from maml_engine.tables.guessing.guess import other_targets
from maml_engine.tables.leaks import leaks_of
from maml_engine.tables.level_effects import SEVERAL
from maml_engine.tables.shapes import LOG, SKEWED, skewness, target_shape_of
from maml_engine.tables.taskset import MAX_ROWS_A_TASK, MAX_TASKS, MIN_TASKS, task_ids
from maml_engine.tasks.roles import MAX_LEVELS, Roles


def validate(sheet: Sheet, roles: Roles, k_shot: int = 5) -> tuple[Finding, ...]:
    """Everything worth saying, errors first; raises for nothing that a table may hold."""
    try:
        roles.check(sheet)
    except ValueError as error:
        return (Finding("error", "columns", str(error)),)
    findings = [Finding("note", "read", note) for note in sheet.notes]
    cells = [finding for check in CELL_CHECKS for finding in check(sheet, roles)]
    findings += cells
    if not any(finding.severity == "error" for finding in cells):
        findings += [finding for check in CHECKS for finding in check(sheet, roles, k_shot)]
    return tuple(sorted(findings, key=lambda finding: SEVERITIES.index(finding.severity)))


def first_error(findings: Sequence[Finding]) -> Finding | None:
    """What stands in the way, if anything."""
    return next((finding for finding in findings if finding.severity == "error"), None)


# What follows sees columns that can be read.


def _missing(sheet: Sheet, roles: Roles, k_shot: int) -> Iterator[Finding]:
    del k_shot
    kept, whole = usable(sheet, roles), complete(sheet, roles)
    for left_out, is_there in ((True, kept), (False, whole | ~kept)):
        counts = {name: int((sheet.missing(name) & ~is_there).sum()) for name in roles.columns}
        names = [name for name in counts if counts[name] and _is_needed(roles, name) == left_out]
        if is_there.all() or not names:
            continue
        where = listed([f"{counts[name]:,} in {shown(name)}" for name in names], most=5)
        fate = "will be left out" if left_out else "will be filled from the other rows of their tasks"
        sentence = f"Values are missing ({where}): {spell_rows(sheet.places[~is_there].tolist())} {fate}."
        code, severity = ("missing", "warning") if left_out else ("filled", "note")
        yield Finding(severity, code, sentence, max(names, key=counts.__getitem__))


def _is_needed(roles: Roles, name: str) -> bool:
    return name not in roles.inputs or name == roles.time


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
        largest = f", the largest of {counted(int(counts.max()), 'row')}" if len(counts) else ""
        sentence = (
            f"At least {MIN_TASKS} tasks of {need} rows or more are needed ({k_shot} to adapt on, 1 to judge by), got "
            f"{int(kept.sum())} among {len(names):,} in column {column}{largest}."
        )
        yield Finding("error", "few_tasks", sentence, roles.task, _fewer_known(counts, k_shot))
        return
    kept_counts = counts[kept]
    yield Finding(
        "note",
        "tasks",
        f"{counted(int(kept.sum()), 'task')} of {_span(kept_counts)}, {counted(int(kept_counts.sum()), 'row')} in all.",
        roles.task,
    )
    if not kept.all():
        small = [f"{shown(name)} ({count})" for name, count in zip(names[~kept], counts[~kept], strict=True)]
        sentence = (
            f"{counted(len(small), 'task')} of fewer than {need} rows will be left out: {listed(small, most=5)}. Fewer known "
            "rows would keep more."
        )
        yield Finding("warning", "small_tasks", sentence, roles.task)
    if respelt:
        sentence = f"Task ids that spell one number in several ways are taken as one task: {listed(respelt, most=5)}."
        yield Finding("note", "task_ids", sentence, roles.task)
    if kept.sum() > MAX_TASKS or kept_counts.max() > MAX_ROWS_A_TASK:
        sentence = f"At most {MAX_TASKS:,} tasks and {MAX_ROWS_A_TASK} rows of each are used, drawn at random."
        yield Finding("note", "sampled", sentence, roles.task)


def _fewer_known(counts: np.ndarray, k_shot: int) -> Fix | None:
    """The most known rows that leave tasks enough, and half of those that could be judged at all; None for none.

    Args:
      counts: `[tasks]`, rows of each.
      k_shot: known rows that leave too few.
    """
    needed = max(MIN_TASKS, int(np.sum(counts > 1)) / 2)
    enough = [k for k in range(1, k_shot) if np.sum(counts > k) >= needed]
    if not enough:
        return None
    known = enough[-1]
    return Fix(f"Know {counted(known, 'row')} of a new task: {counted(int(np.sum(counts > known)), 'task')}", k_shot=known)


def _target(sheet: Sheet, roles: Roles, k_shot: int) -> Iterator[Finding]:
    del k_shot
    levels = _levels(sheet.take(usable(sheet, roles)), roles.target)
    column = shown(roles.target)
    if len(levels) == 1:
        yield Finding("error", "constant_target", f"The target {column} is {shown(levels[0])} in every row.", roles.target)
    elif len(levels) == 2 and not roles.classes:
        sentence = f"The target {column} has two values only, {listed([*map(shown, levels)])}: it looks like two classes."
        fix = Fix(f"Predict {column} as classes", as_classes(roles))
        yield Finding("warning", "two_values", sentence, roles.target, fix)
    elif roles.classes and sheet.kind(roles.target) == "number" and len(levels) > 10:
        sentence = f"The target {column} is a number of {len(levels):,} values, taken as classes."
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
            yield Finding("warning", "constant_input", sentence, name, without(roles, name))
        elif _is_between(kept, name, roles.task):
            sentence = f"The input {shown(name)} is the same in all rows of each task: it tells tasks apart."
            yield Finding("note", "between_input", sentence, name)


def _is_between(sheet: Sheet, name: str, task: str) -> bool:
    """Whether no task has two values of a column, and some task has more rows than one."""
    tasks, values = (np.unique(sheet.text(column)[~sheet.missing(name)], return_inverse=True)[1] for column in (task, name))
    pairs = len(np.unique(np.stack([tasks, values]), axis=1).T)
    return pairs == len(np.unique(tasks)) < len(tasks)


def _categories(sheet: Sheet, roles: Roles, k_shot: int) -> Iterator[Finding]:
    del k_shot
    rows_kept = sheet.take(usable(sheet, roles))
    for name in roles.inputs:
        kind, levels = sheet.kind(name), _levels(rows_kept, name)
        if kind == "date":
            is_clock = sheet.reading(name).form == CLOCK
            what = "times of day; they are used as shares of a day" if is_clock else "dates; they are used as days"
            yield Finding("note", "date", f"The input {shown(name)} holds {what}.", name)
        if kind == "text" and len(levels) > MAX_LEVELS:
            rows = int((~rows_kept.missing(name)).sum())
            alone = rows < SEVERAL * len(levels)
            sentence = (
                f"The input {shown(name)} is text of {len(levels):,} different values in {rows:,} rows: each counts by what "
                "the target is like with it, "
                + ("and most come too rarely to tell." if alone else "a rare one little, a new one as the mean of all.")
            )
            fix = without(roles, name) if alone else None
            yield Finding("warning" if alone else "note", "many_categories", sentence, name, fix)
        elif kind == "text":
            yield Finding(
                "note", "category", f"The input {shown(name)} is text: its {len(levels)} values are categories.", name
            )


def _skew(sheet: Sheet, roles: Roles, k_shot: int) -> Iterator[Finding]:
    del k_shot
    rows = sheet.take(usable(sheet, roles))
    if not roles.classes and roles.target not in (*roles.log, *sheet.sure):
        values = rows.numbers(roles.target)[~rows.missing(roles.target)]
        if len(values) and (shape := target_shape_of(values)):
            what = "its logarithm is" if shape["shape"] == LOG else "with its tails drawn in it is"
            sentence = (
                f"The target {shown(roles.target)} is skewed ({_range(values)}): {what} predicted where a simple fit then errs "
                "less; errors stay in its own units."
            )
            fix = Fix(f"Predict {shown(roles.target)} as it is", sure=(roles.target,))
            yield Finding("note", "skewed_target", sentence, roles.target, fix)
    for name in roles.inputs:
        if name in roles.log or sheet.kind(name) != "number":
            continue
        values = rows.numbers(name)[~rows.missing(name)]
        if len(values) < 20 or values.min() <= 0 or values.max() < 10 * np.median(values):
            continue
        before, after = abs(skewness(values)), abs(skewness(np.log(values)))
        if before > SKEWED and after < before / 2:
            sentence = f"Column {shown(name)} is skewed ({_range(values)})."
            fix = Fix(f"Take the logarithm of {shown(name)}", roles.replace(log=(*roles.log, name)))
            yield Finding("note", "skew", sentence, name, fix)


def _range(values: np.ndarray) -> str:
    low, middle, high = (f"{float(f'{value:.4g}'):,.12g}" for value in np.quantile(values, [0, 0.5, 1]))
    return f"from {low} to {high}, half below {middle}"


def _leaks(sheet: Sheet, roles: Roles, k_shot: int) -> Iterator[Finding]:
    """Inputs that give the target away, alone or together."""
    del k_shot
    rows = sheet.take(usable(sheet, roles))
    target = shown(roles.target)
    for names, how in leaks_of(rows, roles, task_ids(rows, roles.task)[0]):
        if len(names) == 1:
            what = f"The input {shown(names[0])} gives the target {target} away: {how}. Is it known when you predict?"
        else:
            what = f"The inputs {listed([*map(shown, names)])} together give the target {target} away: {how}."
        keep = () if names[0] in sheet.sure else (as_given(*names),)
        yield Finding("warning", "leak", what, names[0], without(roles, *names), keep)


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


def _levels(sheet: Sheet, name: str) -> list[str]:
    return list(dict.fromkeys(sheet.text(name)[~sheet.missing(name)]))


def _span(counts: np.ndarray) -> str:
    low, high = counts.min(), counts.max()
    return f"{low:,} rows each" if low == high else f"{low:,} to {high:,} rows each (median {np.median(counts):,g})"
