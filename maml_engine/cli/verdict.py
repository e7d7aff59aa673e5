"""`maml verdict`: from a table of many small tasks to one sentence, and a learner in use."""

import sys
from argparse import Namespace
from collections.abc import Iterator
from pathlib import Path

from tqdm import tqdm

from maml_engine.cli.exit_codes import DONE
from maml_engine.experiment.fields import parse_names, parse_number
from maml_engine.io.arrays import write_whole
from maml_engine.tables import Progress, Roles, Settings, Sheet, TableLearner, Verdict, guess_roles, judge, read_sheet, validate

VERDICT_FILE = "verdict.json"


def verdict(options: Namespace) -> int:
    """Prints what was found about the table, the errors of all predictors, and the sentence; keeps the learner."""
    sheet = read_sheet(options.data)
    roles, settings = _roles(sheet, options), _settings(options)
    print(f"task {roles.task!r}, inputs {', '.join(map(repr, roles.inputs))}, target {roles.target!r}", file=sys.stderr)
    for finding in validate(sheet, roles, settings.k_shot):
        if finding.severity != "error":  # an error ends the command with its sentence
            print(f"{finding.severity}: {finding.sentence}", file=sys.stderr)
    found, learner = _watched(judge(sheet, roles, settings))
    _print(found)
    if options.out is not None:
        learner.save(options.out)
        write_whole(Path(options.out) / VERDICT_FILE, found.to_json().encode())
        print(f"The learner is in {options.out}.")
    if options.json:
        print(found.to_json())
    return DONE


def _roles(sheet: Sheet, options: Namespace) -> Roles:
    """As the flags say; what they leave out is guessed."""
    given = {
        "task": options.task,
        "inputs": None if options.inputs is None else parse_names("inputs", options.inputs),
        "target": options.target,
        "log": None if options.log is None else parse_names("log", options.log),
        "time": options.time,
        "classes": options.classes or None,
    }
    given = {name: value for name, value in given.items() if value is not None}
    if {"task", "inputs", "target"} <= given.keys():
        return Roles(**given)
    guessed = guess_roles(sheet)
    taken = {given.get("task"), given.get("target")}
    inputs = tuple(name for name in guessed.inputs if name not in taken)
    return guessed.replace(**({"inputs": inputs} if inputs else {}) | given)


def _settings(options: Namespace) -> Settings:
    names = ("k_shot", "num_iterations", "folds", "members", "seed")
    numbers = {name: parse_number(getattr(options, name)) for name in names if getattr(options, name) is not None}
    return Settings(**numbers, **({} if options.method is None else {"method": options.method}))


def _watched(steps: Iterator[Progress]) -> tuple[Verdict, TableLearner]:
    """Runs to the end with a bar on standard error."""
    verdict = learner = None
    with tqdm(total=1.0, bar_format="{desc} {percentage:3.0f}% |{bar}| {elapsed}", disable=None, leave=False) as bar:
        for progress in steps:
            bar.set_description(progress.doing, refresh=False)
            bar.update(progress.share - bar.n)
            verdict, learner = progress.verdict, progress.learner
    assert verdict is not None and learner is not None  # the last progress has both
    return verdict, learner


def _print(found: Verdict) -> None:
    against = "wrong, over always naming the commonest" if found.classes else f"error over the spread of {found.target!r}"
    print(f"{found.num_tasks} tasks, each predicted from {found.k_shot} of its rows by fits that have not seen it; {against}")
    print(f"{'':<28}{'error':>8}  95 % interval")
    for score in sorted(found.scores, key=lambda score: score.relative):
        print(f"{score.title:<28}{score.relative:>8.3f}  {score.low:.3f} to {score.high:.3f}")
    if not found.classes:
        print(f"{found.coverage:.0%} of the rows of unseen tasks lay in their {found.nominal:.0%} intervals.")
    print(found.sentence)
    print(found.advice)
