"""`sudo python tools/run_dockerfile.py [--python FOLDER]`: what the Dockerfile says, done without Docker, and looked at.

On Linux, as root: in a mount namespace of its own, over a copy of this machine's files that is thrown away, it takes the
commit that is checked out, runs the Dockerfile's steps, starts its command as its user with all but /data and /tmp read-only,
waits for its health check, and tries to write where nothing may be written. What it finds is a line of JSON.
"""

import argparse
import json
import os
import re
import shlex
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PATIENCE = 600  # seconds until the health check says yes
INSIDE = "MAML_LAB_INSIDE_NAMESPACE"


def steps(dockerfile: str) -> list[tuple[str, str]]:
    """(instruction, rest) of each step, comments and continued lines put right."""
    text = re.sub(r"^\s*#.*\n", "", dockerfile, flags=re.MULTILINE)
    lines = re.sub(r"\s*\\\n\s*", " ", text).splitlines()
    return [(line.split()[0].upper(), line.split(maxsplit=1)[1].strip()) for line in lines if line.strip()]


class Container:
    """A file system that is thrown away, and what the steps have said of it so far."""

    def __init__(self, root: Path, python: Path) -> None:
        """Over this machine's files.

        Args:
          root: where it is mounted.
          python: a folder whose bin has the `python` that FROM names.
        """
        self.root, self.folder, self.user, self.health, self.command = root, "/", "root", "", []
        self.environment = {"PATH": f"{python}/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root"}

    def argv(self, command: list[str], user: str = "root") -> list[str]:
        """The command as it is begun inside."""
        become = ["setpriv", f"--reuid={user}", f"--regid={user}", "--init-groups", "--no-new-privs"] if user != "root" else []
        enter = [
            "chroot",
            str(self.root),
            *become,
            "env",
            "-i",
            *(f"{name}={value}" for name, value in self.environment.items()),
        ]
        return [*enter, "sh", "-c", f"cd {self.folder} && exec {shlex.join(command)}"]

    def run(self, script: str, user: str = "root") -> subprocess.CompletedProcess:
        """A shell's answer inside."""
        return subprocess.run(self.argv(["sh", "-c", script], user), capture_output=True, text=True)

    def follow(self, name: str, rest: str) -> None:
        """One step.

        Raises:
          RuntimeError: a command failed, or the step is of a kind that this does not know.
        """
        if name == "RUN":
            if (done := self.run(rest, self.user)).returncode:
                raise RuntimeError(f"RUN {rest}\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
        elif name == "WORKDIR":
            self.folder = rest
            (self.root / rest.strip("/")).mkdir(parents=True, exist_ok=True)
        elif name == "COPY":
            self._copy(rest.split()[0])
        elif name == "ENV":
            self.environment |= dict(pair.split("=", 1) for pair in shlex.split(rest))
        elif name == "USER":
            self.user = rest
        elif name == "HEALTHCHECK":
            self.health = rest.partition("CMD ")[2]
        elif name == "CMD":
            self.command = json.loads(rest)
        elif name not in ("FROM", "EXPOSE"):
            raise RuntimeError(f"{name} is not known here.")

    def _copy(self, what: str) -> None:
        """From the commit that is checked out: a clean checkout."""
        wanted = [] if what == "." else [what]
        archive = subprocess.run(["git", "-C", str(ROOT), "archive", "HEAD", *wanted], capture_output=True, check=True).stdout
        subprocess.run(["tar", "-x", "-C", str(self.root / self.folder.strip("/"))], input=archive, check=True)


def mounted(work: Path) -> Path:
    """A copy of this machine's files in which writing changes nothing of them, with an empty /tmp and no secrets of users."""
    mount("-t", "tmpfs", "tmpfs", work)
    for name in ("upper", "work", "root"):
        (work / name).mkdir()
    root = work / "root"
    mount("-t", "overlay", "overlay", "-o", f"lowerdir=/,upperdir={work}/upper,workdir={work}/work", root)
    mount("-t", "proc", "proc", root / "proc")
    mount("--rbind", "/dev", root / "dev")
    mount("-t", "tmpfs", "tmpfs", root / "tmp")
    (root / "tmp").chmod(0o1777)
    return root


def mount(*arguments: str | Path) -> None:
    """Of this namespace alone."""
    subprocess.run(["mount", *map(str, arguments)], check=True)


def main() -> int:
    """Does what the module says: 0 where all held."""
    parser = argparse.ArgumentParser(prog="python tools/run_dockerfile.py", description=(__doc__ or "").splitlines()[0])
    parser.add_argument(
        "--python", type=Path, default=Path(sys.base_prefix), help="folder of the Python that takes FROM's place"
    )
    options = parser.parse_args()
    if INSIDE not in os.environ:
        os.execvpe("unshare", ["unshare", "--mount", sys.executable, *sys.argv], os.environ | {INSIDE: "1"})
    found = {}
    with tempfile.TemporaryDirectory(prefix="maml-lab-container-") as work:
        container = Container(mounted(Path(work)), options.python.absolute())
        for path in (options.python.resolve(), (options.python / "bin" / "python").resolve()):
            for folder in path.parents[:-1]:  # perhaps of a user's own, whose home others may not enter
                (container.root / folder.relative_to("/")).chmod(0o755)
        for name, rest in steps((ROOT / "Dockerfile").read_text()):
            began = time.monotonic()
            container.follow(name, rest)
            print(f"{time.monotonic() - began:6.1f} s  {name} {rest[:90]}", file=sys.stderr, flush=True)
        root = container.root
        mount("--bind", root / "data", root / "data")
        mount("-o", "remount,bind,ro", root)
        found = look(container)
        subprocess.run(["umount", "--lazy", work], check=True)
    print(json.dumps(found))
    return 0 if found["healthy_after_s"] and not found["written"] else 1


def look(container: Container) -> dict:
    """The container's command under way: whether it is well, who it is, and where it may write."""
    began, healthy = time.monotonic(), 0.0
    server = subprocess.Popen(container.argv(container.command, container.user))
    try:
        while not healthy and server.poll() is None and time.monotonic() - began < PATIENCE:
            time.sleep(0.5)
            if container.run(container.health, container.user).returncode == 0:
                healthy = time.monotonic() - began
        places = ("/app", "/etc", "/home/lab", "/usr/local", "/data", "/tmp")
        written = [place for place in places if container.run(f"touch {place}/probe", container.user).returncode == 0]
        status = Path(f"/proc/{server.pid}/status").read_text()
        facts = {
            line.split(":")[0]: line.split()[1] for line in status.splitlines() if line.startswith(("Uid", "VmRSS", "NoNew"))
        }
        return {
            "healthy_after_s": round(healthy, 1),
            "user": int(facts["Uid"]),
            "server_mb": round(int(facts["VmRSS"]) / 1e3),
            "may_write": [place for place in written if place in ("/data", "/tmp")],
            "written": [place for place in written if place not in ("/data", "/tmp")],
            "kept_in_data": sorted(path.name for path in (container.root / "data").iterdir()),
        }
    finally:
        server.terminate()
        server.wait(30)


if __name__ == "__main__":
    sys.exit(main())
