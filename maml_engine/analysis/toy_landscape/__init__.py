"""Meta-learning in a plane: tasks whose losses depend on two parameters, so that everything about it can be drawn.

A task is three numbers `(x, y, turn)`: where its loss is 0, and by how many radians its surface is turned. All functions here
are exact: losses have formulas, derivatives are JAX's. Everything is computed in 64 bits, and padded to `MAX_TASKS` tasks and
`MAX_STEPS` inner steps, so that one program serves all surfaces and whatever is dragged.
"""

from maml_engine.analysis.toy_landscape.gradients import METHODS
from maml_engine.analysis.toy_landscape.landscape import MAX_STEPS, MAX_TASKS, Landscape
from maml_engine.analysis.toy_landscape.optima import Optimum, descend, equidistant, optimum
from maml_engine.analysis.toy_landscape.surfaces import FLAT, STEEP, SURFACES, Surface, Task, bowl, river, valley, wave
from maml_engine.analysis.toy_landscape.views import Direction, View, meta_loss, view

__all__ = [
    "FLAT",
    "MAX_STEPS",
    "MAX_TASKS",
    "METHODS",
    "STEEP",
    "SURFACES",
    "Direction",
    "Landscape",
    "Optimum",
    "Surface",
    "Task",
    "View",
    "bowl",
    "descend",
    "equidistant",
    "meta_loss",
    "optimum",
    "river",
    "valley",
    "view",
    "wave",
]
