"""When the process of a job is ended: a stretch goes on that nobody wants any more, or it takes more memory than there is."""

from dashboard.jobs import memory
from dashboard.jobs.job import Work
from dashboard.jobs.pool import Pool

# How long a stretch may go on that nobody wants; longer where pages compute in the same process, which then ask again.
GRACE_SECONDS, SHARED_GRACE_SECONDS = 0.7, 5.0
# What a job's process may take of the machine's memory, or of its container's; so much it may always.
HOSTED_SHARE, SHARE, LEAST_MB = 0.6, 0.8, 600.0


class Limits:
    """Guards one registry's jobs; its lock is held meanwhile.

    pool: where they compute.
    hosted: whether it is a demo for strangers.
    """

    def __init__(self, pool: Pool, *, hosted: bool) -> None:
        """Looks how much memory there is."""
        self._pool = pool
        self._most_mb = max(LEAST_MB, (HOSTED_SHARE if hosted else SHARE) * memory.limit_mb())
        self._grace = SHARED_GRACE_SECONDS if pool.shares_lane else GRACE_SECONDS

    def enforce(self, work: Work, now: float) -> None:
        """Ends the process where it must be; once. What was reported is kept."""
        if work.is_cut:
            return
        if (taken := self._pool.jobs_memory_mb()) > self._most_mb:
            work.why_cut = (
                f"This run took {taken:,.0f} MB of memory, and a run may take {self._most_mb:,.0f} MB here, so it was ended: "
                "lower `meta_batch_size`, `hidden_dim` or `k_query`. What was reported until then is kept."
            )
        if work.why_cut or (work.unwanted is not None and now - work.unwanted > self._grace):
            work.is_cut = self._pool.end_jobs()
