"""Work that takes long, away from the server's own process: runs in a queue, and the processes in which the engine computes."""

from dashboard.jobs.budget import BUDGETS
from dashboard.jobs.pool import POOL, EngineLost, Pool
from dashboard.jobs.registry import JobRegistry
from dashboard.jobs.running import LEASE_SECONDS
from dashboard.jobs.snapshot import DIVERGED, DONE, ENDED, FAILED, QUEUED, RUNNING, STOPPED, History, Snapshot

__all__ = [
    "BUDGETS",
    "DIVERGED",
    "DONE",
    "ENDED",
    "FAILED",
    "LEASE_SECONDS",
    "POOL",
    "QUEUED",
    "RUNNING",
    "STOPPED",
    "EngineLost",
    "History",
    "JobRegistry",
    "Pool",
    "Snapshot",
]
