"""What one job may ask for on a hosted demo; at home there is no limit. Refused beforehand, with what would fit."""

from dashboard.jobs.estimates import Estimates, memory_mb
from maml_engine import Experiment
from maml_engine.tasks import PICTURES

# Each field by itself.
BUDGETS = {
    **{"num_iterations": 100_000, "meta_batch_size": 200, "inner_steps": 20, "k_shot": 200, "k_query": 200},
    **{"hidden_dim": 256, "num_layers": 6, "context_dim": 64, "fourier_features": 256, "cg_steps": 50, "degree": 20},
    **{"filters": 64, "n_way": 20, "image_size": 84},
}
# Unfinished runs that one visitor may have, and those that wait in all.
MAX_PLACES, MAX_QUEUE = 3, 200
MAX_SECONDS = 600.0  # a job, as expected; what takes twice as long after all is ended
MAX_MEMORY_MB = 400.0  # the intermediate values of a meta-iteration


def check_fields(experiment: Experiment) -> None:
    """Each field by itself.

    Raises:
      ValueError: one is more than the demo allows.
    """
    for name, most in BUDGETS.items():
        if (value := getattr(experiment, name)) > most:
            raise ValueError(
                f"`{name}` must be at most {most} on this hosted demo, got {value}; on your own machine there is no limit."
            )


def check_places(has: int, *, waiting: int) -> None:
    """Room for one more.

    Args:
      has: runs of the visitor's that have not ended.
      waiting: runs of all that wait.

    Raises:
      ValueError: there is none.
    """
    if has >= MAX_PLACES:
        raise ValueError(
            f"You have {has} runs here that have not ended, which is all that one visitor may have on this hosted demo: stop "
            "one of them, or wait until one has ended."
        )
    if waiting >= MAX_QUEUE:
        raise ValueError(f"{waiting} runs are waiting already, which is all this demo holds: try again in a minute.")


def check_whole(experiment: Experiment, estimates: Estimates) -> None:
    """All fields together.

    Raises:
      ValueError: the run would take longer, or more memory, than the demo gives one run.
    """
    if (needed := memory_mb(experiment)) > MAX_MEMORY_MB:
        fits = max(1, int(experiment.meta_batch_size * MAX_MEMORY_MB / needed))
        raise ValueError(
            f"This run would need about {needed:,.0f} MB for one meta-step, and this hosted demo gives {MAX_MEMORY_MB:,.0f}: "
            f"`meta_batch_size` {fits} would fit, or fewer {_others(experiment)}."
        )
    if (seconds := estimates.seconds_of(experiment)) > MAX_SECONDS:
        fits = _round(estimates.iterations_in(MAX_SECONDS, experiment))
        raise ValueError(
            f"This run would take about {seconds / 60:,.0f} minutes here, and this hosted demo gives a run "
            f"{MAX_SECONDS / 60:.0f}: `num_iterations` {fits} would fit."
        )


def _others(experiment: Experiment) -> str:
    """What else takes memory."""
    if experiment.tasks in PICTURES:
        return "`inner_steps`, `k_query`, `n_way` or `filters`"
    return "`inner_steps`, `k_shot` or `hidden_dim`"


def _round(number: int) -> int:
    """Down to two digits, so that it fits tomorrow, too."""
    step = 10 ** max(0, len(str(number)) - 2)
    return number // step * step
