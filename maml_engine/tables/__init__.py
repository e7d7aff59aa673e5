"""From a table of many small data sets to an honest verdict, and a learner in use."""

from maml_engine.io.sheet import Sheet, read_sheet
from maml_engine.io.write_csv import escape_cell, table_csv, template_csv
from maml_engine.tables.baselines import BASELINES
from maml_engine.tables.finding import Finding, Fix
from maml_engine.tables.findings import validate
from maml_engine.tables.guessing.guess import Guess, Question, guess, guess_roles
from maml_engine.tables.judging import judge
from maml_engine.tables.learner import AdaptedTable, TableLearner
from maml_engine.tables.settings import RECOMMENDED, Settings, method_names
from maml_engine.tables.verdict import Curves, Effect, Progress, Score, TaskCurve, TaskPicture, TaskScore, Verdict
from maml_engine.tasks.roles import Roles

__all__ = [
    "BASELINES",
    "RECOMMENDED",
    "AdaptedTable",
    "Curves",
    "Effect",
    "Finding",
    "Fix",
    "Guess",
    "Progress",
    "Question",
    "Roles",
    "Score",
    "Settings",
    "Sheet",
    "TableLearner",
    "TaskCurve",
    "TaskPicture",
    "TaskScore",
    "Verdict",
    "escape_cell",
    "guess",
    "guess_roles",
    "judge",
    "method_names",
    "read_sheet",
    "table_csv",
    "template_csv",
    "validate",
]
