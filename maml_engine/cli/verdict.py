"""`maml verdict`: from a table of many small tasks to one sentence, and a learner in use."""

import csv
import io
import shlex
import sys
from argparse import Namespace
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from tqdm import tqdm

from maml_engine.checks import check_choice
from maml_engine.cli.exit_codes import DONE
from maml_engine.experiment.fields import parse_names, parse_number
from maml_engine.io.arrays import write_whole
from maml_engine.io.readings.dates import ORDERS
from maml_engine.io.readings.numbers import FORMS
from maml_engine.tables import (
    Finding,
    Fix,
    Progress,
    Roles,
    Settings,
    Sheet,
    TableLearner,
    Verdict,
    guess,
    judge,
    read_sheet,
    table_csv,
    validate,
)
from maml_engine.tables.cell_findings import is_joined
from maml_engine.tables.finding import stops

VERDICT_FILE, TASKS_FILE = "verdict.json", "tasks.csv"


def verdict(options: Namespace) -> int:
    """Prints what was found about the table, the errors of all predictors, and the sentence; keeps the learner."""
    sheet = table_of(options)
    roles, settings = _roles(sheet, options), _settings(options)
    _check(validate(sheet, roles, settings.k_shot), sheet, roles, options)
    found, learner = _watched(judge(sheet, roles, settings))
    _print(found)
    if options.out is not None:
        learner.save(options.out)
        write_whole(Path(options.out) / VERDICT_FILE, found.to_json().encode())
        write_whole(Path(options.out) / TASKS_FILE, tasks_csv(found))
        print(f"The learner is in {options.out}.")
    if options.json:
        print(found.to_json())
    return DONE


def _roles(sheet: Sheet, options: Namespace) -> Roles:
    """As the flags say; the rest is guessed for these, and said. Of two answers that are near, none is taken."""
    said: dict[str, Any] = {name: getattr(options, name) for name in ("task", "target") if getattr(options, name) is not None}
    if options.inputs is not None:
        said["inputs"] = parse_names("inputs", options.inputs)
    more = {"log": None if options.log is None else parse_names("log", options.log), "time": options.time}
    more |= {"classes": options.classes or None}
    more = {name: value for name, value in more.items() if value is not None}
    if {"task", "inputs", "target"} <= said.keys():
        return Roles(**said, **more)
    try:
        guessed = guess(sheet, **said)
    except ValueError as error:
        raise ValueError(f"{error} Say which columns they are: `--task`, `--inputs` and `--target`.") from None
    for reason in guessed.reasons:
        print(reason, file=sys.stderr)
    if guessed.question is not None:
        raise ValueError(
            _with_flags(guessed.question.sentence, [flags_of(roles) + said_of(options) for roles in guessed.question.choices])
        )
    roles = guessed.roles.replace(**more)
    print(f"So: {flags_of(roles)}", file=sys.stderr)
    return roles


def table_of(options: Namespace) -> Sheet:
    """The file, read as the flags say.

    Raises:
      ValueError: a file that cannot be read, or a flag that names no column, form or way.
    """
    sheet = read_sheet(options.data)
    if options.second_row is not None:
        check_choice("second-row", options.second_row, ("join", "leave-out"))
        if sheet.other_names and (options.second_row == "join") != is_joined(sheet):
            sheet = sheet.renamed()
    forms = {}
    for pair in options.read or ():
        name, _, form = pair.rpartition(" as ")
        sheet.check_columns([name])
        check_choice("read", form, (*FORMS, *ORDERS, "text"))
        forms[name] = form
    sheet = sheet.read_as(forms, sure=names_as_it_is(options))
    for word in () if options.missing is None else parse_names("missing", options.missing):
        for name in sheet.names:
            sheet = sheet.without_word(name, word)
    return sheet


def flags_of(roles: Roles) -> str:
    """What would be typed for these roles."""
    flags = {"task": roles.task, "inputs": _row(roles.inputs), "target": roles.target}
    flags |= {"log": _row(roles.log), "time": roles.time}
    written = [f"--{name} {shlex.quote(value)}" for name, value in flags.items() if value]
    return " ".join([*written, *(["--classes"] if roles.classes else [])])


def _row(names: Sequence[str]) -> str:
    """Names as `parse_names` reads them."""
    file = io.StringIO()
    csv.writer(file, lineterminator="").writerow(names)
    return file.getvalue()


def _with_flags(sentence: str, ways: Sequence[str]) -> str:
    """A sentence, and the flags that would go on."""
    return f"{sentence} Go on with {' or with '.join(f'`{way}`' for way in ways)}." if ways else sentence


