"""`python -m benchmarks.costs`: measures what the Gradients page shows before a visitor measures anything."""

import dataclasses
import json
import os
from importlib.metadata import version

import jax
from flax import nnx

from benchmarks.machine import describe
from dashboard.engine_calls.gradients import MEASURED_COSTS
from maml_engine import MAML, MAMLRegressor, Sinusoid
from maml_engine.analysis import measure_costs
from maml_engine.core.adapter import Adapter


def main() -> None:
    """Writes the machine and the costs of the tutorial's network into the dashboard's file."""
    adapter = Adapter.of_model(MAML(0.01, 1), MAMLRegressor(rngs=nnx.Rngs(0)))
    costs = measure_costs(adapter, Sinusoid().sample(jax.random.key(0), 25, 10, 10), repeats=100)
    facts = describe()
    threads = os.environ.get("NPROC", "all")
    machine = f"{facts['processor']}, {facts['cores']} cores ({threads} used), JAX {version('jax')}"
    held = {"machine": machine, "costs": [dataclasses.asdict(cost) for cost in costs]}
    MEASURED_COSTS.write_text(json.dumps(held, indent=1) + "\n")
    print(f"{len(held['costs'])} costs of {machine} are in {MEASURED_COSTS.name}.")


if __name__ == "__main__":
    main()
