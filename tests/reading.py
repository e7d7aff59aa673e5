"""What somebody reads of Markdown that `dashboard.escape` has made."""


def as_read(text: str) -> str:
    """Without the backslashes and the invisible marks."""
    return text.replace("\\", "").replace("\u2060", "")
