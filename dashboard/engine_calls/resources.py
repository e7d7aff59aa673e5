"""What all visitors share: the shipped learners and the job registry. Nothing here is ever changed by a page."""

import threading
from functools import cache

import jax
import numpy as np

from dashboard.downloads.files import learner_zip
from dashboard.engine_calls.cache import cached
from dashboard.engine_calls.held_out import measured
from dashboard.engine_calls.shipped_runs import PRETRAINED
from dashboard.jobs import POOL, JobRegistry
from dashboard.jobs.keeping import Keeper
from dashboard.jobs.leases import Leases
from dashboard.runs import is_configured, library
from maml_engine import Learner
from maml_engine.runtime.compilation_cache import enable_compilation_cache
from maml_engine.tasks import PICTURES

enable_compilation_cache()  # before anything is compiled
# No cache of Streamlit's holds what is here: any visitor can have it cleared.
_LEASES = Leases(library) if is_configured() else None
_KEEPER = Keeper(library, pack=learner_zip, measure=measured, lease_of=_LEASES.number if _LEASES else lambda job_id: None)
_JOBS = JobRegistry(pool=POOL, keeper=_KEEPER, leases=_LEASES)
_opening = threading.Lock()


def jobs() -> JobRegistry:
    """The runs of this server."""
    return _JOBS


def share_jobs() -> None:
    """Takes part in several processes' queue, where there is one; for the server alone, since the engine's import this too."""
    if _LEASES:
        _LEASES.start(_JOBS)


def shipped_learners() -> dict[str, Learner]:
    """The learners that come with the app: `sinusoid_maml`, `sinusoid_joint` (one network for all tasks), and `random`."""
    with _opening:
        return _shipped_learners()


@cache
def _shipped_learners() -> dict[str, Learner]:
    learners = {
        folder.name: Learner.load(folder) for folder in sorted(PRETRAINED.iterdir()) if (folder / "experiment.json").is_file()
    }
    trained = learners["sinusoid_maml"]
    start = jax.tree.unflatten(jax.tree.structure(trained.meta), _random_start(trained))
    return learners | {"random": trained.replace(meta=start, iteration=0)}


def picture_learners() -> dict[str, Learner]:
    """Those of them that were trained on pictures."""
    return {name: one for name, one in shipped_learners().items() if one.experiment.tasks in PICTURES}


def forget_shipped_learners() -> None:
    """As on a server that nobody has visited yet."""
    _shipped_learners.cache_clear()


@cached
def _random_start(trained: Learner) -> list[np.ndarray]:
    """The parameters with which the training of `trained` began, leaf by leaf."""
    return [np.asarray(leaf) for leaf in jax.tree.leaves(Learner.untrained(trained.experiment).meta)]
