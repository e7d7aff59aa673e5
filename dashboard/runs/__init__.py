"""The library of runs: what was trained here, kept in a database with the learner that it left. No streamlit here."""

from dashboard.runs.database import LibraryAway, is_configured
from dashboard.runs.exchange import open_learner
from dashboard.runs.for_the_engine import look as _look  # noqa: F401 - it registers itself
from dashboard.runs.library import RunLibrary, forget_library, library
from dashboard.runs.queue import Claim, Heard, Held, UnderWay, Waiting
from dashboard.runs.run import ENDED, KINDS, MAX_NAME, MAX_NOTE, MAX_POINTS, Run

__all__ = [
    "ENDED",
    "KINDS",
    "MAX_NAME",
    "MAX_NOTE",
    "MAX_POINTS",
    "Claim",
    "Heard",
    "Held",
    "LibraryAway",
    "Run",
    "RunLibrary",
    "UnderWay",
    "Waiting",
    "forget_library",
    "is_configured",
    "library",
    "open_learner",
]
