"""What Home shows before the engine is loaded: the shipped learners' weights, five points, and the engine's numbers for them.

They lie beside this file; `python -m tools.first_numbers` writes them anew.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from dashboard.components.sine_bench import Answer, Entrant, Scene
from dashboard.method_names import COLOURS

FILE = Path(__file__).with_name("first_bench.json")
LABELS = {"maml": "MAML", "pretrained": "Pretrained on all tasks", "random": "Random initialisation"}
X_RANGE = (-5.0, 5.0)
# The wave and its points, as the sidebar asks for them.
AMPLITUDE, PHASE, SHOTS, NOISE, SEED, INNER_LR = 3.0, 0.8, 5, 0.0, 9, 0.001
ASKED = {"amplitude": AMPLITUDE, "phase": PHASE, "shots": SHOTS, "noise": NOISE, "seed": SEED, "inner_lr": INNER_LR}


class FirstBench(NamedTuple):
    """What Home shows first.

    scene: the wave and its points.
    entrants: the shipped learners.
    answers: what the engine says of them, by their names.
    """

    scene: Scene
    entrants: list[Entrant]
    answers: dict[str, Answer]


@cache
def load() -> FirstBench:
    """What was written beforehand."""
    stored = json.loads(FILE.read_text(encoding="utf-8"))
    points = tuple(tuple(point) for point in stored["scene"].pop("points"))
    entrants = [shipped_entrant(name, weights) for name, weights in stored["weights"].items()]
    answers = {name: Answer(np.array(loss)) for name, loss in stored["loss"].items()}
    return FirstBench(Scene(points=points, **{**stored["scene"], "hidden": ()}), entrants, answers)


def shipped_entrant(name: str, weights: Mapping[str, Any]) -> Entrant:
    """One of the shipped learners, from its weights."""
    return Entrant(name, LABELS[name], COLOURS[name], weights)


def save(scene: Scene, entrants: Sequence[Entrant], answers: Mapping[str, Answer]) -> None:
    """Writes what `load` reads."""
    stored = {
        "scene": asdict(scene),
        "weights": {entrant.name: entrant.weights for entrant in entrants},
        "loss": {name: answer.loss.tolist() for name, answer in answers.items()},
    }
    FILE.write_text(json.dumps(stored, indent=1) + "\n", encoding="utf-8")
