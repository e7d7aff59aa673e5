"""Folders of MAML Lab on this machine: runs, data, caches."""

import os
import shutil
import tempfile
from pathlib import Path

from platformdirs import user_data_path

MIN_FREE_MB = 50  # of less, whoever looks after a machine is told


def home_folder() -> Path:
    """Where runs and caches are kept: `MAML_LAB_HOME`, or the platform's folder for user data. It need not exist yet."""
    chosen = os.environ.get("MAML_LAB_HOME")
    return Path(chosen).expanduser() if chosen else user_data_path("maml-lab", appauthor=False)


def data_folder() -> Path:
    """Where data sets are read from or downloaded to: `MAML_LAB_DATA`, or `data` in the home folder."""
    chosen = os.environ.get("MAML_LAB_DATA")
    return Path(chosen).expanduser() if chosen else home_folder() / "data"


def free_megabytes(folder: Path) -> float:
    """What is free where a folder lies, which is made if it is not there; a few bytes are written to find out whether they can.

    Raises:
      OSError: nothing can be written there.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryFile(dir=folder) as probe:
        probe.write(b"probe")
        probe.flush()
    return shutil.disk_usage(folder).free / 1e6
