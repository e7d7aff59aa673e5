"""One axis to many devices: equal numbers however many there are, and a clear end where a process is lost."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import jax
import numpy as np
import pytest
from jax.flatten_util import ravel_pytree

from maml_engine import Checkpoint
from maml_engine.__main__ import main
from maml_engine.distributed import (
    Disagreement,
    Peers,
    cluster,
    find_cluster,
    idle_cores,
    idle_places,
    mesh,
    prepare_devices,
    supervisor,
)
from maml_engine.runtime.parallel import own_cpus
from tests.processes import IN_64_BITS, ROOT, SMALL, Processes, free_port, is_gone, losses_in

# With eight devices in one process: what the mesh gives, beside what one device gives.
SCRIPT = """
import json, sys
import jax
jax.config.update("jax_num_cpu_devices", 8)
import jax.numpy as jnp
import numpy as np
from jax.flatten_util import ravel_pytree
from maml_engine import Experiment, MAML, MLP, Sinusoid, train
from maml_engine.distributed import Mesh
from maml_engine.learner import Learner
from maml_engine.training.outer_loop import initial_state, program_of, run_steps, whole_batch
from maml_engine.pytrees import pytree

P = jax.sharding.PartitionSpec()

def difference(built, meta, devices):
    key_tasks, key = jax.random.split(jax.random.key(7))
    episode = built.tasks.sample(key_tasks, built.meta_batch_size, built.k_shot, built.k_query)
    row = jax.sharding.Mesh(jax.devices()[:devices], ("tasks",))
    shared = Mesh(jax.devices()[:devices]).gradient
    shared = jax.shard_map(shared, mesh=row, in_specs=P, out_specs=P, check_vma=False)
    one, other = (ravel_pytree(jax.jit(g)(built, meta, episode, 3, key))[0] for g in (whole_batch, shared))
    return float(jnp.abs(one - other).max() / jnp.abs(one).max())

@pytree
class Keyed(MAML):
    # A method that draws: its inner step is disturbed by the task's own key.
    def descend(self, rule, moving, direction, step):
        noise = jax.random.normal(step.key, ())
        return jax.tree.map(lambda p, d: p - 0.01 * (1 + noise) * d, moving, direction)

def program(**changes):
    experiment = Experiment(hidden_dim=8, **changes)
    learner = Learner.untrained(experiment)
    return program_of(learner), learner.meta

found = {"bits": jnp.zeros(()).dtype.itemsize * 8}
what, *methods = sys.argv[1:]
if what == "gradients":
    for method in methods:
        found[method] = difference(*program(method=method, meta_batch_size=20, inner_steps=2), 8)
if len(methods) > 1:
    built, meta = program(meta_batch_size=20)
    found["four devices"] = difference(built, meta, 4)
    found["finite pool"] = difference(*program(pool=5, meta_batch_size=20), 8)
    found["keyed"] = difference(built.replace(method=Keyed()), meta, 8)
    lowered = Mesh(jax.devices()[:4])._steps.lower(initial_state(Learner.untrained(Experiment(hidden_dim=8))), built, 0, 5)
    found["all-reduces"] = lowered.compile().as_text().count(" all-reduce(")
if what == "losses":
    experiment = Experiment(num_iterations=200, hidden_dim=16, meta_batch_size=12)
    losses = lambda **options: np.concatenate([report.meta_loss for report in train(experiment, **options)])
    one = losses()
    for devices in (2, 4, 5):
        found[devices] = float(np.abs(losses(steps=Mesh(jax.devices()[:devices]).steps) - one).max())
