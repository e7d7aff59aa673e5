"""Who is alone, and who is one of several."""

import pytest

from maml_engine.distributed import cluster, find_cluster

SLURM_STEP = {
    "SLURM_JOB_ID": "7", "SLURM_STEP_NODELIST": "node[1-2]", "SLURM_NTASKS": "2", "SLURM_PROCID": "1", "SLURM_LOCALID": "0",
}  # fmt: skip


@pytest.mark.parametrize(
    ("environment", "is_several"),
    [
        ({}, False),
        (SLURM_STEP, True),
        (SLURM_STEP | {"SLURM_NTASKS": "1"}, False),
        (SLURM_STEP | {"SLURM_STEP_NUM_TASKS": "1"}, False),  # a step of one task in a larger job
        ({name: value for name, value in SLURM_STEP.items() if "STEP" not in name}, False),  # a job's script, before srun
        ({"KUBERNETES_SERVICE_HOST": "10.0.0.1"}, False),  # any pod has it
    ],
)
def test_a_cluster_is_recognised_by_its_variables_alone(environment, is_several):
    assert cluster.in_cluster(environment) is is_several


@pytest.mark.parametrize("is_installed", [True, False])
def test_an_indexed_kubernetes_job_is_joined_where_its_package_is_there(monkeypatch, is_installed):
    monkeypatch.setattr(cluster, "find_spec", lambda name: object() if is_installed else None)
    assert cluster.in_cluster({"KUBERNETES_SERVICE_HOST": "10.0.0.1", "JOB_COMPLETION_INDEX": "0"}) is is_installed


def test_one_process_is_alone_even_in_a_cluster(monkeypatch):
    for name, value in SLURM_STEP.items():
        monkeypatch.setenv(name, value)
    assert find_cluster(None, None, None) == cluster.ClusterProcess()
    assert find_cluster(None, "1", None) is None
    assert find_cluster("h:1", "2", "1") == cluster.ClusterProcess("h:1", 2, 1)
