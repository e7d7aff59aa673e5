"""What is odd about cells and kinds of columns: what comes before all else."""

import re
from collections.abc import Callable, Iterator

import numpy as np

from maml_engine.checks import counted, listed, shown
from maml_engine.io.read_csv import spell_rows
from maml_engine.io.readings.column import read_as
from maml_engine.io.readings.dates import DAY_FIRST, MONTH_FIRST
from maml_engine.io.readings.numbers import POINT
from maml_engine.io.sheet import Sheet
from maml_engine.tables.encoding import bad_cells
from maml_engine.tables.finding import Finding, Fix, as_classes, without, without_log
from maml_engine.tasks.roles import MAX_CLASSES, Roles, can_be_classes

FEWEST_LEVELS = 10  # of a measure: among fewer, an odd one may be a level
MAX_WORDS = 3  # different ones that stand where numbers should, which are offered as words for missing ones
LOOKS = 0.3  # of a column's cells that are numbers, where it is worth saying that it is read as words
_CODE = re.compile(r"[-+]?9{2,}(?:\.9+)?|-[1-9]0{2,}|-?9+[.,]?9*")  # numbers that people write for none


def _bad_cells(sheet: Sheet, roles: Roles) -> Iterator[Finding]:
    names = [*roles.inputs, *([] if roles.classes else [roles.target]), *filter(None, [roles.time])]
    has_task = ~sheet.missing(roles.task)
    for name in dict.fromkeys(names):
        kind = sheet.kind(name)
        if name == roles.target and kind != "number":
            continue
        wrong = bad_cells(sheet, name, kind) & has_task  # others are no rows: sums below a table, notes
        if wrong.any():
            places = sheet.places[wrong].tolist()
            wanted = {"number": "finite numbers", "date": "dates"}[kind]
            sentence = f"Column {shown(name)} holds {wanted}, but {shown(sheet.text(name)[wrong][0])} in {spell_rows(places)}."
            words = sorted(set(sheet.text(name)[wrong]))
            others = ()
            if len(words) <= MAX_WORDS:
                others = (Fix(f"Take {listed([*map(shown, words)])} as missing", missing=tuple((name, one) for one in words)),)
            leave_out = Fix(f"Leave out {counted(len(places), 'row')}", drop=tuple(places))
            yield Finding("error", "cells", sentence, name, leave_out, others)


def _wrong_kinds(sheet: Sheet, roles: Roles) -> Iterator[Finding]:
    kind = sheet.kind(roles.target)
    if not roles.classes and kind != "number":
        yield _no_number(sheet, roles)
    for name in roles.inputs:
        if sheet.kind(name) == "empty":
            yield Finding("error", "empty", f"Column {shown(name)} is empty.", name, without(roles, name))
    for name in roles.log:
        if sheet.kind(name) != "number":
            sentence = f"The logarithm of column {shown(name)} cannot be taken: it holds {sheet.kind(name)}."
            yield Finding("error", "log", sentence, name, without_log(roles, name))
        elif (wrong := sheet.numbers(name) <= 0).any():
            got = f"{shown(sheet.text(name)[wrong][0])} in {spell_rows(sheet.places[wrong].tolist())}"
            sentence = f"The logarithm of column {shown(name)} needs numbers above 0, but there is {got}."
            yield Finding("error", "log", sentence, name, without_log(roles, name))
    if roles.time and sheet.kind(roles.time) not in ("number", "date"):
        sentence = f"The time column {shown(roles.time)} must hold numbers or dates, but it holds {sheet.kind(roles.time)}."
        yield Finding("error", "time", sentence, roles.time, Fix("Draw the known rows at random", roles.replace(time="")))
    levels = len(set(sheet.text(roles.target)[~sheet.missing(roles.target)]))
    if roles.classes and levels > 50:
        sentence = f"Column {shown(roles.target)} must name at most 50 classes, got {levels}."
        fix = Fix("Predict it as a number", roles.replace(classes=False)) if kind == "number" else None
        yield Finding("error", "classes", sentence, roles.target, fix)


def _no_number(sheet: Sheet, roles: Roles) -> Finding:
    """A target of words or dates: what it holds, what is allowed, and the way on where there is one."""
    name, kind = roles.target, sheet.kind(roles.target)
    if kind == "empty":
        return Finding("error", "target", f"The target must be a number, but column {shown(name)} is empty.", name)
    values, counts = np.unique(sheet.text(name)[~sheet.missing(name)].astype(str), return_counts=True)
    commonest = [shown(str(value)) for value in values[np.argsort(-counts, kind="stable")]]
    held = f"{len(values)} different {'values' if kind == 'text' else 'dates'}: {listed(commonest, most=4)}"
    offered = can_be_classes(sheet, name)
    allowed = "or be predicted as classes" if offered else f"or words of at most {MAX_CLASSES} values, which may be classes"
    fixes = [Fix(f"Read {shown(name)} as numbers", forms=((name, POINT),))] if _looks_like_numbers(sheet, name) else []
    fixes += [Fix(f"Predict {shown(name)} as classes", as_classes(roles))] if offered else []
    sentence = f"The target must be a number {allowed}; column {shown(name)} holds {held}."
    return Finding("error", "target", sentence, name, *fixes[:1], others=tuple(fixes[1:]))


def _looks_like_numbers(sheet: Sheet, name: str) -> bool:
    """Whether many cells of a column of words are numbers, and some are not."""
    written = ~sheet.missing(name)
    is_number = np.isfinite(sheet.numbers(name)) & written
    return bool(LOOKS * written.sum() <= is_number.sum() < written.sum())


