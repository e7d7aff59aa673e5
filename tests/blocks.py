"""The code blocks of a Markdown file, run as they stand there, and what they print beside what is shown."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
# What the README says of its numbers: other processors round otherwise, and ten thousand steps make something of that.
RELATIVE = 0.2

# Each source in a namespace of its own, in one process: what they have in common is imported and compiled once.
RUNNER = """
import contextlib, io, json, sys
printed = []
for name, source in json.load(sys.stdin):
    with contextlib.redirect_stdout(io.StringIO()) as out:
        exec(compile(source, name, "exec"), {"__name__": "__main__"})
    printed.append(out.getvalue())
json.dump(printed, sys.stdout)
"""


class Block(NamedTuple):
    """A fenced block.

    language: what stands behind the fence, "" for nothing.
    text: the lines between the fences.
    """

    language: str
    text: str


def blocks_of(markdown: str) -> list[Block]:
    """All fenced blocks, in order."""
    return [Block(*found) for found in re.findall(r"^```(\w*)\n(.*?)^```$", markdown, re.MULTILINE | re.DOTALL)]


def python_with_output(markdown: str) -> list[tuple[str, str]]:
    """Each Python block with the text block that follows it: what it is said to print."""
    blocks = blocks_of(markdown)
    pairs = [
        (block.text, after.text)
        for block, after in zip(blocks, [*blocks[1:], Block("", "")], strict=True)
        if block.language == "python"
    ]
    assert all(shown for _, shown in pairs), "a Python block without its output"
    return pairs


def run_all(sources: list[tuple[str, str]], folder: Path) -> list[str]:
    """What (name, source) pairs print, run one after the other from an empty `folder`, with warnings as errors."""
    environment = {name: value for name, value in os.environ.items() if name != "XLA_FLAGS"}  # compiled as a reader's would be
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", RUNNER],
        input=json.dumps(sources),
        env=environment | {"PYTHONPATH": str(ROOT)},
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=1800,  # a guard against hanging: nine scripts take minutes on a busy machine
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def assert_alike(printed: str, shown: str) -> None:
    """The same text, and numbers as near as `RELATIVE` says, or to one unit of the last digit shown."""
    number = r"-?\d+(?:\.\d*)?"
    # Arrays are padded with spaces to their longest number, so that one digit more moves the others.
    texts = [re.sub(r"\s+", " ", re.sub(number, "#", text)).replace("[ ", "[").replace(" ]", "]") for text in (printed, shown)]
    assert texts[0] == texts[1], f"printed:\n{printed}\nshown:\n{shown}"
    for got, wanted in zip(re.findall(number, printed), re.findall(number, shown), strict=True):
        unit = 10.0 ** -len(wanted.partition(".")[2])
        assert np.isclose(float(got), float(wanted), rtol=RELATIVE, atol=1.01 * unit), f"{got} for {wanted} in\n{printed}"
