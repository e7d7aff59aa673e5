"""What a run is kept with: its learner's loss on held-out tasks, with intervals, by the protocol of `maml evaluate`."""

from typing import Any

import numpy as np

from dashboard.jobs import POOL
from maml_engine import Learner
from maml_engine.evaluation import evaluate_as_agreed


def measured(learner: Learner) -> dict[str, Any]:
    """As plain JSON: under `held_out`, the number of tasks, the mean loss after 0, 1, .. inner steps, and its 95 % interval."""
    return POOL.call(_measured, learner)


def _measured(learner: Learner) -> dict[str, Any]:
    with np.errstate(all="ignore"):  # some tasks may blow up
        curves = evaluate_as_agreed(learner, max(10, learner.experiment.inner_steps))
        low, high = curves.interval()
    rows = {"mean": curves.mean, "low": low, "high": high}
    return {"held_out": {"tasks": len(curves.loss)} | {name: _plain(row) for name, row in rows.items()}}


def _plain(row: Any) -> list[float | None]:
    """Numbers as JSON knows them; of what is not finite nothing is said."""
    return [float(value) if np.isfinite(value) else None for value in np.asarray(row, float)]
