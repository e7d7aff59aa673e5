"""A small table, and a verdict on it with a learner that is easy to foresee."""

import itertools
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import ClassVar

import pytest

from dashboard.page_parts.your_tasks.run import TrainedVerdict
from dashboard.page_parts.your_tasks.table import UserTable
from maml_engine.learner import Prediction
from maml_engine.tables import Roles, Settings, read_sheet
from tests.small_verdict import small_verdict

CONTENT = b"""machine,kind,when,speed,vibration
a,new,2024-01-03,3,30
a,old,2024-01-01,1,10
a,new,2024-01-02,2,
b,old,2024-02-01,5,50
b,old,2024-02-02,4,40
b,new,2024-02-03,6,60
c,old,2024-02-01,7,70
c,old,2024-02-02,8,80
"""
ROLES = Roles("machine", ("kind", "speed", "when"), "vibration")


@pytest.fixture
def table():
    return UserTable("one", "table.csv", read_sheet(CONTENT), ROLES)


@dataclass
class Tenfold:
    """A learner that predicts ten times the speed, more or less one; it keeps what it was given.

    encoding: finds nothing beyond the table.
    number: tells it from all others, so that no other's answer is taken for its own.
    """

    encoding: ClassVar = SimpleNamespace(beyond=lambda _: [])
    number: int = field(default_factory=itertools.count().__next__)

    def adapt_rows(self, rows):
        self.known = rows
        return self

    def predict_rows(self, rows):
        mean = 10 * rows["speed"].to_numpy(float)[:, None]
        return Prediction(mean, mean - 1, mean + 1)


@pytest.fixture
def trained():
    """Makes a verdict on a table, its learner predicting tenfold."""
    return lambda table: TrainedVerdict(table, Settings(k_shot=2), small_verdict(), Tenfold())
