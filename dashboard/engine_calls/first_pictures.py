"""What Home shows before the engine is loaded: the shipped learners' weights, five points, and the engine's numbers for them.

They lie beside this file; `python -m tools.first_numbers` writes them anew.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from dashboard.components.sine_bench import Answer, Entrant, Scene, Subject
from dashboard.method_names import COLOURS

FILE = Path(__file__).with_name("first_bench.json")
LABELS = {"maml": "MAML", "pretrained": "Pretrained on all tasks", "random": "Random initialisation"}
X_RANGE = (-5.0, 5.0)
# The wave and its points, as the sidebar asks for them. The seed is a usual one: of a hundred, half leave MAML a smaller error.
AMPLITUDE, PHASE, SHOTS, NOISE, SEED, INNER_LR = 3.0, 0.8, 5, 0.0, 17, 0.001
TRAINED_ON = Subject("maml", INNER_LR, amplitude=(0.1, 5.0), phase=(0.0, 3.1416))
ASKED = {"amplitude": AMPLITUDE, "phase": PHASE, "shots": SHOTS, "noise": NOISE, "seed": SEED, "inner_lr": INNER_LR}


class Usual(NamedTuple):
    """What the bench's learners do on many waves, drawn anew, from points and by steps as the bench begins with.

    num_waves: how many.
    steps: after which `after` is measured.
    before: mean squared error before adapting, by the learners' names, the mean over the waves.
    after: the same after the steps.
    nearest: on which share of the waves MAML has the least error then.
    flat: the amplitude below which a wave counts as flat.
    nearest_if_flat: the same share of the flat ones alone.
    """

    num_waves: int
    steps: int
    before: dict[str, float]
    after: dict[str, float]
    nearest: float
    flat: float
    nearest_if_flat: float


class FirstBench(NamedTuple):
    """What Home shows first.

    scene: the wave and its points.
    entrants: the shipped learners.
    answers: what the engine says of them, by their names.
    usual: what they do on other waves.
    """

    scene: Scene
    entrants: list[Entrant]
    answers: dict[str, Answer]
    usual: Usual


@cache
def load() -> FirstBench:
    """What was written beforehand."""
    stored = json.loads(FILE.read_text(encoding="utf-8"))
    points = tuple(tuple(point) for point in stored["scene"].pop("points"))
    entrants = [shipped_entrant(name, weights) for name, weights in stored["weights"].items()]
    answers = {name: Answer(np.array(loss)) for name, loss in stored["loss"].items()}
    scene = Scene(points=points, **{**stored["scene"], "hidden": ()})
    return FirstBench(scene, entrants, answers, Usual(**stored["usual"]))


def shipped_entrant(name: str, weights: Mapping[str, Any]) -> Entrant:
    """One of the shipped learners, from its weights."""
    return Entrant(name, LABELS[name], COLOURS[name], weights)


def save(first: FirstBench) -> None:
    """Writes what `load` reads."""
    stored = {
        "scene": asdict(first.scene),
        "weights": {entrant.name: entrant.weights for entrant in first.entrants},
        "loss": {name: answer.loss.tolist() for name, answer in first.answers.items()},
        "usual": first.usual._asdict(),
    }
    FILE.write_text(json.dumps(stored, indent=1) + "\n", encoding="utf-8")