print(json.dumps(found))
"""


def measured(*what, **environment):
    command = [sys.executable, "-c", SCRIPT, *what]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, env=os.environ | environment, timeout=300)
    assert run.returncode == 0, run.stderr
    return json.loads(run.stdout)


METHODS = ("maml", "reptile", "mamlplusplus", "imaml")


@pytest.fixture(scope="module")
def gradients_in_64_bits():
    return measured("gradients", *METHODS, **IN_64_BITS)


# The same numbers.


@pytest.mark.parametrize("what", [*METHODS, "four devices", "finite pool", "keyed"])
def test_a_meta_gradient_does_not_depend_on_the_number_of_devices(gradients_in_64_bits, what):
    """Twenty tasks on eight devices leave places empty, which must add nothing."""
    assert gradients_in_64_bits["bits"] == 64
    assert gradients_in_64_bits[what] < 1e-10


def test_a_meta_step_costs_one_all_reduce(gradients_in_64_bits):
    assert gradients_in_64_bits["all-reduces"] == 1


def test_one_meta_gradient_in_32_bits():
    found = measured("gradients", "maml")
    assert found["bits"] == 32
    assert found["maml"] < 1e-6


def test_the_flat_vector_is_in_order_and_no_concatenation():
    """Which XLA would merge with what computes the arrays, and go number by number."""
    tree = {"b": np.arange(6.0, dtype=np.float32).reshape(2, 3), "a": (np.float32(7), np.ones((3, 1), np.float32))}
    np.testing.assert_array_equal(mesh._flat(tree), ravel_pytree(tree)[0])
    assert "concatenate" not in str(jax.make_jaxpr(mesh._flat)(tree))


def test_two_hundred_iterations_on_one_two_four_and_five_devices():
    found = measured("losses", **IN_64_BITS)
    assert max(found[devices] for devices in ("2", "4", "5")) < 1e-9


# Processes.


needs_proc = pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="looks for processes in /proc")


@needs_proc
def test_a_killed_process_ends_the_others_and_the_run_goes_on_elsewhere(tmp_path):
    """Two processes, one is killed; then one process with two devices goes on from the snapshot."""
    with Processes(2, "--num-iterations", 10**7, *SMALL, "--out", tmp_path, **IN_64_BITS) as run:
        run.wait_for(tmp_path / "learner.safetensors")
        os.kill(run.worker(1), signal.SIGKILL)
        began = time.monotonic()
        (code, _, said), (code_killed, _, said_killed) = run.ends(30)
        assert time.monotonic() - began < 30
    assert (code, code_killed) == (4, 4)
    stopped = Checkpoint.load(tmp_path / "checkpoint").iteration
    assert re.fullmatch(
        rf"error: A peer process was lost .*\. The snapshot of iteration {stopped} is in {tmp_path}: go on with --resume "
        rf"{tmp_path}\.\n",
        said,
    )
    assert said_killed.startswith("error: This process's worker was ended by SIGKILL. Start all processes again, with --resume")
    assert len(said_killed.splitlines()) == 1

    goal = ["--num-iterations", str(stopped + 40)]
    for flags in (["--resume", tmp_path, "--devices", "2"], [*SMALL, "--out", tmp_path / "whole"]):
        command = [sys.executable, "-m", "maml_engine", "train", *map(str, flags), *goal]
        subprocess.run(command, cwd=ROOT, env=os.environ | IN_64_BITS, check=True, capture_output=True, timeout=120)
    assert losses_in(tmp_path).dtype == np.float64
    assert len(losses_in(tmp_path)) == stopped + 40
    np.testing.assert_allclose(losses_in(tmp_path), losses_in(tmp_path / "whole"), rtol=0, atol=1e-9)


@needs_proc
def test_an_interruption_leaves_a_snapshot_and_no_process(tmp_path):
    with Processes(2, "--num-iterations", 10**7, *SMALL, "--out", tmp_path) as run:
        run.wait_for(tmp_path / "learner.safetensors")
        workers = [run.worker(0), run.worker(1)]
        run.all[0].send_signal(signal.SIGINT)
        (code, _, said), (code_other, *_) = run.ends(30)
        assert all(is_gone(worker) for worker in workers)
    assert (code, code_other) == (130, 4)
    iteration = Checkpoint.load(tmp_path / "checkpoint").iteration
    assert said == f"Interrupted. The snapshot of iteration {iteration} is in {tmp_path}: go on with --resume {tmp_path}.\n"


def test_processes_with_different_experiments_are_refused_by_the_first_field():
    with Processes(2, *SMALL, own=(["--inner-lr", "0.1"], ["--inner-lr", "0.2", "--seed", "1"])) as run:
        for code, out, said in run.ends():
            assert (code, out) == (2, "")
            assert said == (
                "error: All processes must be given the same run: `inner_lr` is 0.1 in process 0 and 0.2 in process 1.\n"
            )


# Bad input.


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ("--devices 0", "`--devices` must be a whole number >= 1, got 0."),
        ("--devices two", "`--devices` must be a whole number >= 1, got 'two'."),
        ("--coordinator 127.0.0.1:1", "`--num-processes` must be given too"),
        ("--num-processes 2 --process-id 0", "`--coordinator` must be given too"),
        ("--coordinator here --num-processes 2 --process-id 0", "`--coordinator` must be HOST:PORT"),
        ("--coordinator h:99999 --num-processes 2 --process-id 0", "with a port from 1 to 65535, got 'h:99999'."),
        ("--coordinator h:1 --num-processes 0 --process-id 0", "`--num-processes` must be a whole number >= 1, got 0."),
        ("--coordinator h:1 --num-processes 2 --process-id 2", "`--process-id` must be a whole number >= 0 and <= 1, got 2."),
        ("--wait never", "`--wait` must be a whole number >= 1"),
    ],
)
def test_bad_input_gets_one_line_and_exit_code_2(capsys, arguments, complaint):
    assert main(["train", *SMALL, *arguments.split()]) == 2
    out, said = capsys.readouterr()
    assert out == ""
    assert complaint in said
    assert len(said.splitlines()) == 1


def command(*arguments):
    run = [sys.executable, "-m", "maml_engine", "train", *SMALL, *map(str, arguments)]
    done = subprocess.run(run, cwd=ROOT, capture_output=True, text=True, timeout=60)
    return done.returncode, done.stdout, done.stderr


def test_more_devices_than_a_machine_can_rehearse_are_refused():
    most = max(8, own_cpus())
    code, out, said = command("--devices", most + 1)
    assert (code, out) == (2, "")
    assert said.startswith(f"error: `--devices` must be at most {most}, the CPU devices that there are on ")


def test_tasks_that_do_not_divide_are_said_with_the_numbers_that_do():
    code, out, said = command("--devices", "3", "--num-iterations", "2")
    assert code == 0
    assert "Iteration 2 |" in out
    assert said == (
        "4 tasks do not divide among 3 devices: 2 of 6 places stay empty in each meta-step. "
        "--meta-batch-size 3 or 6 fills them all.\n"
    )


@pytest.mark.parametrize(
    ("tasks", "devices", "numbers"), [(25, 2, "24 or 26"), (25, 5, ""), (3, 8, "8"), (8, 8, ""), (9, 8, "8 or 16")]
)
def test_numbers_that_divide(tasks, devices, numbers):
    said = idle_places(tasks, devices)
    assert (f"--meta-batch-size {numbers} fills them all." in said) if numbers else said == ""


def test_large_meta_steps_on_one_of_two_cores_are_said_with_what_to_do(monkeypatch):
    monkeypatch.setattr("maml_engine.distributed.devices.cores", lambda: 2)
    assert idle_cores(1.7e6, tasks=25) == ""  # the tutorial's
    said = "One of 2 cores is at work, and these meta-steps are large enough for more: --devices 2."
    assert idle_cores(6.8e6, tasks=100) == said  # with a hundred tasks
    assert idle_cores(1e9, tasks=25) == said
    assert idle_cores(1e9, tasks=1) == ""  # a task is not divided


@pytest.mark.parametrize("given", [None, "3"])
def test_a_device_is_one_thread_where_nobody_says_otherwise(monkeypatch, given):
    monkeypatch.setenv("NPROC", given or "")
    if given is None:
        monkeypatch.delenv("NPROC")
    prepare_devices(None)
    assert os.environ["NPROC"] == (given or "1")


@pytest.mark.parametrize("host", ["127.0.0.1", "no-such-host.invalid"])
def test_a_coordinator_that_cannot_be_reached_is_said(host):
    address = f"{host}:{free_port()}"
    code, out, said = command("--coordinator", address, "--num-processes", 2, "--process-id", 1, "--wait", 1)
    assert (code, out) == (2, "")
    assert re.fullmatch(rf"error: The coordinator {address} could not be reached within 1 s \(.+\): is process 0 .*\n", said)


def test_a_port_that_is_taken_is_said():
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        address = f"127.0.0.1:{other.getsockname()[1]}"
        code, _, said = command("--coordinator", address, "--num-processes", 2, "--process-id", 0, "--wait", 1)
    assert code == 2
    assert said == f"error: `--coordinator` must have a port that is free here, got {address} (address already in use).\n"


# Who is alone, and who is not.

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


# Agreement, seen from each side.


class Store:
    """What JAX's coordinator does for `Peers`."""

    def __init__(self):
        self.content = {}

    def key_value_set(self, name, value):
        self.content[name] = value

    key_value_set_bytes = key_value_set

    def key_value_delete(self, name):
        del self.content[name]

    def blocking_key_value_get(self, name, milliseconds):
        if name not in self.content:
            raise jax.errors.JaxRuntimeError("UNAVAILABLE: Socket closed")
        return self.content[name]

    blocking_key_value_get_bytes = blocking_key_value_get


