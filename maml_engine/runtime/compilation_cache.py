"""Compiled programs are kept, so that the next process need not compile again."""

import hashlib
import os
import platform
import re
import stat
from functools import cache
from importlib.metadata import version
from pathlib import Path

from maml_engine.runtime.paths import home_folder

# For programs that run for seconds on products so small that LLVM's last third of work gains nothing: 5.0 s instead of 7.7.
QUICKLY_COMPILED = {"xla_backend_optimization_level": 1}


def enable_compilation_cache() -> Path | None:
    """Makes JAX keep compiled programs in the home folder; to be called before anything is compiled.

    The folder is private, since what lies in it is executed, and named by all that a program depends on: entries of another
    jaxlib or another processor are known to crash.

    Returns:
      The folder; None where it cannot be written or is open to others, and programs are compiled anew in each process.
    """
    import jax

    # JAX gives its settings these names when it is imported, which no type checker sees.
    chosen = jax.config.jax_compilation_cache_dir  # pyright: ignore[reportAttributeAccessIssue]
    if chosen:  # the user's own choice (JAX_COMPILATION_CACHE_DIR), or done before
        return Path(chosen)
    folder = home_folder() / "cache" / "xla" / _machine()
    if not _is_private_and_writable(folder):
        return None
    jax.config.update("jax_compilation_cache_dir", str(folder))
    # JAX would keep nothing that compiles in under a second, which is nearly all that is ours.
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0)
    jax.config.update("jax_persistent_cache_min_entry_size_bytes", -1)
    return folder


def _is_private_and_writable(folder: Path) -> bool:
    try:
        folder.mkdir(mode=stat.S_IRWXU, parents=True, exist_ok=True)
        if os.name == "posix":
            if folder.stat().st_uid != os.getuid():
                return False
            folder.chmod(stat.S_IRWXU)
        probe = folder / f".probe-{os.getpid()}"
        probe.touch()
        probe.unlink()
    except OSError:
        return False
    return True


@cache
def _machine() -> str:
    """Names what a compiled program depends on: the compiler, its flags and the processor."""
    facts = [os.environ.get("XLA_FLAGS", ""), platform.machine(), _processor()]
    return f"jaxlib-{version('jaxlib')}-{hashlib.sha256(chr(10).join(facts).encode()).hexdigest()[:12]}"


def _processor() -> str:
    """The processor's model and abilities; virtual machines give many processors one name."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    return "\n".join(dict.fromkeys(line for line in lines if re.match(r"model name|flags|Features|CPU part", line)))
