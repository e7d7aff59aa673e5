"""Drawings that nobody has drawn, and small learners of pictures that have learned nothing."""

import jax
import numpy as np
from flax import nnx

from dashboard.components.drawing_pad.strokes import SIZE, Drawings, checked
from maml_engine import Conv4, Experiment, Learner
from maml_engine.core.episode import Batch, Episode


def drawings(ways: int, shots: int, seed: int = 0) -> Drawings:
    """Lines that wander about."""
    rng = np.random.default_rng(seed)

    def drawing():
        return [np.clip(500 + np.cumsum(rng.normal(0, 60, (20, 2)), 0), 0, 1000).astype(int).ravel().tolist() for _ in range(2)]

    classes = [{"name": f"class {way}", "drawings": [drawing() for _ in range(shots)]} for way in range(ways)]
    return checked({"classes": classes, "query": drawing()})


class Pictures:
    """Tasks of pictures of the pad's size, which only say what shape they have."""

    def __init__(self, ways: int):
        self.ways = ways

    def split(self, name):
        del name
        return self

    def sample(self, key, meta_batch_size, k_shot, k_query):
        def batch(k):
            shape = (meta_batch_size, self.ways * k)
            y = jax.numpy.broadcast_to(jax.numpy.repeat(jax.numpy.eye(self.ways), k, axis=0), (*shape, self.ways))
            return Batch(jax.random.uniform(key, (*shape, SIZE, SIZE, 1)), y)

        return Episode(batch(k_shot), batch(k_query))


def pad_learner(method: str, ways: int = 5, norm: str = "group", **changes) -> Learner:
    """A small network at its random start, as a learner of a method."""
    experiment = Experiment(method=method, loss="softmax_cross_entropy", k_shot=1, **changes)
    model = Conv4(ways, features=16, norm=norm, rngs=nnx.Rngs(0))
    return Learner.untrained(experiment, model=model, tasks=Pictures(ways))


def pad_learners() -> dict[str, Learner]:
    """One of each kind that the pad computes."""
    steps = {"inner_lr": 0.3, "inner_steps": 4}
    return {
        "head": pad_learner("maml", **steps),
        "zero": pad_learner("unicorn", **steps),
        "start": pad_learner("protomaml", inner_lr=0.05, inner_steps=4),
        "means": pad_learner("protonet"),
        "layer": pad_learner("fomaml", norm="layer", **steps),
    }