def _forms(sheet: Sheet, roles: Roles) -> Iterator[Finding]:
    """Columns that can be read in two ways; and those whose way is worth saying."""
    for name in dict.fromkeys([*roles.inputs, roles.target, *filter(None, [roles.time])]):
        reading = sheet.reading(name)
        if reading.others:
            choices = [_as_form(sheet, name, form) for form in (reading.form, *reading.others)]
            sentence = f"Column {shown(name)} can be read in {len(choices)} ways: {' or '.join(what for what, _ in choices)}?"
            first, *others = [Fix(f"Read {what}", forms=((name, form),)) for what, form in choices]
            yield Finding("error", "form", sentence, name, first, tuple(others))
        elif (reading.kind == "number" and (reading.form != POINT or reading.unit)) or (
            reading.kind == "date" and reading.form in (DAY_FIRST, MONTH_FIRST)
        ):
            yield Finding("note", "form", f"Column {shown(name)} is read so: {_as_form(sheet, name, reading.form)[0]}.", name)


def _as_form(sheet: Sheet, name: str, form: str) -> tuple[str, str]:
    """What a cell means under a form, in words, and the form. The cell is one on which forms differ, if any."""
    cells = sheet.cells(name)
    values = read_as(cells, form).values
    others = [read_as(cells, other).values for other in sheet.reading(name).others or (POINT,)]
    base = read_as(cells, sheet.reading(name).form).values
    differs = np.any([other != base for other in others], axis=0) & np.isfinite(values)
    place = int(np.argmax(differs)) if differs.any() else int(np.argmax(np.isfinite(values)))
    if sheet.kind(name) == "date":
        return f"{shown(cells.iloc[place])} as {_spell_days(values[place])} ({form})", form
    return f"{shown(cells.iloc[place])} as {values[place]:.12g}", form


def _spell_days(days: float) -> str:
    """A date as ISO writes it, to the minute where it is one of a day."""
    if days == np.floor(days):
        return str(np.datetime64(int(days), "D"))
    return str(np.datetime64(round(days * 1440), "m")).replace("T", " ")


def _words_or_numbers(sheet: Sheet, roles: Roles) -> Iterator[Finding]:
    """A column that looks like numbers is never silently one of words."""
    for name in (*roles.inputs, roles.target):
        if sheet.kind(name) != "text" or name in sheet.forms or (name == roles.target and not roles.classes):
            continue  # a target that is no number is refused already, with this way on
        if not _looks_like_numbers(sheet, name):
            continue
        written = ~sheet.missing(name)
        is_number = np.isfinite(sheet.numbers(name)) & written
        cells = sheet.text(name)
        word = shown(cells[written & ~is_number][0])
        sentence = (
            f"Column {shown(name)} is read as words, but {is_number.sum()} of {written.sum()} cells are numbers, such as "
            f"{shown(cells[is_number][0])}; others are not, such as {word}."
        )
        yield Finding("warning", "words", sentence, name, Fix(f"Read {shown(name)} as numbers", forms=((name, POINT),)))


def _stand_ins(sheet: Sheet, roles: Roles) -> Iterator[Finding]:
    """A number such as -200 or 9999 that stands for a missing one: far from all others, and the same each time."""
    for name in dict.fromkeys([*roles.inputs, roles.target]):
        if sheet.kind(name) not in ("number", "date") or name in sheet.sure:
            continue
        values = sheet.values(name)
        there = np.isfinite(values)
        for end in (values[there].min(initial=np.inf), values[there].max(initial=-np.inf)):
            is_odd = there & (values == end)
            rest = values[there & ~is_odd]
            if len(rest) < 20 or end == 0 or len(np.unique(rest)) < FEWEST_LEVELS:
                continue
            gap, spread, times = np.abs(rest - end).min(), np.ptp(rest), int(is_odd.sum())
            word = sheet.text(name)[is_odd][0]
            is_code = bool(_CODE.fullmatch(word)) or sheet.kind(name) == "date"
            if not ((times >= 3 and gap > spread) or (is_code and gap > (0.3 if times > 1 else 1.0) * spread)):
                continue
            rules = values[there].var() > 2 * rest.var()
            sentence = (
                f"Column {shown(name)} is {shown(word)} in {spell_rows(sheet.places[is_odd].tolist())}, far from all its other "
                f"values: does it stand for a missing one?"
            )
            fix = Fix(
                f"Take {shown(word)} as missing", missing=tuple((name, one) for one in sorted(set(sheet.text(name)[is_odd])))
            )
            keep = Fix(f"Use {shown(name)} as it is", sure=(name,))
            yield Finding("error" if rules else "warning", "stands_in", sentence, name, fix, (keep,))


def _second_rows(sheet: Sheet, roles: Roles) -> Iterator[Finding]:
    """Rows below the header, which may be joined to the names or not."""
    if sheet.other_names and sheet.other_names != sheet.names:
        names = listed([shown(name) for name in sheet.other_names], most=4)
        now, other = ("joined to", "left out") if is_joined(sheet) else ("left out of", "joined to them")
        sentence = f"The row below the names was {now} them; {other}, the columns would be {names}."
        label = "Leave that row out of the names" if is_joined(sheet) else "Join that row to the names"
        yield Finding("note", "second_row", sentence, roles.target, Fix(label, renames=True))


def is_joined(sheet: Sheet) -> bool:
    """Whether the row below the names is joined to them."""
    return sum(map(len, sheet.names)) > sum(map(len, sheet.other_names))


CELL_CHECKS: tuple[Callable[[Sheet, Roles], Iterator[Finding]], ...] = (
    _bad_cells,
    _wrong_kinds,
    _forms,
    _words_or_numbers,
    _stand_ins,
    _second_rows,
)
