"""`maml doctor`: whether this machine adds up right, and whether what was saved on it is whole."""

import sys
from argparse import Namespace, _SubParsersAction
from collections.abc import Callable, Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

from maml_engine.cli.exit_codes import DONE, LEGEND, WRONG
from maml_engine.cli.run_folder import CHECKPOINT_FOLDER, HISTORY_FILES, histories
from maml_engine.io.arrays import ASIDE, StorageError, load_arrays
from maml_engine.io.snapshots import newest_snapshot
from maml_engine.learner import Learner
from maml_engine.runtime.doctors import DOCTORS, Findings
from maml_engine.runtime.extras import MissingPackage
from maml_engine.runtime.paths import MIN_FREE_MB, free_megabytes, home_folder
from maml_engine.runtime.xla_guard import reduction_errors, reductions_are_correct
from maml_engine.tables import TableLearner
from maml_engine.training import Checkpoint

LEARNERS = {"learner.safetensors": Learner.load, "ensemble.safetensors": TableLearner.open}


def add_doctor(commands: _SubParsersAction) -> None:
    """Its flags."""
    parser = commands.add_parser(
        "doctor",
        allow_abbrev=False,
        help="is this machine fit, and is what was saved on it whole?",
        description="Looks whether sums come out right, whether MAML_LAB_HOME can be written, and whether learners, snapshots "
        "and histories that were saved open and are as they were. What an imported module or an installed package adds is "
        "looked at, too. Changes nothing; exit code 1 where something is wrong.",
        epilog=LEGEND,
    )
    parser.set_defaults(run=doctor)
    where = "where to look for what was saved, at any depth (default: the runs in MAML_LAB_HOME)"
    parser.add_argument("folders", metavar="FOLDER", nargs="*", help=where)


def doctor(options: Namespace) -> int:
    """Looks at arithmetic, home and folders, and asks whoever else has something to look at; says what is wrong."""
    folders = [Path(folder) for folder in options.folders]
    for folder in folders:
        if not folder.is_dir():
            raise ValueError(f"`FOLDER` must be a folder, got {str(folder)!r}.")
    looks: dict[str, Callable[[], Findings]] = {
        "arithmetic": _arithmetic,
        "home": _home,
        "saved": lambda: _saved(folders or [home_folder() / "runs"]),
    }
    for name in DOCTORS.names():
        if name in looks:
            raise ValueError(f"The doctor {name!r} that was registered has the name of one of MAML Lab's own: give it another.")
        looks[name] = DOCTORS[name]
    problems = 0
    for name, look in looks.items():
        found = look()
        problems += len(found.problems)
        print(f"{'WRONG' if found.problems else 'ok   '} {name:<10} {found.looked_at}")
        for problem in found.problems:
            print(f"      - {problem}")
    if problems:
        print(f"error: {problems} problem{'s' if problems > 1 else ''}.", file=sys.stderr)
        return WRONG
    print("All is well.")
    return DONE


def _arithmetic() -> Findings:
    looked_at = f"sums as jaxlib {version('jaxlib')} compiles them here"
    if reductions_are_correct():
        return Findings(looked_at, ())
    errors = ", ".join(f"{error:.1e}" for error in reduction_errors())
    return Findings(looked_at, [f"XLA computes wrong sums on this machine: two known patterns are off by {errors}."])


def _home() -> Findings:
    folder = home_folder()
    try:
        free = free_megabytes(folder)
    except OSError as error:
        return Findings(str(folder), [f"{folder} cannot be written: {error.strerror}. Set MAML_LAB_HOME to a folder that can."])
    return Findings(
        f"{folder} can be written, {free:,.0f} MB free",
        [f"{folder} has {free:.0f} MB left, less than {MIN_FREE_MB}."] if free < MIN_FREE_MB else (),
    )


def _saved(places: list[Path]) -> Findings:
    """Learners and runs in folders at any depth."""
    counts, problems = {"learners": 0, "snapshots": 0, "histories": 0}, list[str]()
    for folder in sorted({found for place in places for found in _folders(place)}):
        for kind, look in _things(folder):
            counts[kind] += 1
            try:
                look()
            except (ValueError, MissingPackage) as error:
                problems.append(str(error))
        problems += _half_written(folder)
    told = ", ".join(f"{count:,} {kind}" for kind, count in counts.items())
    return Findings(f"{told} in {', '.join(map(str, places))}", problems)


def _folders(place: Path) -> Iterator[Path]:
    """A folder and those in it; what is inside a snapshot is the snapshot's."""
    if not place.is_dir():
        return
    yield place
    for inner in sorted(place.iterdir()):
        if inner.is_dir() and not inner.is_symlink() and inner.name != CHECKPOINT_FOLDER:
            yield from _folders(inner)


def _things(folder: Path) -> Iterator[tuple[str, Callable[[], Any]]]:
    """What was saved in a folder: of which kind it is, and what opens it."""
    for file, load in LEARNERS.items():
        if (folder / file).is_file():
            yield "learners", lambda load=load: load(folder)
    if newest_snapshot(folder / CHECKPOINT_FOLDER) is not None:
        yield "snapshots", lambda: _look_at_run(folder)
    for file in HISTORY_FILES:
        if (folder / file).is_file():
            yield "histories", lambda file=file: load_arrays(folder / file)


def _look_at_run(folder: Path) -> None:
    """A snapshot, and whether one of the histories beside it reaches as far."""
    checkpoint = Checkpoint.load(folder / CHECKPOINT_FOLDER)
    if not any(is_its_own for is_its_own, _ in histories(folder, checkpoint)):
        raise StorageError(
            f"{folder} has a snapshot of iteration {checkpoint.iteration} and no history of its run until there."
        )


def _half_written(folder: Path) -> Iterator[str]:
    """What a process that was killed has left; nobody opens it."""
    for path in sorted(folder.glob(".*")):
        if path.name.endswith(ASIDE):
            yield f"{path} was left behind by a process that was killed; it can be removed."
    for path in sorted((folder / CHECKPOINT_FOLDER).glob("*")):
        if not path.name.isdecimal() and path.name.partition(".")[0].isdecimal():
            yield f"{path} was left behind by a process that was killed; the run's next snapshot removes it."
