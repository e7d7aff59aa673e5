"""The flags of `maml`, and their help."""

import argparse
import dataclasses
import re
import sys
from collections.abc import Sequence
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from typing import NoReturn

from maml_engine.checks import near
from maml_engine.cli.adapt import adapt
from maml_engine.cli.check import check
from maml_engine.cli.classify import classify
from maml_engine.cli.doctor import add_doctor
from maml_engine.cli.evaluate import evaluate
from maml_engine.cli.exit_codes import LEGEND
from maml_engine.cli.saved_runs import NAMED, RUNS
from maml_engine.cli.train import CARDS, train
from maml_engine.cli.verdict import verdict
from maml_engine.evaluation import PROTOCOL_SEED
from maml_engine.experiment import Experiment
from maml_engine.io.pictures.layouts import LAYOUTS
from maml_engine.training.tracking import TENSORBOARD_FOLDER
from maml_engine.verification.published import SEEDS

SWITCHES = ("--json", "--published", "--classes", "--one-by-one", "--help", "--version", "--")


class Parser(argparse.ArgumentParser):
    """One that refuses in one line, as everything here does."""

    def error(self, message: str) -> NoReturn:
        """Raises ValueError, as a refusal from deeper down does; a misspelt flag or command comes with the near one."""
        for word in message.split():
            if message.startswith("unrecognized") and word.startswith("--"):
                message += near(word.partition("=")[0], self._flags())
        if misspelt := re.search(r"COMMAND: invalid choice: '(.*?)'", message):
            message += near(misspelt[1], self._commands())
        raise ValueError(f"{message[:1].upper()}{message[1:]} (see {self.prog} --help).")

    def _commands(self) -> dict[str, argparse.ArgumentParser]:
        groups = [action for action in self._actions if isinstance(action, argparse._SubParsersAction)]
        return {name: parser for group in groups for name, parser in group.choices.items()}

    def _flags(self) -> list[str]:
        """Its own, and those of its commands."""
        parsers = [self, *self._commands().values()]
        return [flag for parser in parsers for action in parser._actions for flag in action.option_strings]


def build_parser() -> Parser:
    """The parser of `maml`; `options.run` is the function of the command that was given."""
    parser = Parser(prog="maml", description="Gradient-based meta-learning.", epilog=LEGEND, allow_abbrev=False)
    parser.add_argument("--version", action="version", version=_version())
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    _add_train(commands)
    _add_evaluate(commands)
    _add_verdict(commands)
    _add_adapt(commands)
    _add_classify(commands)
    _add_check(commands)
    add_doctor(commands)
    for name in ("train", "evaluate", "adapt", "classify", "doctor"):
        commands.choices[name].add_argument(
            "--import",
            dest="modules",
            metavar="MODULE",
            action="append",
            default=[],
            help="import a Python module of yours first, which registers a method, network, tasks, loss or doctor",
        )
    return parser


def import_modules(names: Sequence[str]) -> None:
    """Imports modules of the caller's own, from the folder that one is in or from where Python looks.

    Raises:
      ValueError: there is none of that name, or it cannot be imported.
    """
    for name in names:
        if "" not in sys.path:
            sys.path.insert(0, "")
        try:
            import_module(name.removesuffix(".py"))
        except Exception as error:  # it is the caller's code, which may fail in any way
            raise ValueError(f"`--import` must name a module that can be imported, got {name!r}: {error}.") from error


def _add_train(commands: argparse._SubParsersAction) -> None:
    parser = commands.add_parser(
        "train",
        allow_abbrev=False,
        help="meta-train; without flags, the tutorial's run",
        description="Meta-trains and prints the meta-loss, then ten new tasks before and after one step.",
        epilog=LEGEND,
    )
    parser.set_defaults(run=train)
    parser.add_argument(
        "--out", metavar="FOLDER", help="keep snapshots there as training goes on; a run that is there is replaced"
    )
    parser.add_argument("--resume", metavar="FOLDER", help="go on from the snapshot in FOLDER, and keep further ones there")
    cards = "; ".join(f"{name}: {card.title}" for name, card in CARDS.items()).replace("%", "%%")
    parser.add_argument(
        "--preset",
        metavar="NAME",
        help="a protocol card: its settings, which other flags override; at the end its published numbers stand beside ours "
        f"({cards})",
    )
    parser.add_argument("--json", action="store_true", help="end with one line of JSON: losses, seconds, the adaptation curve")
    parser.add_argument(
        "--track",
        metavar="NAME[:PLACE]",
        action="append",
        default=[],
        help="also write the run down in mlflow (PLACE: its tracking URI) or tensorboard (PLACE: a folder of runs; default: "
        f"{TENSORBOARD_FOLDER}); may be given for both",
    )
    _add_devices(parser)
    for spec in dataclasses.fields(Experiment):
        flag = f"--{spec.name.replace('_', '-')}"
        if spec.name == "data":
            parser.add_argument(flag, metavar="FILE", help="table: the file; images: a folder or a zip archive of pictures")
        else:
            parser.add_argument(flag, metavar=_metavar(spec), help=_help(spec))


