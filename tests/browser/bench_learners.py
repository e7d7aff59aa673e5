"""Learners of every kind that the bench meets, the same in the test and in the script that it opens."""

from dataclasses import replace

import jax
import numpy as np

from dashboard.components.sine_bench import Scene
from dashboard.engine_calls import sine_bench
from maml_engine import Experiment, Learner

SCENE = Scene(2.5, 1.2, ((-4.0, 0.0), (-1.5, 0.5), (0.2, 0.0), (2.0, -1.0), (4.5, 0.0)), steps=9, inner_lr=0.004)
OPTIONS = {
    "relu": {},
    "tanh": {"model": "mlp", "activation": "tanh", "num_layers": 3},
    "sine": {"model": "mlp", "activation": "sine"},
    "per_parameter": {"method": "metasgd", "model": "mlp", "activation": "tanh", "inner_lr": 0.005},
    "per_step": {"method": "mamlplusplus", "inner_steps": 5, "inner_lr": 0.005},
    "decay": {"method": "mamlplusplus", "learn_step_sizes": False, "inner_lr_decay": 0.8},
    "head": {"method": "anil"},
    "body": {"method": "boil"},
    "by_python": {"method": "imaml", "inner_steps": 2},
}


def learners() -> dict[str, Learner]:
    """Untrained, but for the shipped one; learned step sizes differ from one another, and some are negative."""
    made = {name: spread(Learner.untrained(Experiment(seed=7, **options))) for name, options in OPTIONS.items()}
    return {"shipped": sine_bench.shipped()["maml"], **made}


def spread(learner: Learner) -> Learner:
    random = np.random.default_rng(5)
    rule = jax.tree.map(lambda sizes: (sizes * random.normal(1, 0.7, sizes.shape)).astype(np.float32), learner.meta.rule)
    return replace(learner, meta=learner.meta._replace(rule=rule))
