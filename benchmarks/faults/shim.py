"""The shim of `shim.c`: compiled where gcc is, loaded before everything else, told from Python at which call to act."""

import ctypes
import errno
import hashlib
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

SOURCE = Path(__file__).with_name("shim.c")
COUNT, KILL_BEFORE, KILL_WITHIN, FAIL_ONCE, FAIL_ON = range(5)
# What is done to a process, by the name that a figure has.
KILLS = {"killed before the call": (KILL_BEFORE, 0), "killed within the call": (KILL_WITHIN, 0)}
ERRORS = {
    "ENOSPC from there on": (FAIL_ON, errno.ENOSPC),
    "ENOSPC once": (FAIL_ONCE, errno.ENOSPC),
    "EIO once": (FAIL_ONCE, errno.EIO),
    "EIO from there on": (FAIL_ON, errno.EIO),
    "EDQUOT from there on": (FAIL_ON, errno.EDQUOT),
}


def build() -> Path:
    """The compiled shim; made once for a source.

    Raises:
      FileNotFoundError: no C compiler is here.
    """
    compiler = shutil.which("gcc") or shutil.which("cc")
    if compiler is None:
        raise FileNotFoundError("no C compiler is here (gcc or cc)")
    digest = hashlib.sha256(SOURCE.read_bytes()).hexdigest()[:16]
    built = Path(tempfile.gettempdir()) / f"maml-lab-shim-{os.getuid()}-{digest}.so"
    if not built.exists():
        aside = built.with_suffix(f".{os.getpid()}")
        subprocess.run([compiler, "-shared", "-fPIC", "-O2", "-o", aside, SOURCE, "-ldl"], check=True)
        aside.replace(built)
    return built


def environment() -> dict[str, str]:
    """For a process that is to have the shim; one thread for each library, so that it may fork."""
    alone = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"), "1")
    return os.environ | alone | {"LD_PRELOAD": str(build()), "JAX_PLATFORMS": "cpu"}


class Shim:
    """The shim of this process, which was started with `environment()`."""

    def __init__(self):
        self._library = ctypes.CDLL(os.environ["LD_PRELOAD"])
        self._library.fault_disarm.restype = ctypes.c_long

    def arm(self, folder: Path, how: int, call: int, error: int = 0) -> None:
        """From now on write-side calls under a folder are counted, and the one of this number is acted upon.

        Args:
          folder: its real path.
          how: one of the five ways above.
          call: the first is 1.
          error: what a call that fails says, by `errno`.
        """
        self._library.fault_arm(os.fsencode(folder.resolve()), how, ctypes.c_long(call), error)

    def disarm(self) -> int:
        """How many calls there were; from now on nothing happens."""
        return self._library.fault_disarm()

    @property
    def fired(self) -> bool:
        """Whether a call was made to fail."""
        return bool(self._library.fault_fired())
