"""Whether the folder of runs and compiled programs can be written: looked at as the server starts, said once a visitor."""

import shutil
import tempfile
from pathlib import Path

from dashboard.server.logs import log

MIN_FREE_MB = 50
_trouble = ""


def look() -> str:
    """Looks, writes down what is wrong, and keeps it for `trouble`."""
    global _trouble
    from maml_engine.runtime.paths import home_folder  # pages ask for `trouble` before the engine is imported

    _trouble = _looked(home_folder())
    if _trouble:
        log.warning("The folder %s %s. Set MAML_LAB_HOME to one that can be written.", home_folder(), _trouble)
    return _trouble


def trouble() -> str:
    """What was wrong with the folder, in words that follow its name; empty where nothing was."""
    return _trouble


def sentence() -> str:
    """For a visitor."""
    return f"The folder in which this server keeps runs {_trouble}: download what you want to keep."


def _looked(folder: Path) -> str:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder) as probe:
            probe.write(b"probe")
            probe.flush()
        free = shutil.disk_usage(folder).free / 1e6
    except OSError as error:
        return f"cannot be written ({error.strerror})"
    return f"has {free:.0f} MB left" if free < MIN_FREE_MB else ""
