"""Learners on the sine bench: what the browser needs of them, and the engine's own numbers for what stands there."""

import functools
from collections.abc import Mapping
from functools import partial
from typing import Any

import jax
import numpy as np

from dashboard.components.sine_bench import CURVE_POINTS, Answer, Entrant, Scene
from dashboard.components.sine_bench.weights import weights
from dashboard.engine_calls import adaptation, cache, first_pictures, resources
from dashboard.engine_calls.cache import cached
from dashboard.engine_calls.first_pictures import FirstBench, Usual
from dashboard.method_names import COLOURS
from maml_engine import Learner, Sinusoid
from maml_engine.evaluation import draw, evaluate_episode

FLAT = 0.5  # an amplitude, in units of y
SHIPPED = {"maml": "sinusoid_maml", "pretrained": "sinusoid_joint", "random": "random"}


def shipped() -> dict[str, Learner]:
    """The shipped learners, by their names on the bench."""
    learners = resources.shipped_learners()
    return {name: learners[shipped_name] for name, shipped_name in SHIPPED.items()}


def shipped_entrants() -> list[Entrant]:
    """The shipped learners on the bench."""
    return [first_pictures.shipped_entrant(name, browser_weights(learner)) for name, learner in shipped().items()]


def entrant(name: str, label: str, learner: Learner, *, colour: str | None = None, inner_lr: float | None = None) -> Entrant:
    """`learner` on the bench; where the browser cannot compute it, Python answers.

    Args:
      name: in links.
      label: for the reader.
      learner: what adapts.
      colour: its method's where none is given.
      inner_lr: a step size of its own; None takes the bench's.
    """
    colour = colour or COLOURS[name if name in COLOURS else learner.experiment.method]
    try:
        sent, why = browser_weights(learner), ""
    except ValueError as error:
        sent, why = None, str(error)
    return Entrant(name, label, colour, sent, why, inner_lr)


def answers(
    scene: Scene,
    learners: Mapping[str, Learner],
    step_sizes: Mapping[str, float | None] | None = None,
    x_range: tuple[float, float] = first_pictures.X_RANGE,
) -> dict[str, Answer]:
    """The engine's own numbers for what stands on the bench, by the learners' names.

    Args:
      scene: what stands there.
      learners: by name.
      step_sizes: by the same names, for those that do not take the bench's.
      x_range: ends of the inputs over which they are judged.
    """
    sizes = {name: (step_sizes or {}).get(name) or scene.inner_lr for name in learners}
    task = Scene(scene.amplitude, scene.phase, scene.points)  # steps and names change no answer
    return {name: _answer(learner, task, sizes[name], x_range) for name, learner in learners.items()}


def first_bench() -> FirstBench:
    """What Home shows first, computed: the tool that writes it down asks for it, and a test."""
    scene = scene_of(**first_pictures.ASKED)
    return FirstBench(scene, shipped_entrants(), answers(scene, shipped()), usual())


def usual(num_waves: int = 1000) -> Usual:
    """The shipped learners on new waves, from as many points and by as many steps of the same size as the bench begins with."""
    tasks, key, steps = shipped()["maml"].default_tasks.split("test"), jax.random.key(2018), Scene().steps
    episode = draw(tasks, key, num_waves, k_shot=first_pictures.SHOTS, k_query=100)
    loss = {
        name: evaluate_episode(adaptation.with_inner_lr(learner, first_pictures.INNER_LR), episode, steps).loss
        for name, learner in shipped().items()
    }
    is_nearest = loss["maml"][:, steps] <= np.min([each[:, steps] for each in loss.values()], axis=0)
    is_flat = np.asarray(tasks.draw_split(key, num_waves).amplitude) < FLAT
    return Usual(
        num_waves=num_waves,
        steps=steps,
        before={name: float(each[:, 0].mean()) for name, each in loss.items()},
        after={name: float(each[:, steps].mean()) for name, each in loss.items()},
        nearest=float(is_nearest.mean()),
        flat=FLAT,
        nearest_if_flat=float(is_nearest[is_flat].mean()),
    )


@functools.cache
def warm_up() -> None:
    """Computes one answer, though all that Home shows first come with the app: the next one finds its program compiled."""
    cache.compute(adaptation.path_from, (shipped()["maml"], ((0.0, 0.0),), first_pictures.INNER_LR, first_pictures.X_RANGE), {})


def can_show(learner: Learner) -> bool:
    """Whether the bench's waves are what `learner` is for."""
    return learner.experiment.tasks == "sinusoid" and (learner.in_dim, learner.out_dim) == (1, 1)


def scene_of(amplitude: float, phase: float, *, shots: int, noise: float, seed: int, inner_lr: float) -> Scene:
    """A wave and the points that a seed draws of it.

    Args:
      amplitude: of the wave, in units of y.
      phase: in radians.
      shots: how many points, at most `MAX_SHOTS`.
      noise: standard deviation of what is added to the points, in units of y.
      seed: of the draw.
      inner_lr: the bench's step size.
    """
    tasks = Sinusoid(amplitude=(amplitude,) * 2, phase=(phase,) * 2, noise=noise)
    x, y = adaptation.drawn_points(tasks, seed)
    return Scene.of_points(amplitude, phase, x[:shots], y[:shots], inner_lr=inner_lr)


@partial(cached, is_quick=True)
def browser_weights(learner: Learner) -> dict[str, Any]:
    """`weights.weights`, computed once a learner."""
    return weights(learner)


def _answer(learner: Learner, task: Scene, inner_lr: float, x_range: tuple[float, float]) -> Answer:
    x, y = task.support
    points = tuple(zip(x.tolist(), y.tolist(), strict=True))
    path = adaptation.path_from(learner, points, inner_lr, x_range)
    with np.errstate(all="ignore"):  # some steps blow up
        loss = np.square(path - task.truth(np.linspace(*x_range, CURVE_POINTS)), dtype=np.float64).mean(axis=1)
    return Answer(loss, path)
