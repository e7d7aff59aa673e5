"""What a table's owner should know before anything is trained on it, in plain words, and what can be mended at once."""

from dataclasses import dataclass

from maml_engine.tables.roles import Roles
from maml_engine.tables.sheet import Sheet


@dataclass(frozen=True)
class Mend:
    """A change that is offered. label: for a button, such as "Take the logarithm of 'price'"."""

    label: str
    roles: Roles | None = None
    drop: tuple[int, ...] = ()

    def apply(self, sheet: Sheet, roles: Roles) -> tuple[Sheet, Roles]:
        """The sheet and roles after the change; neither argument is touched."""
        raise NotImplementedError


@dataclass(frozen=True)
class Finding:
    """One thing found. severity: "error" (nothing can be trained until it is mended), "warning" or "note".

    code: a fixed word for programs, such as "leak". sentence: for people. column: the column that it is about, or "".
    """

    severity: str
    code: str
    sentence: str
    column: str = ""
    mend: Mend | None = None


def validate(sheet: Sheet, roles: Roles, k_shot: int = 5) -> tuple[Finding, ...]:
    """Everything worth saying, errors first; never raises for what a table may hold."""
    raise NotImplementedError
