"""A stranger's words where something reads markup: names from a file stay the names that they are.

Streamlit reads Markdown in labels and messages, Plotly reads a little HTML in whatever it draws.
"""

import html
import re

MAX_LENGTH = 60
_WORD_JOINER = "\u2060"  # no width, no break: what stands apart by it is no shortcode and no address any more
# Where something begins that needs no mark to be read, after what is escaped: `:smile:`, https://..., www...., somebody@...
_READ_WITHOUT_MARKS = r"(?<=:)(?=[\w+\\/-])|(?<=[wW]{3})(?=\\\.)|(?<=@)"


def short(text: object, longest: int = MAX_LENGTH) -> str:
    """One printable line, cut where it is long."""
    line = "".join(character if character.isprintable() else " " for character in str(text)).strip()
    return line if len(line) <= longest else f"{line[: longest - 1]}…"


def markdown(text: object, longest: int = 600) -> str:
    """Text for `st.markdown`, messages and labels, read there as it stands: no emphasis, links, formulas, icons or HTML."""
    return _escaped(short(text, longest))


def sentence(text: object, longest: int = 600) -> str:
    """A sentence of the app or the engine, most often an error's, which may quote a stranger: `markdown`, all but its names.

    A name in backticks, as refusals spell the field that they are about, is shown as code. Only letters, digits and "_" make
    one, so that a stranger's backticks set nothing else apart.
    """
    parts = re.split(r"(`\w+`)", short(text, longest))
    return "".join(part if place % 2 else _escaped(part) for place, part in enumerate(parts))


def _escaped(line: str) -> str:
    escaped = re.sub(r"([\\`*_{}\[\]<>()#+\-!|~$&^=.])", r"\\\1", line)
    return re.sub(_READ_WITHOUT_MARKS, _WORD_JOINER, escaped)


def code(text: object) -> str:
    """A name as code in Markdown: `short`, and its own backticks cannot end it."""
    name = short(text) or " "
    fence = "`" * (1 + max((len(run) for run in re.findall(r"`+", name)), default=0))
    padding = " " if name.startswith("`") or name.endswith("`") else ""
    return f"{fence}{padding}{name}{padding}{fence}"


def drawn(text: object, longest: int = 28) -> str:
    """A name for a figure: Plotly draws its `<b>` as characters."""
    return html.escape(short(text, longest), quote=False)
