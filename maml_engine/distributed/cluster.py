"""Which of several processes this one is: alone, as flags say, or as a cluster says that started it."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec

from maml_engine.distributed.flags import whole_number

# What srun sets for each process of a step, and `jax.distributed` reads.
SLURM = ("SLURM_JOB_ID", "SLURM_STEP_NODELIST", "SLURM_NTASKS", "SLURM_PROCID", "SLURM_LOCALID")
# What the pods of an indexed Job have; every pod has the first.
KUBERNETES = ("KUBERNETES_SERVICE_HOST", "JOB_COMPLETION_INDEX")


@dataclass(frozen=True)
class ClusterProcess:
    """One process among several; where a field is None, `jax.distributed` asks the cluster for its value.

    coordinator: HOST:PORT at which process 0 listens.
    num_processes: how many processes make the run; >= 2.
    process_id: which one this is, in `[0, num_processes)`.
    """

    coordinator: str | None = None
    num_processes: int | None = None
    process_id: int | None = None

    def __str__(self):
        return "This process" if self.process_id is None else f"Process {self.process_id} of {self.num_processes}"


def find_cluster(coordinator: str | None, num_processes: str | None, process_id: str | None) -> ClusterProcess | None:
    """Finds which process this is, from three flags or from the cluster's variables.

    Args:
      coordinator: what was typed behind `--coordinator`; None where the flag is missing.
      num_processes: behind `--num-processes`. 1 is a process that is alone, even where a cluster says otherwise.
      process_id: behind `--process-id`.

    Returns:
      The process; None where it is alone.

    Raises:
      ValueError: some of the three are missing, or one is out of range.
    """
    flags = {"--coordinator": coordinator, "--num-processes": num_processes, "--process-id": process_id}
    if all(value is None for value in flags.values()):
        return ClusterProcess() if in_cluster(os.environ) else None
    count = None if num_processes is None else whole_number("--num-processes", num_processes, low=1)
    if count == 1:
        return None
    if coordinator is None or count is None or process_id is None:
        missing = next(flag for flag, value in flags.items() if value is None)
        raise ValueError(f"`{missing}` must be given too: several processes need {', '.join(flags)}.")
    host, _, port = coordinator.rpartition(":")
    if not host or not port.isdecimal() or not 1 <= int(port) <= 65_535:
        raise ValueError(f"`--coordinator` must be HOST:PORT with a port from 1 to 65535, got {coordinator!r}.")
    return ClusterProcess(coordinator, count, whole_number("--process-id", process_id, low=0, high=count - 1))


def in_cluster(environment: Mapping[str, str]) -> bool:
    """Whether SLURM or Kubernetes started this process as one of several.

    Only variables are looked at: nothing is asked over a network, so a process that is alone never waits.

    Args:
      environment: the process's variables, as in `os.environ`.
    """
    if all(name in environment for name in SLURM):
        return environment.get("SLURM_STEP_NUM_TASKS", environment["SLURM_NTASKS"]) != "1"
    # `jax.distributed` asks the API server through this package; without it the three flags say the same.
    return all(name in environment for name in KUBERNETES) and find_spec("kubernetes") is not None
