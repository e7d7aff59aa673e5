"""One thing that a table's owner should know, and the changes that are offered for it."""

from collections.abc import Sequence
from dataclasses import dataclass

from maml_engine.checks import listed, shown
from maml_engine.io.sheet import Sheet
from maml_engine.tasks.roles import Roles

SEVERITIES = ("error", "warning", "note")
RULING = ("leak",)  # findings that would rule the verdict


@dataclass(frozen=True)
class Fix:
    """A change that is offered.

    label: for a button, such as "Take the logarithm of 'price'".
    roles: the roles afterwards, or None where they stay.
    drop: rows to leave out, by their numbers in the file.
    forms: how columns are to be read, pairs of a name and a form.
    missing: numbers that stand for missing ones, pairs of a column's name and how the number is written.
    sure: columns that are right as they are.
    renames: whether rows below the header are to be joined to it, where they are not, and the reverse.
    k_shot: how many rows of a new task are to be known; 0 leaves that.
    """

    label: str
    roles: Roles | None = None
    drop: tuple[int, ...] = ()
    forms: tuple[tuple[str, str], ...] = ()
    missing: tuple[tuple[str, str], ...] = ()
    sure: tuple[str, ...] = ()
    renames: bool = False
    k_shot: int = 0

    def apply(self, sheet: Sheet, roles: Roles) -> tuple[Sheet, Roles]:
        """The sheet and roles after the change; neither argument is touched."""
        roles = self.roles or roles
        if self.renames:
            renamed = dict(zip(sheet.names, sheet.other_names, strict=True))
            sheet = sheet.renamed()
            task, *numbers = (renamed[name] for name in (roles.task, *roles.numbers))
            log, time = tuple(renamed[name] for name in roles.log), renamed.get(roles.time, "")
            roles = roles.replace(task=task, inputs=tuple(numbers[:-1]), target=numbers[-1], log=log, time=time)
        if self.drop:
            sheet = sheet.drop(self.drop)
        if self.forms or self.sure:
            sheet = sheet.read_as(dict(self.forms), sure=self.sure)
        for name, word in self.missing:
            sheet = sheet.without_word(name, word)
        return sheet, roles


@dataclass(frozen=True)
class Finding:
    """One thing found.

    severity: "error" (nothing can be trained until it is fixed), "warning" or "note".
    code: a fixed word for programs, such as "leak".
    sentence: for people.
    column: the column that it is about, or "".
    fix: what would change it, or None.
    others: other changes that are as good, where it has to be asked.
    """

    severity: str
    code: str
    sentence: str
    column: str = ""
    fix: Fix | None = None
    others: tuple[Fix, ...] = ()

    @property
    def fixes(self) -> tuple[Fix, ...]:
        """All that is offered."""
        return (*filter(None, [self.fix]), *self.others)


def as_classes(roles: Roles) -> Roles:
    """The same with a target that names classes."""
    return roles.replace(classes=True, log=tuple(name for name in roles.log if name != roles.target))


def without(roles: Roles, *names: str) -> Fix | None:
    """The fix that leaves inputs out; None where no input would be left."""
    inputs = tuple(other for other in roles.inputs if other not in names)
    log = tuple(other for other in roles.log if other not in names)
    return Fix(f"Leave out {listed([*map(shown, names)], most=3)}", roles.replace(inputs=inputs, log=log)) if inputs else None


def as_given(*names: str) -> Fix:
    """The fix that takes inputs as they are, whatever was found about them."""
    return Fix(f"Keep {listed([*map(shown, names)], most=3)} as {'it is' if len(names) == 1 else 'they are'}", sure=names)


def without_log(roles: Roles, name: str) -> Fix:
    """The fix that takes a logarithm back."""
    return Fix(f"Use {shown(name)} as it is", roles.replace(log=tuple(other for other in roles.log if other != name)))


def stops(findings: Sequence[Finding], sheet: Sheet) -> tuple[Finding, ...]:
    """What has to be settled before anything is trained: errors, and what rules the verdict until somebody says it is meant.

    Args:
      findings: of a table.
      sheet: the table, which knows what somebody has said is right as it is.
    """
    return tuple(one for one in findings if one.severity == "error" or (one.code in RULING and one.column not in sheet.sure))