def test_followers_make_as_many_steps_as_process_0_says():
    store = Store()
    leader, follower = Peers(0, 2, store), Peers(1, 2, store)
    store.key_value_set("maml/compiled/1", "true")
    assert (leader.common_length(500), follower.common_length(300)) == (1, 1)
    for wanted in (7, 400, 3):
        assert (leader.common_length(wanted), follower.common_length(1)) == (wanted, wanted)
    assert sum("steps" in name for name in store.content) <= 2  # what has been read is not kept


def test_a_snapshot_reaches_processes_that_cannot_read_it(monkeypatch):
    monkeypatch.setattr("maml_engine.distributed.peers.PIECE", 3)
    store = Store()
    assert Peers(0, 2, store).broadcast(lambda: b"0123456789") == b"0123456789"
    assert Peers(1, 2, store).broadcast(lambda: pytest.fail("read by a follower")) == b"0123456789"


def test_a_refusal_in_one_process_refuses_all():
    store = Store()
    store.key_value_set("maml/facts/1", json.dumps({"error": "`--data` must be given."}))
    with pytest.raises(Disagreement, match="Process 1: `--data` must be given"):
        Peers(0, 2, store).agree_on(lambda: 1, lambda made: {"made": made})


# The parent.


@pytest.mark.parametrize(
    ("log", "sentence"),
    [
        ("The following tasks are unhealthy (stopped sending heartbeats):\n1\nThe tasks have crashed.", "process 1 stopped"),
        ("Terminating process because the JAX distributed service detected fatal errors", "process 0 or the way to it"),
        ("*** something else", "worker was ended by SIGABRT"),
    ],
)
def test_an_abort_becomes_one_sentence_and_exit_code_4(capsys, log, sentence):
    worker = subprocess.Popen([sys.executable, "-c", "import os; os.abort()"])
    worker.wait()
    watch = supervisor._Watch(worker, os.open(os.devnull, os.O_WRONLY), 0, 0)
    watch.tail = log.encode()
    code, message = watch.outcome("Go on.")
    os.close(watch.to_worker)
    assert code == 4
    assert sentence in message
    assert message.endswith("Go on.")
    assert ("something else" in capsys.readouterr().err) == ("something else" in log)  # a log is shown where it is all there is


