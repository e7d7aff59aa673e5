"""What all visitors share: the shipped learners and the job registry. Nothing here is ever changed by a page."""

import json
import threading
from collections.abc import Iterator, Mapping
from functools import cache, lru_cache

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


class _Shipped(Mapping[str, Learner]):
    """Each is opened when it is asked for: a page's first picture shows one or two."""

    def __getitem__(self, name: str) -> Learner:
        if name not in _shipped_tasks():
            raise KeyError(name)
        with _opening:
            return _shipped_learner(name)

    def __iter__(self) -> Iterator[str]:
        return iter(_shipped_tasks())

    def __len__(self) -> int:
        return len(_shipped_tasks())


_SHIPPED = _Shipped()


def shipped_learners() -> Mapping[str, Learner]:
    """The learners that come with the app: `sinusoid_maml`, `sinusoid_joint` (one network for all tasks), and `random`."""
    return _SHIPPED


@cache
def _shipped_tasks() -> dict[str, str]:
    """What each was trained on, by its folder: known before it is opened."""
    files = sorted(PRETRAINED.glob("*/experiment.json"))
    tasks = {file.parent.name: json.loads(file.read_text(encoding="utf-8"))["tasks"] for file in files}
    return tasks | {"random": tasks["sinusoid_maml"]}


@lru_cache(maxsize=16)  # more than there are: of one name there is one learner
def _shipped_learner(name: str) -> Learner:
    if name != "random":
        return Learner.load(PRETRAINED / name)
    trained = _shipped_learner("sinusoid_maml")
    start = jax.tree.unflatten(jax.tree.structure(trained.meta), _random_start(trained))
    return trained.replace(meta=start, iteration=0)


def picture_learners() -> dict[str, Learner]:
    """Those of them that were trained on pictures."""
    return {name: shipped_learners()[name] for name, tasks in _shipped_tasks().items() if tasks in PICTURES}


def forget_shipped_learners() -> None:
    """As on a server that nobody has visited yet."""
    _shipped_learner.cache_clear()


@cached
def _random_start(trained: Learner) -> list[np.ndarray]:
    """The parameters with which the training of `trained` began, leaf by leaf."""
    return [np.asarray(leaf) for leaf in jax.tree.leaves(Learner.untrained(trained.experiment).meta)]
