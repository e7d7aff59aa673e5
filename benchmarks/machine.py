"""What the numbers were measured on."""

import json
import os
import platform
import re
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

from benchmarks.measuring import PEERS, ROOT

PEAK = """
import json, time
{setup}
def rate():
    best = 0.0
    for _ in range(5):
        began = time.perf_counter(); product(); best = max(best, 2 * 1024**3 / (time.perf_counter() - began))
    return best
product(); print(json.dumps(rate()))
"""
LIBRARIES = {
    "XLA": "import maml_engine, jax, jax.numpy as jnp; a = jnp.ones((1024, 1024)); f = jax.jit(jnp.matmul)\n"
    "def product(): f(a, a).block_until_ready()",
    "numpy": "import numpy as np; a = np.ones((1024, 1024), np.float32)\ndef product(): a @ a",
    "torch": "import torch; torch.set_num_threads(1); a = torch.ones(1024, 1024)\ndef product(): a @ a",
}
THREAD_SETTINGS = ("NPROC", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


def describe() -> dict[str, str]:
    """Processor, cores, system, versions and the flags in force."""
    import jax

    import maml_engine  # noqa: F401  (sets the flags)

    names = re.findall(r"model name\s*: (.*)", _read("/proc/cpuinfo"))
    return {
        "processor": names[0] if names else platform.processor(),
        "cores": str(os.cpu_count()),
        "system": platform.platform(terse=True),
        "python": platform.python_version(),
        "jax": f"{version('jax')}, flax {version('flax')}, optax {version('optax')}",
        "device": ", ".join(dict.fromkeys(device.device_kind for device in jax.devices())),
        "XLA_FLAGS": os.environ.get("XLA_FLAGS", ""),
        "load": " ".join(f"{load:.1f}" for load in os.getloadavg()),
    }


def peak_flops() -> dict[str, float]:
    """Floating-point operations a second of a 1024 x 1024 x 1024 product on one core, by library; the best of five each."""
    found = {}
    environment = os.environ | dict.fromkeys(THREAD_SETTINGS, "1")
    for library, setup in LIBRARIES.items():
        python = str(PEERS) if library == "torch" else sys.executable
        command = [python, "-c", PEAK.format(setup=setup)]
        done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
        if done.returncode == 0:
            found[library] = json.loads(done.stdout)
    return found


def _read(path: str) -> str:
    try:
        return Path(path).read_text()
    except OSError:
        return ""
