"""The library of runs: what was trained here, kept in a database with the learner that it left. No streamlit here."""

from dashboard.runs.database import LibraryAway
from dashboard.runs.library import RunLibrary, library
from dashboard.runs.queue import Claim, Waiting
from dashboard.runs.run import KINDS, MAX_NAME, MAX_NOTE, MAX_POINTS, Run

__all__ = ["KINDS", "MAX_NAME", "MAX_NOTE", "MAX_POINTS", "Claim", "LibraryAway", "Run", "RunLibrary", "Waiting", "library"]