def _check(findings: Sequence[Finding], sheet: Sheet, roles: Roles, options: Namespace) -> None:
    """Prints what was found. What cannot be trained on, or had better not be, ends the command with the flags that go on.

    Raises:
      ValueError: an error among the findings, or a column that gives the target away and was not taken as it is.
    """
    stopping = stops(findings, sheet)[:1]
    for finding in findings:
        if finding not in stopping:
            print(f"{finding.severity}: {finding.sentence}", file=sys.stderr)
    if stopping:
        ways = [way for fix in stopping[0].fixes if (way := _way(fix, roles, options))]
        raise ValueError(_with_flags(stopping[0].sentence, ways))


def _way(fix: Fix, roles: Roles, options: Namespace) -> str:
    """The flags of a change beside those that were given; "" for one that has none."""
    read = [f"{name} as {form}" for name, form in fix.forms]
    words = sorted({word for _, word in fix.missing})
    flags = flags_of(fix.roles or roles) + said_of(options, read=read, missing=words, sure=fix.sure)
    return "" if fix.drop else flags + (f" --k-shot {fix.k_shot}" if fix.k_shot else "")


def said_of(options: Namespace, *, read: Sequence[str] = (), missing: Sequence[str] = (), sure: Sequence[str] = ()) -> str:
    """What was said of how the file is read, and what is said beside it, as it would be typed; "" for nothing.

    Args:
      options: the flags that were given.
      read, missing, sure: what is said beside them, as `--read`, `--missing` and `--as-it-is` take it.
    """
    flags = [f" --read {shlex.quote(pair)}" for pair in [*(options.read or ()), *read]]
    words = [*(() if options.missing is None else parse_names("missing", options.missing)), *missing]
    lists = {"missing": words, "as-it-is": [*names_as_it_is(options), *sure]}
    flags += [f" --{name}={shlex.quote(_row(names))}" for name, names in lists.items() if names]
    return "".join([*flags, *([f" --second-row {options.second_row}"] if options.second_row else [])])


def names_as_it_is(options: Namespace) -> tuple[str, ...]:
    """Columns that are used whatever was found about them."""
    return () if options.as_it_is is None else parse_names("as-it-is", options.as_it_is)


def _settings(options: Namespace) -> Settings:
    names = ("k_shot", "num_iterations", "folds", "members", "seed")
    numbers = {name: parse_number(getattr(options, name)) for name in names if getattr(options, name) is not None}
    return Settings(**numbers, **({} if options.method is None else {"method": options.method}))


def _watched(steps: Iterator[Progress]) -> tuple[Verdict, TableLearner]:
    """Runs to the end with a bar on standard error; where that is no terminal, with a line for each thing that is done."""
    verdict = learner = None
    said = "" if not sys.stderr.isatty() else None
    with tqdm(total=1.0, bar_format="{desc} {percentage:3.0f}% |{bar}| {elapsed}", disable=None, leave=False) as bar:
        for progress in steps:
            bar.set_description(progress.doing, refresh=False)
            bar.update(progress.share - bar.n)
            if said not in (None, progress.doing) and progress.doing:
                said = progress.doing
                print(f"{said} ({progress.share:.0%} done, {progress.seconds:.0f} s)", file=sys.stderr, flush=True)
            verdict, learner = progress.verdict, progress.learner
    assert verdict is not None and learner is not None  # the last progress has both
    return verdict, learner


def tasks_csv(found: Verdict) -> bytes:
    """Each task's errors as CSV: of what is saved, of the meta-learner after and before adapting, of the best of the rest."""
    columns = ("task", "rows", "saved", "error", "before", "best")
    header = ("task", "rows", "saved", "meta_learner", "meta_learner_before", "best_of_the_rest")
    return table_csv(
        {name: [getattr(task, column) for task in found.tasks] for name, column in zip(header, columns, strict=True)}
    )


def _print(found: Verdict) -> None:
    against = "wrong, over always naming the commonest" if found.classes else f"error over the spread of {found.target!r}"
    print(f"{found.num_tasks} tasks, each predicted from {found.k_shot} of its rows by fits that have not seen it; {against}")
    print(f"{'':<28}{'error':>8}  95 % interval")
    for score in sorted(found.scores, key=lambda score: score.relative):
        print(f"{score.title:<28}{score.relative:>8.3f}  {score.low:.3f} to {score.high:.3f}")
    if found.saved is not None:
        print(f"{'What is saved':<28}{found.saved.relative:>8.3f}  {found.saved.low:.3f} to {found.saved.high:.3f}")
    if not found.classes:
        print(f"{found.coverage:.0%} of the rows of unseen tasks lay in their {found.nominal:.0%} intervals.")
    for effect in found.effects:
        where = "; it tells tasks apart, within each it is the same" if effect.between else ""
        print(
            f"{effect.name!r} from {effect.low} to {effect.high}: {effect.effect:+.3g}, which differs between tasks by "
            f"{effect.spread:.2g}{where}"
        )
    print(found.sentence)
    print(found.advice)
