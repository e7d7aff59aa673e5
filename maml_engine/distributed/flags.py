"""Numbers behind flags of the command line, which arrive as text."""

import re

from maml_engine.checks import check_number


def whole_number(flag: str, content: str | int, *, low: int, high: int | None = None) -> int:
    """The whole number behind a flag.

    Args:
      flag: its name, for the refusal.
      content: what was typed.
      low, high: inclusive bounds; None is no upper one.

    Raises:
      ValueError: no whole number, or out of bounds.
    """
    is_whole = re.fullmatch(r"-?\d{1,18}", str(content)) is not None
    check_number(flag, int(content) if is_whole else content, integer=True, low=low, high=high)
    return int(content)
