"""The whole work, from a sheet to a verdict and a learner: a generator, so that whoever consumes it decides when to stop."""

from collections.abc import Iterator

from maml_engine.tables.preset import RECOMMENDED, Settings
from maml_engine.tables.roles import Roles
from maml_engine.tables.sheet import Sheet
from maml_engine.tables.verdict import Progress


def judge(sheet: Sheet, roles: Roles, settings: Settings = RECOMMENDED) -> Iterator[Progress]:
    """Trains, judges and makes the learner; the last progress has `done`, `verdict` and `learner`.

    Raises:
      ValueError: the table cannot be used as it is; the sentence is the first error of `validate`.
    """
    raise NotImplementedError
