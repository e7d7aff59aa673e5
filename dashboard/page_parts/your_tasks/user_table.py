"""A visitor's table as a value, which the engine's processes know as well; what is done with it is in `table`."""

from dataclasses import dataclass

from maml_engine.tables import Guess, Roles, Sheet


@dataclass(frozen=True, eq=False)
class UserTable:
    """A table at hand.

    id: names it in the session.
    name: the file's, or the example's.
    sheet: its cells.
    roles: which column is what.
    example: its name among `EXAMPLES`, as long as nothing was changed; else "".
    guess: why its columns were taken so, and what has to be asked; None where somebody has chosen them.
    """

    id: str
    name: str
    sheet: Sheet
    roles: Roles
    example: str = ""
    guess: Guess | None = None
