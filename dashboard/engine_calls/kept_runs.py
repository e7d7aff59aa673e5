"""Runs of the library as the rest of the app knows runs: a finished one comes back among the jobs, with its learner."""

from dashboard.engine_calls import resources
from dashboard.runs import library


def rename(run_id: str, owner: str, name: str) -> None:
    """Gives a run a name, in the library and among the jobs."""
    library().rename(run_id, owner, name)
    resources.jobs().rename(run_id, name)


def delete(run_id: str, owner: str) -> bool:
    """Removes a run of the owner's for good; False where there is none."""
    return library().delete(run_id, owner)


def bring_back(run_id: str) -> bool:
    """Whether the run is among the jobs, where every page finds it and its learner; one that has left them comes back."""
    return resources.jobs().snapshot(run_id) is not None
