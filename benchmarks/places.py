"""Where something can be started, a port and a folder in memory; the app started there, waited for, and ended."""

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

from benchmarks.measuring import ROOT


def free_port() -> int:
    """One of loopback that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def memory_folder() -> str | None:
    """One in memory, where nothing waits for a disk; None where there is no such folder, or too little room in it."""
    folder = Path("/dev/shm")
    return str(folder) if folder.is_dir() and shutil.disk_usage(folder).free > 1_000_000_000 else None


def start_app(script: str, port: int, log: Path, **settings: str) -> subprocess.Popen:
    """A Streamlit app on that port of loopback, on the CPU.

    Args:
      script: the app's.
      port: a free one.
      log: the file that its words are written to, after those that it holds.
      settings: environment variables.
    """
    environment = os.environ | {"PYTHONPATH": str(ROOT), "JAX_PLATFORMS": "cpu"} | settings
    flags = ["--server.headless", "true", "--server.address", "127.0.0.1", "--server.port", str(port)]
    command = [sys.executable, "-m", "streamlit", "run", script, *flags]
    with log.open("ab") as words:
        return subprocess.Popen(command, cwd=ROOT, env=environment, stdout=words, stderr=words)


def end(*processes: subprocess.Popen, patience: float = 20) -> None:
    """Ends processes, by force those that have not ended after `patience` seconds."""
    for process in processes:
        process.terminate()
    for process in processes:
        try:
            process.wait(patience)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def wait_until_well(address: str, seconds: float) -> None:
    """Until a server says so there.

    Args:
      address: where it tells of its health.
      seconds: to wait at the most.

    Raises:
      TimeoutError: it did not.
    """
    deadline = time.monotonic() + seconds
    while not is_well(address):
        if time.monotonic() > deadline:
            raise TimeoutError(f"{address} did not answer within {seconds:g} s")
        time.sleep(0.1)


def is_well(address: str) -> bool:
    """Whether a server answers there, and with what it says where all is well."""
    try:
        with urllib.request.urlopen(address, timeout=5) as answer:
            return answer.status == 200
    except OSError:
        return False
