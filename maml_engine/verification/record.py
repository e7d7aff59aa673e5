"""What a measured number needs to be worth quoting: the command that made it, when, with which versions, on which machine."""

import datetime
import json
import os
import platform
import re
from collections.abc import Mapping
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path
from typing import Any

import jax

PACKAGES = ("jax", "jaxlib", "flax", "optax", "numpy")


def provenance(command: str) -> dict[str, Any]:
    """Says how a number was made, for JSON: `command`, `date` (UTC), `versions` and `machine`."""
    devices = jax.devices()
    return {
        "command": command,
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "versions": {"python": platform.python_version()} | {name: version(name) for name in PACKAGES},
        "machine": f"{_processor()}, {os.cpu_count()} cores, {devices[0].platform}",
    }


def recorded(name: str) -> dict[str, Any]:
    """Reads the last run that the package carries: what its `command` printed.

    Args:
      name: "checks" or "published".

    Raises:
      ValueError: the file is missing.
    """
    file = files("maml_engine.verification") / f"last_{name}.json"
    if not file.is_file():
        raise ValueError(f"The record of the last run must lie in {file}, and is missing.")
    return json.loads(file.read_text())


def described(record: Mapping[str, Any]) -> str:
    """One sentence: when, by which command, with what, on which machine."""
    versions = ", ".join(f"{name} {number}" for name, number in record["versions"].items())
    return f"`{record['command']}` on {record['date']}, {record['machine']}; {versions}."


def _processor() -> str:
    """The processor's model, as Linux names it."""
    try:
        named = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())
    except OSError:
        named = None
    return named[1].strip() if named else platform.processor() or platform.machine()
