"""What the lessons ask of the engine; no streamlit, since the engine's own processes import it."""

from typing import NamedTuple

import numpy as np

from dashboard.engine_calls import adaptation
from dashboard.engine_calls.cache import cached
from dashboard.results import MAX_SHOTS
from maml_engine import Batch, Episode, Learner
from maml_engine.analysis.loss_slices import adapted_points


class OneStep(NamedTuple):
    """Norms of the first step.

    theta: of the parameters before it.
    gradient: of the support loss's gradient there.
    move: of the step itself.
    """

    theta: float
    gradient: float
    move: float


@cached
def one_step(learner: Learner, points: tuple[tuple[float, float], ...], inner_lr: float) -> OneStep:
    """`points` as x and y."""
    rows = np.zeros((3, 1, MAX_SHOTS, 1), np.float32)
    rows[0, 0, : len(points), 0], rows[1, 0, : len(points), 0] = np.array(points).T
    rows[2, 0, : len(points)] = 1
    support = Batch(rows[0], rows[1], rows[2, ..., 0])
    path = adapted_points(adaptation.with_inner_lr(learner, inner_lr).adapter(), Episode(support, support), 1)[0]
    move = float(np.linalg.norm(path[1].astype(np.float64) - path[0]))
    return OneStep(float(np.linalg.norm(path[0])), move / inner_lr, move)
