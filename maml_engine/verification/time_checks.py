"""Checks of times; they mean something on a machine that does nothing else.

Each function gives the error of one check of `board`.
"""

import statistics
import time
from pathlib import Path

import jax
import numpy as np

from maml_engine.experiment import Experiment
from maml_engine.learner import Learner
from maml_engine.tasks import Sinusoid
from maml_engine.training import train

SHIPPED = Path(__file__).resolve().parent.parent / "pretrained" / "sinusoid_maml"


def meta_iteration() -> float:
    """Seconds of one meta-iteration of the tutorial's run, compiling apart."""
    *_, report = train(Experiment(num_iterations=1000))
    return report.seconds / report.iteration


def adapting_twelve() -> float:
    """Seconds in which the shipped learner adapts to twelve tasks, once compiled; a median."""
    learner = Learner.load(SHIPPED)
    episode = jax.tree.map(np.asarray, Sinusoid().sample(jax.random.key(0), 12, 10, 100))
    seconds = []
    for _ in range(20):
        began = time.perf_counter()
        jax.block_until_ready(learner.path_predictions(episode.support, episode.query.x, 10))
        seconds.append(time.perf_counter() - began)
    return statistics.median(seconds)
