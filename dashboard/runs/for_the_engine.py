"""The library takes part in the engine's `maml doctor`, where `--import dashboard.runs` says that it is there."""

from dashboard.runs.database import LibraryAway
from dashboard.runs.library import library
from maml_engine.runtime.doctors import DOCTORS, Findings


def look() -> Findings:
    """What is wrong with the library that the app has."""
    try:
        found = library().doctor()
    except LibraryAway as error:
        return Findings("the library of runs", [str(error)])
    return Findings(found.told(), found.problems)


DOCTORS["library"] = look
