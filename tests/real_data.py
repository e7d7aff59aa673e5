"""Real tables, which are not ours to ship: in the folder that `MAML_LAB_DATA` names, else in one beside the checkout."""

import os
from pathlib import Path

import pytest

DATA = Path(os.environ.get("MAML_LAB_DATA", Path(__file__).parents[2] / "shared" / "data"))


def real_file(name: str) -> Path:
    """A file below that folder; the test is skipped where it is not there."""
    path = DATA / name
    if not path.is_file():
        pytest.skip(f"real data has no {path}: MAML_LAB_DATA names its folder")
    return path
