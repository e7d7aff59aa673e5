"""Time per meta-step on 1, 2, 4 and 8 devices, at fixed and at growing work: `python benchmarks/scaling.py`.

A row is a process of its own (two of them for the rows over loopback), rows are interleaved, and each figure is the median of
the rounds. CPU devices are threads of one machine: beyond its cores they show what sharing out costs, not what it gains.
"""

import argparse
import json
import os
import platform
import socket
import statistics
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SIZES = {  # tasks are those of one device where work grows, and of all where it is fixed
    "tutorial": {"meta_batch_size": 24, "hidden_dim": 40, "inner_steps": 1},
    "large": {"meta_batch_size": 24, "hidden_dim": 256, "inner_steps": 5},
}
LAYOUTS = [(1, 1), (1, 2), (1, 4), (1, 8), (2, 1)]  # processes, devices of each


def measure(row: dict, process_id: int, port: int) -> dict:
    """One row, in this process."""
    import jax

    processes, devices = row["processes"], row["devices"]
    jax.config.update("jax_num_cpu_devices", devices)
    if processes > 1:
        address = f"127.0.0.1:{port}"
        jax.config.update("jax_enable_preemption_service", False)  # a request to end ends
        jax.distributed.initialize(address, processes, process_id, cluster_detection_method="deactivate")
    import jax.numpy as jnp
    import numpy as np

    from maml_engine import Experiment
    from maml_engine.distributed import Mesh
    from maml_engine.learner import Learner
    from maml_engine.training.outer_loop import initial_state, program_of, steps_here

    growth = processes * devices if row["work"] == "growing" else 1
    size = dict(row["size"], meta_batch_size=row["size"]["meta_batch_size"] * growth)
    learner = Learner.untrained(Experiment(**size))
    mesh = Mesh(jax.devices())
    steps = steps_here if row["plain"] else mesh.steps
    program = program_of(learner)

    def seconds_a_step(length: int) -> float:
        state, _ = steps(initial_state(learner), program, 0, 1)
        began = time.perf_counter()
        steps(state, program, 1, length)
        return (time.perf_counter() - began) / length

    seconds_a_step(1)  # compiles
    length = row["steps"]
    parameters = sum(leaf.size for leaf in jax.tree.leaves(learner.meta))
    everywhere = jax.sharding.PartitionSpec()

    def reduce(vector: jax.Array, count: jax.Array) -> jax.Array:
        def once(_, vector):
            return jax.lax.psum(vector, "tasks") / len(mesh.devices)

        return jax.lax.fori_loop(0, count, once, vector)

    row_of_devices = jax.sharding.Mesh(np.array(mesh.devices), ("tasks",))
    reduce = jax.jit(jax.shard_map(reduce, mesh=row_of_devices, in_specs=everywhere, out_specs=everywhere, check_vma=False))
    vector = np.zeros(parameters + 1, np.float32)
    jax.block_until_ready(reduce(vector, 1))
    began = time.perf_counter()
    jax.block_until_ready(reduce(vector, 500))
    reduce_seconds = (time.perf_counter() - began) / 500

    def draw(key: jax.Array, count: jax.Array) -> jax.Array:
        def once(index, total):
            drawn = program.tasks.sample(jax.random.fold_in(key, index), program.meta_batch_size, 10, 10)
            return total + sum(jnp.sum(leaf) for leaf in jax.tree.leaves(drawn))

        return jax.lax.fori_loop(0, count, once, 0.0)

    draw = jax.jit(draw)
    jax.block_until_ready(draw(jax.random.key(0), 1))
    began = time.perf_counter()
    jax.block_until_ready(draw(jax.random.key(0), 200))
    draw_seconds = (time.perf_counter() - began) / 200
    result = {
        "step_us": 1e6 * statistics.median(seconds_a_step(length) for _ in range(3)),
        "reduce_us": 1e6 * reduce_seconds,
        "draw_us": 1e6 * draw_seconds,
        "tasks": program.meta_batch_size,
        "bytes": 4 * (parameters + 1),
    }
    if processes > 1:
        jax.distributed.shutdown()
    return result


def run_row(row: dict) -> dict:
    """One row, in processes of its own; process 0's figures."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, __file__, "--row", json.dumps(row), "--port", str(port), "--process-id"]
    environment = os.environ | {"PYTHONPATH": str(ROOT), "JAX_PLATFORMS": "cpu"}
    processes = [
        subprocess.Popen([*command, str(index)], stdout=subprocess.PIPE, text=True, env=environment)
        for index in range(row["processes"])
    ]
    outputs = [process.communicate(timeout=300)[0] for process in processes]
    if any(process.returncode for process in processes):
        raise SystemExit(f"The row {row} failed.")
    return json.loads(outputs[0].splitlines()[-1])


def rows_of(name: str) -> list[dict]:
    """The rows of one size: the program without a mesh first."""
    # A second or so; the same number in every row and process, since each step of one is a step of all.
    steps = {"tutorial": 400, "large": 4}[name]
    rows = [{"processes": 1, "devices": 1, "work": "fixed", "plain": True}]
    for work in ("fixed", "growing"):
        rows += [
            {"processes": processes, "devices": devices, "work": work, "plain": False}
            for processes, devices in LAYOUTS
            if work == "fixed" or processes * devices > 1
        ]
    return [row | {"name": name, "size": SIZES[name], "steps": steps} for row in rows]


def table(rows: list[dict]) -> str:
    """As text; a speed-up is a row's tasks a second over those of one device."""
    head = f"{'size':<9} {'work':<8} {'layout':<22} {'tasks':>5} {'step, us':>9} {'reduce':>7} {'draw':>6} {'speed-up':>9}"
    lines = [head]
    for row in rows:
        one = next(other for other in rows if other["name"] == row["name"] and not other["plain"])
        layout = "no mesh" if row["plain"] else f"{row['processes']} x {row['devices']} devices"
        gain = one["step_us"] / row["step_us"] * row["tasks"] / one["tasks"]
        lines.append(
            f"{row['name']:<9} {row['work']:<8} {layout:<22} {row['tasks']:>5} {row['step_us']:>9.0f} {row['reduce_us']:>7.0f} "
            f"{row['draw_us']:>6.0f} {gain:>9.2f}"
        )
    return "\n".join(lines)


def main() -> None:
    """Runs all rows, or one of them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3, help="each row is measured so often (default: 3)")
    parser.add_argument("--sizes", default=",".join(SIZES), help="which sizes (default: all)")
    parser.add_argument("--json", metavar="FILE", help="write the figures there as well")
    for hidden in ("--row", "--port", "--process-id"):
        parser.add_argument(hidden, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.row:
        print(json.dumps(measure(json.loads(options.row), int(options.process_id), int(options.port))))
        return
    rows = [row for name in options.sizes.split(",") for row in rows_of(name)]
    figures = [[run_row(row) for row in rows] for _ in range(options.rounds)]
    for index, row in enumerate(rows):
        for name in figures[0][index]:
            row[name] = statistics.median(figure[index][name] for figure in figures)
    print(f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores; speed-up is tasks a second over one device's")
    print(table(rows))
    if options.json:
        Path(options.json).write_text(json.dumps({"cores": os.cpu_count(), "rows": rows}, indent=1))


if __name__ == "__main__":
    main()
