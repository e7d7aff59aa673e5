"""`python -m dashboard.runs doctor`: whether the library of runs is whole."""

import argparse
import sys
from collections.abc import Sequence

from dashboard.runs.database import LibraryAway
from dashboard.runs.library import RunLibrary


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command; 0 where all is well, 1 where something is wrong or the database is away."""
    parser = argparse.ArgumentParser(prog="python -m dashboard.runs", description="The library of runs, for who operates it.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND", dest="command")
    doctor = commands.add_parser("doctor", help="look at every run, learner and job; exit code 1 where something is wrong")
    doctor.add_argument("--database", help="its address; as the app has it where none is given")
    options = parser.parse_args(arguments)
    library = RunLibrary(options.database)
    try:
        found = library.doctor()
    except LibraryAway as error:
        print(error, file=sys.stderr)
        return 1
    finally:
        library.close()
    print(f"{found.told()}.")
    for problem in found.problems:
        print(f"- {problem}")
    print(f"{len(found.problems)} problems." if found.problems else "All is well.")
    return 1 if found.problems else 0


if __name__ == "__main__":
    sys.exit(main())
