"""Who else looks whether things are in order when somebody calls `maml doctor`: an app over the engine, an installed package.

The engine knows none of them. A module that `maml doctor --import MODULE` imports says `DOCTORS["its name"] = look`; a package
names its own as an entry point of the group "maml_engine.doctor".
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from maml_engine.runtime.registry import Registry


class Findings(NamedTuple):
    """What somebody has looked at.

    looked_at: in words, for a line of its own.
    problems: one sentence each; empty where all is well.
    """

    looked_at: str
    problems: Sequence[str]


DOCTORS: Registry[Callable[[], Findings]] = Registry("doctor", {})
