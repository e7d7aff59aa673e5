"""Folders of MAML Lab on this machine: runs, data, caches."""

import os
from pathlib import Path

from platformdirs import user_data_path


def home_folder() -> Path:
    """Where runs and caches are kept: `MAML_LAB_HOME`, or the platform's folder for user data. It need not exist yet."""
    chosen = os.environ.get("MAML_LAB_HOME")
    return Path(chosen).expanduser() if chosen else user_data_path("maml-lab", appauthor=False)


def data_folder() -> Path:
    """Where data sets are read from or downloaded to: `MAML_LAB_DATA`, or `data` in the home folder."""
    chosen = os.environ.get("MAML_LAB_DATA")
    return Path(chosen).expanduser() if chosen else home_folder() / "data"