def _add_devices(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group(
        "several devices and hosts",
        "The tasks of each meta-step are shared out. Start the same command once for each process, with its own --process-id; "
        "SLURM and indexed Kubernetes jobs need no flag. Process 0 alone prints and writes files.",
    )
    group.add_argument("--devices", metavar="N", help="devices of this process (default: one, or all where there are peers)")
    group.add_argument("--coordinator", metavar="HOST:PORT", help="where process 0 listens, on a network that you trust")
    group.add_argument("--num-processes", metavar="N", help="how many processes make the run")
    group.add_argument("--process-id", metavar="I", help="which one this is, from 0")
    group.add_argument("--wait", metavar="SECONDS", default="40", help="how long to wait for the others to come (default: 40)")


def _add_evaluate(commands: argparse._SubParsersAction) -> None:
    parser = commands.add_parser(
        "evaluate",
        allow_abbrev=False,
        help="adapt a saved learner to tasks that it has never seen",
        description="Prints the query loss on test tasks after each inner step: mean over tasks and its 95 %% interval.",
        epilog=LEGEND,
    )
    parser.set_defaults(run=evaluate)
    parser.add_argument("folder", metavar="FOLDER", help="what `train --out` left")
    parser.add_argument(
        "--num-tasks", metavar="N", default=600, help="tasks to draw; a table's test tasks are taken once each (default: 600)"
    )
    parser.add_argument("--k-shot", metavar="N", help="support examples of a task (default: as in training)")
    parser.add_argument(
        "--k-query",
        metavar="N",
        help="query examples of a task; a table's are all its other rows (default: 100; of pictures, 15 of each class)",
    )
    parser.add_argument("--inner-steps", metavar="N", default=10, help="gradient steps on the support set (default: 10)")
    parser.add_argument(
        "--tasks",
        metavar="NAME",
        help=f"pictures: other tasks than those of the training ({', '.join(NAMED)}, or {RUNS}, the authors' one-shot runs)",
    )
    parser.add_argument("--n-way", metavar="N", help="pictures: classes of a task (default: as in training)")
    parser.add_argument("--seed", metavar="N", default=PROTOCOL_SEED, help="of the tasks drawn (default: 0)")
    parser.add_argument("--data", metavar="FILE", help="table, images: the file or pictures that the learner was trained on")
    parser.add_argument("--json", action="store_true", help="print one line of JSON instead")


def _add_verdict(commands: argparse._SubParsersAction) -> None:
    parser = commands.add_parser(
        "verdict",
        allow_abbrev=False,
        help="is meta-learning worth it on a table of many small tasks?",
        description="Trains the recommended learner on a table, judges it on tasks that it has not seen beside what is "
        "simpler, and says in one sentence whether it is worth it. What is left out is guessed from the columns.",
        epilog=LEGEND,
    )
    parser.set_defaults(run=verdict)
    parser.add_argument("--data", metavar="FILE", required=True, help="a CSV or Parquet file, one row an example")
    parser.add_argument("--task", metavar="NAME", help="the column that says which task a row belongs to")
    parser.add_argument("--inputs", metavar="NAME,...", help="the input columns: numbers, dates, or text as categories")
    parser.add_argument("--target", metavar="NAME", help="the column to predict")
    parser.add_argument("--log", metavar="NAME,...", help="columns to take the logarithm of")
    parser.add_argument("--time", metavar="NAME", help="a column that orders a task's rows: support rows are then the first")
    parser.add_argument("--classes", action="store_true", help="the target names classes")
    parser.add_argument(
        "--read",
        metavar="'NAME as FORM'",
        action="append",
        help="how a column is written, such as 'price as 1.234,5', "
        "'day as day-month-year' or 'code as text'; may be given several times",
    )
    parser.add_argument("--missing", metavar="WORD,...", help="what stands for a missing value, such as -999")
    parser.add_argument(
        "--second-row", metavar="WAY", help="join: a row below the names belongs to them; leave-out: it does not"
    )
    parser.add_argument(
        "--as-it-is", metavar="NAME,...", help="columns to use although they seem to give the target away, or to be wrong"
    )
    parser.add_argument("--k-shot", metavar="N", help="known rows of a new task (default: 5)")
    parser.add_argument("--method", metavar="NAME", help="how the learner adapts and is trained (default: metasgd)")
    parser.add_argument("--num-iterations", metavar="N", help="meta-training steps of each network")
    parser.add_argument("--folds", metavar="N", help="parts of the cross-validation over tasks")
    parser.add_argument("--members", metavar="N", help="networks that are averaged")
    parser.add_argument("--seed", metavar="N", help="of all that is drawn (default: 0)")
    parser.add_argument("--out", metavar="FOLDER", help="keep the learner, for `adapt`, and verdict.json there")
    parser.add_argument("--json", action="store_true", help="end with one line of JSON: the whole verdict")


def _add_adapt(commands: argparse._SubParsersAction) -> None:
    parser = commands.add_parser(
        "adapt",
        allow_abbrev=False,
        help="adapt a saved learner to one task, and predict",
        description="Adapts to the task whose rows are in SUPPORT.csv and predicts the rows of QUERY.csv. Columns are found by "
        "the names that they had in training (other tasks: x, or x1, x2, ..., and y); others are left aside.",
        epilog=LEGEND,
    )
    parser.set_defaults(run=adapt)
    parser.add_argument("folder", metavar="FOLDER", help="what `train --out` or `verdict --out` left")
    parser.add_argument("support", metavar="SUPPORT.csv", help="a few rows of the task: inputs and target")
    parser.add_argument("--predict", metavar="QUERY.csv", required=True, help="rows to predict: inputs")
    parser.add_argument(
        "--out", metavar="PREDICTIONS.csv", help="where to write inputs and predictions (default: standard output)"
    )
    parser.add_argument("--inner-steps", metavar="N", help="gradient steps on the support rows (default: as in training)")


def _add_classify(commands: argparse._SubParsersAction) -> None:
    parser = commands.add_parser(
        "classify",
        allow_abbrev=False,
        help="show a saved learner a few pictures of each class, and ask of which class others are",
        description="Adapts to the pictures of SUPPORT, a folder for each class, and prints for each query picture its class "
        "and how likely each one is. Folders may be zip archives.",
        epilog=LEGEND,
    )
    parser.set_defaults(run=classify)
    parser.add_argument("folder", metavar="LEARNER", help="what `train --out` left, trained on pictures")
    parser.add_argument("support", metavar="SUPPORT", help="a folder or zip archive with a folder of pictures for each class")
    parser.add_argument("--query", metavar="PICTURES", required=True, help="a picture, or a folder or zip archive of pictures")
    parser.add_argument("--out", metavar="FILE", help="where to write classes and probabilities (default: standard output)")
    parser.add_argument("--sort", metavar="FOLDER", help="copy the query pictures there, into a folder for each class")
    parser.add_argument("--inner-steps", metavar="N", help="gradient steps on the support pictures (default: as in training)")
    parser.add_argument(
        "--one-by-one",
        action="store_true",
        help="predict each query picture among the support's, where the network would normalise them together (transductively)",
    )
    parser.add_argument("--layout", metavar="NAME", help=f"how SUPPORT is laid out: {', '.join(LAYOUTS)} (default: guessed)")
    parser.add_argument("--ink", metavar="NAME", help="ink of drawings: dark or bright (default: looked at)")
    parser.add_argument("--json", action="store_true", help="one line of JSON instead of CSV")


def _add_check(commands: argparse._SubParsersAction) -> None:
    parser = commands.add_parser(
        "check",
        allow_abbrev=False,
        help="measure whether the numbers are right on this machine",
        description="Measures gradients against closed forms, finite differences and the tutorial's code, and more; prints "
        "each error beside what is allowed.",
        epilog=LEGEND,
    )
    parser.set_defaults(run=check)
    parser.add_argument("names", metavar="NAME", nargs="*", help="which checks, or which cards (default: all)")
    parser.add_argument(
        "--published",
        action="store_true",
        help="instead, train the protocol cards that the documentation quotes, several seeds each, and set what they reach "
        "beside what their sources print: some twenty minutes",
    )
    parser.add_argument(
        "--seeds",
        metavar="N,...",
        default=",".join(map(str, SEEDS)),
        help="with --published, one run of each card for each (default: %(default)s)",
    )
    parser.add_argument(
        "--out", metavar="FOLDER", help="with --published, keep the learners there, and do not train again those that are there"
    )
    parser.add_argument("--json", action="store_true", help="end with one line of JSON: results, date, versions, machine")


def _metavar(spec: dataclasses.Field) -> str:
    if spec.metadata["kind"] == "number":
        return "N" if spec.metadata["bounds"].get("integer") else "X"
    return {"choice": "NAME", "switch": "true|false", "interval": "LOW,HIGH", "names": "NAME,..."}.get(
        spec.metadata["kind"], "NAME"
    )


def _help(spec: dataclasses.Field) -> str:
    choices = f": {', '.join(spec.metadata['choices'])}" if spec.metadata["kind"] == "choice" else ""
    default = Experiment.spell(spec.default)
    return (spec.metadata["help"] + choices + (f" (default: {default})" if default else "")).replace("%", "%%")


def join_values(arguments: Sequence[str]) -> list[str]:
    """Makes `--x-range=-5,5` of `--x-range -5,5`, since argparse takes what begins with a dash for a flag."""
    joined: list[str] = []
    for argument in arguments:
        before = joined[-1] if joined else ""
        if argument[:1] == "-" and argument[:2] != "--" and before[:2] == "--" and "=" not in before and before not in SWITCHES:
            joined[-1] = f"{before}={argument}"
        else:
            joined.append(argument)
    return joined


def _version() -> str:
    try:
        return f"maml-engine {version('maml-engine')}"
    except PackageNotFoundError:
        return "maml-engine, not installed"
