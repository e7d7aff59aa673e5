"""`python -m dashboard.server.operator [status|clear]`: jobs, memory and caches of the servers that run here.

A running server listens at a socket in a folder of `MAML_LAB_HOME` that its own user alone may enter; nothing of it is on the
network. Whoever asks needs the same user and the same `MAML_LAB_HOME`. Ids of runs and visitors are not said.
"""

import argparse
import atexit
import json
import os
import socket
import socketserver
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from dashboard.server.logs import log
from maml_engine.runtime.paths import home_folder

PATIENCE = 10.0  # seconds
_began = time.time()


def folder() -> Path:
    """Where servers listen, one socket each, named by its process."""
    return home_folder() / "operator"


def listen() -> "Listener | None":
    """Begins to listen; None, with a line in the log, where that cannot be."""
    path = folder() / f"{os.getpid()}.sock"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.parent.chmod(0o700)
        path.unlink(missing_ok=True)
        listener = Listener(str(path), _Answer)
        path.chmod(0o600)
    except (OSError, AttributeError) as error:  # no such sockets here, a path of more than a hundred letters, no folder
        log.warning("The operator's command does not reach this server: %s", error)
        return None
    threading.Thread(target=listener.serve_forever, name="maml-lab-operator", daemon=True).start()
    atexit.register(listener.end)
    return listener


class Listener(socketserver.ThreadingMixIn, getattr(socketserver, "UnixStreamServer", socketserver.TCPServer)):
    """The server's end."""

    daemon_threads = True

    def end(self) -> None:
        """Listens no more."""
        self.shutdown()
        self.server_close()
        Path(str(self.server_address)).unlink(missing_ok=True)


class _Answer(socketserver.StreamRequestHandler):
    timeout = PATIENCE

    def handle(self) -> None:
        """One word in, one line of JSON out."""
        asked = self.rfile.readline(64).decode("ascii", "replace").strip()
        answer = COMMANDS[asked]() if asked in COMMANDS else {"error": f"One of {', '.join(COMMANDS)}."}
        self.wfile.write(json.dumps(answer).encode() + b"\n")


def status() -> dict[str, Any]:
    """What the operator of this server wants to know."""
    from dashboard.engine_calls.resources import jobs, library
    from dashboard.jobs import POOL
    from dashboard.server import budgets, home, uploads

    return {
        "process": os.getpid(),
        "up_minutes": round((time.time() - _began) / 60, 1),
        "home": str(home_folder()),
        "home_trouble": home.trouble(),
        "library_trouble": library().trouble(),
        "sessions": _sessions(),
        "uploads_mb": round(uploads.held_bytes() / 1e6, 1),
        "memory_mb": {"server": _memory_mb(os.getpid()), "engine": [_memory_mb(pid) for pid in POOL.pids()]},
        "jobs": [
            {
                "status": run.status,
                "what": f"{run.experiment.method} on {run.experiment.tasks}",
                "iteration": run.iteration,
                "of": run.experiment.num_iterations,
                "seconds": round(run.seconds, 1),
            }
            for run in _snapshots(jobs())
        ],
        "caches": budgets.held(),
        "caches_max_mb": round(budgets.total_mb()),
    }


def clear() -> dict[str, Any]:
    """Empties the caches, and says what there is now."""
    from dashboard.server import budgets

    budgets.clear()
    return status()


COMMANDS: dict[str, Callable[[], dict[str, Any]]] = {"status": status, "clear": clear}


def _snapshots(registry: Any) -> list[Any]:
    """Of all runs that are held; only here does somebody look at others' without their ids."""
    with registry._changed:
        return [job.snapshot for job in registry._jobs.values()]


def _sessions() -> int:
    import streamlit as st

    if not st.runtime.exists():
        return 0
    stats = st.runtime.get_instance().stats_mgr.get_stats(family_names=["active_sessions"])
    return int(sum(getattr(stat, "value", 0) for family in stats.values() for stat in family))


def _memory_mb(process: int) -> float:
    """What is resident of a process; 0 where the system does not say."""
    try:
        pages = int(Path(f"/proc/{process}/statm").read_text().split()[1])
    except OSError:
        return 0.0
    return round(pages * os.sysconf("SC_PAGE_SIZE") / 1e6, 1)


def ask(path: Path, command: str) -> dict[str, Any]:
    """A server's answer.

    Raises:
      OSError: nobody listens there.
    """
    with socket.socket(socket.AF_UNIX) as line:
        line.settimeout(PATIENCE)
        line.connect(str(path))
        line.sendall(f"{command}\n".encode())
        with line.makefile("rb") as answer:
            return json.loads(answer.readline())


def main(arguments: list[str] | None = None) -> int:
    """The command: 0, or 1 where no server runs here."""
    parser = argparse.ArgumentParser(prog="python -m dashboard.server.operator", description=__doc__.splitlines()[0])
    parser.add_argument("command", nargs="?", default="status", choices=COMMANDS)
    command, answers = parser.parse_args(arguments).command, []
    for path in sorted(folder().glob("*.sock")):
        try:
            answers.append(ask(path, command))
        except ConnectionRefusedError:  # its server was killed
            path.unlink(missing_ok=True)
        except OSError as error:
            print(f"{path}: {error}", file=sys.stderr)
    for answer in answers:
        print(_spelled(answer))
    if not answers:
        print(f"No server listens in {folder()}: it runs as another user, or with another MAML_LAB_HOME.", file=sys.stderr)
    return 0 if answers else 1


def _spelled(answer: dict[str, Any]) -> str:
    """JSON with a line a fact, a job and a cache."""
    lines = []
    for name, value in answer.items():
        spelled = json.dumps(value)
        if isinstance(value, dict) and all(isinstance(inner, dict) for inner in value.values()):
            spelled = "{\n  " + ",\n  ".join(f"{json.dumps(key)}: {json.dumps(inner)}" for key, inner in value.items()) + "\n }"
        elif value and isinstance(value, list):
            spelled = "[\n  " + ",\n  ".join(map(json.dumps, value)) + "\n ]"
        lines.append(f" {json.dumps(name)}: {spelled}")
    return "{\n" + ",\n".join(lines) + "\n}"


if __name__ == "__main__":
    sys.exit(main())
