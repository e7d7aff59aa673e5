"""One axis to many devices: equal numbers however many there are."""

import json
import os
import subprocess
import sys

import jax
import numpy as np
import pytest
from jax.flatten_util import ravel_pytree

from maml_engine.distributed import idle_places, mesh
from tests.processes import IN_64_BITS, ROOT

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
    one, other = (ravel_pytree(jax.jit(g)(built.adapter(meta, 3), episode, key))[0] for g in (whole_batch, shared))
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
methods = sys.argv[1:]
for method in methods:
    found[method] = difference(*program(method=method, meta_batch_size=20, inner_steps=2), 8)
if len(methods) > 1:
    built, meta = program(meta_batch_size=20)
    found["four devices"] = difference(built, meta, 4)
    found["finite pool"] = difference(*program(pool=5, meta_batch_size=20), 8)
    found["keyed"] = difference(built.replace(method=Keyed()), meta, 8)
    lowered = Mesh(jax.devices()[:4])._steps.lower(initial_state(Learner.untrained(Experiment(hidden_dim=8))), built, 0, 5)
    found["all-reduces"] = lowered.compile().as_text().count(" all-reduce(")
    experiment = Experiment(num_iterations=200, hidden_dim=16, meta_batch_size=12)
    losses = lambda **options: np.concatenate([report.meta_loss for report in train(experiment, **options)])
    one = losses()
    for devices in (2, 4, 5):
        found[f"losses on {devices}"] = float(np.abs(losses(steps=Mesh(jax.devices()[:devices]).steps) - one).max())
print(json.dumps(found))
"""


def measured(*methods, **environment):
    command = [sys.executable, "-c", SCRIPT, *methods]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, env=os.environ | environment, timeout=300)
    assert run.returncode == 0, run.stderr
    return json.loads(run.stdout)


METHODS = ("maml", "reptile", "mamlplusplus", "imaml")


@pytest.fixture(scope="module")
def in_64_bits():
    return measured(*METHODS, **IN_64_BITS)


@pytest.mark.parametrize("what", [*METHODS, "four devices", "finite pool", "keyed"])
def test_a_meta_gradient_does_not_depend_on_the_number_of_devices(in_64_bits, what):
    """Twenty tasks on eight devices leave places empty, which must add nothing."""
    assert in_64_bits["bits"] == 64
    assert in_64_bits[what] < 1e-10


def test_a_meta_step_costs_one_all_reduce(in_64_bits):
    assert in_64_bits["all-reduces"] == 1


def test_one_meta_gradient_in_32_bits():
    found = measured("maml")
    assert found["bits"] == 32
    assert found["maml"] < 1e-6


def test_two_hundred_iterations_on_one_two_four_and_five_devices(in_64_bits):
    assert max(in_64_bits[f"losses on {devices}"] for devices in (2, 4, 5)) < 1e-9


def test_the_flat_vector_is_in_order_and_no_concatenation():
    """Which XLA would merge with what computes the arrays, and go number by number."""
    tree = {"b": np.arange(6.0, dtype=np.float32).reshape(2, 3), "a": (np.float32(7), np.ones((3, 1), np.float32))}
    np.testing.assert_array_equal(mesh._flat(tree), ravel_pytree(tree)[0])
    assert "concatenate" not in str(jax.make_jaxpr(mesh._flat)(tree))


@pytest.mark.parametrize(
    ("tasks", "devices", "numbers"), [(25, 2, "24 or 26"), (25, 5, ""), (3, 8, "8"), (8, 8, ""), (9, 8, "8 or 16")]
)
def test_numbers_that_divide(tasks, devices, numbers):
    message = idle_places(tasks, devices)
    assert (f"--meta-batch-size {numbers} fills them all." in message) if numbers else message == ""
