"""What the Notes page asks of the engine; no streamlit, since the engine's own processes import it."""

import dataclasses

import numpy as np

from dashboard.engine_calls.cache import cached
from dashboard.engine_calls.resources import shipped_learners
from maml_engine import Batch, Learner
from maml_engine.verification import published
from maml_engine.verification.published import Row

STEPS, INNER_LR = 10, 0.001
POINTS_X = (-4.0, -1.5, 0.5, 2.0, 4.5)
XS = np.linspace(-5, 5, 200, dtype=np.float32)


@cached
def jax_predictions() -> np.ndarray:
    """JAX's answer to the same, `[200]`."""
    learner = shipped_learners()["sinusoid_maml"]
    learner = learner.replace(experiment=dataclasses.replace(learner.experiment, inner_lr=INNER_LR))
    x = np.array(POINTS_X, np.float32)
    support = Batch(x[None, :, None], wave(x).astype(np.float32)[None, :, None])
    return np.asarray(learner.path_predictions(support, XS[None, :, None], STEPS))[0, -1, :, 0]


def wave(x: np.ndarray) -> np.ndarray:
    """`[n] -> [n]`: the wave whose points the browser and JAX adapt to."""
    return 3.0 * np.sin(x + 0.8)


@cached
def by_protocol(card: str, learner: Learner) -> list[Row]:
    """What a learner reaches by the card's protocol."""
    return published.judge(card, [learner], 0.0)