WORKER = (
    "import time; from maml_engine.distributed import supervisor\n"
    "assert supervisor.is_worker()\n"
    "with supervisor.ends_unless_done_within(0.5, 'Nothing moves.'):\n"
    "    time.sleep(0.1)\n"
    "with supervisor.ends_unless_done_within({limit}, 'Nothing moves.'):\n"
    "    time.sleep(60)\n"
)


@pytest.mark.parametrize("parent_dies", [True, False])
def test_a_worker_ends_when_it_is_stuck_or_its_parent_is_gone(parent_dies):
    from_parent, to_worker = os.pipe()
    from_worker, to_parent = os.pipe()
    passed = (from_parent, to_parent)
    worker = subprocess.Popen(
        [sys.executable, "-c", WORKER.format(limit=60 if parent_dies else 0.5)],
        cwd=ROOT, pass_fds=passed, stderr=subprocess.DEVNULL,
        env=os.environ | {supervisor.LIFELINE: f"{from_parent},{to_parent},1,2"},
    )  # fmt: skip
    for end in passed:
        os.close(end)
    with os.fdopen(from_worker) as said:
        first = json.loads(said.readline())
        if parent_dies:
            os.close(to_worker)
        last = [json.loads(line) for line in said][-1:]
    if not parent_dies:
        os.close(to_worker)
        assert last == [{"code": 4, "message": "error: Nothing moves.", "unadvised": True}]
    assert first == {}
    assert worker.wait(timeout=30) == 4
