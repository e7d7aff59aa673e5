"""The runs that made the shipped learners, as their folders say, read before the engine is loaded: Home names them."""

import json
from functools import cache
from pathlib import Path
from types import SimpleNamespace

PRETRAINED = Path(__file__).resolve().parents[2] / "maml_engine" / "pretrained"
# Name on the bench -> the folder, and whether the learner is what the run began with.
_FOLDERS = {"maml": ("sinusoid_maml", False), "pretrained": ("sinusoid_joint", False), "random": ("sinusoid_maml", True)}


@cache
def runs() -> dict[str, tuple[SimpleNamespace, int]]:
    """By the learners' names on the bench: the run's fields, and how many of its meta-iterations were made."""
    found = {}
    for name, (folder, is_start) in _FOLDERS.items():
        run = SimpleNamespace(**json.loads((PRETRAINED / folder / "experiment.json").read_text(encoding="utf-8")))
        found[name] = (run, 0 if is_start else run.num_iterations)
    return found
