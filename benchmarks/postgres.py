"""A PostgreSQL of one's own for a while: a throw-away cluster on loopback, from the binaries of Debian's package."""

import contextlib
import itertools
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg

from benchmarks.places import free_port, memory_folder

PLACES = ("/usr/lib/postgresql/*/bin", "/usr/local/pgsql/bin", "/opt/homebrew/opt/postgresql*/bin")
MISSING = "No PostgreSQL here: what needs one is skipped (sudo apt install postgresql brings it)."
USER = "lab"  # of the database
START_SECONDS = 60


def binary(name: str) -> str | None:
    """Where a program of PostgreSQL lies, the newest where there are several; None where there is none."""
    found = sorted(path for place in PLACES for path in Path("/").glob(f"{place[1:]}/{name}"))
    return str(found[-1]) if found else shutil.which(name)


def is_here() -> bool:
    """Whether one can be started."""
    return binary("initdb") is not None and binary("postgres") is not None


class Cluster:
    """A PostgreSQL server with a folder and a port of its own; `with` stops it and removes what it kept.

    durable: whether a commit waits for the disk, as in use; tests that lose no power do without.
    settings: `name=value` of its configuration.
    """

    def __init__(self, *settings: str, durable: bool = False):
        self.user = _unprivileged()
        self.folder = Path(tempfile.mkdtemp(prefix="maml-lab-postgres-", dir=None if durable else memory_folder()))
        if self.user:
            shutil.chown(self.folder, self.user)
        self.port = free_port()
        self._names = (f"lab_{number}" for number in itertools.count(1))
        self._settings = ["listen_addresses=127.0.0.1", f"port={self.port}", f"unix_socket_directories={self.folder}"]
        self._settings += ["shared_buffers=32MB", f"fsync={'on' if durable else 'off'}", *settings]
        self._server: subprocess.Popen | None = None
        self._call(binary("initdb"), "-D", self.folder / "data", "-U", USER, "-A", "trust", "-E", "UTF8", "--no-locale", "-N")
        self.start()

    def start(self) -> None:
        """Starts the server, and waits until it answers."""
        options = [part for setting in self._settings for part in ("-c", setting)]
        with (self.folder / "log").open("ab") as log:
            command = [binary("postgres"), "-D", str(self.folder / "data"), *options]
            self._server = subprocess.Popen(command, stdout=log, stderr=log, **self._as_user())
        deadline = time.monotonic() + START_SECONDS
        while True:
            try:
                self.execute("SELECT 1")
                return
            except psycopg.OperationalError as error:
                if self._server.poll() is not None or time.monotonic() > deadline:
                    raise RuntimeError(f"PostgreSQL does not start: {(self.folder / 'log').read_text()[-2000:]}") from error
                time.sleep(0.05)

    def stop(self, how: int = signal.SIGINT) -> None:
        """Ends the server: SIGINT ends its sessions, SIGQUIT is a crash."""
        if self._server is not None and self._server.poll() is None:
            self._server.send_signal(how)
            self._server.wait(START_SECONDS)

    @contextlib.contextmanager
    def hanging(self) -> Iterator[None]:
        """The server and all its sessions stand still; to a client it is as a network that swallows packets."""
        server = self._server.pid
        sessions = Path(f"/proc/{server}/task/{server}/children").read_text().split()
        every = [server, *map(int, sessions)]
        for process in every:
            os.kill(process, signal.SIGSTOP)
        yield
        for process in reversed(every):
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, signal.SIGCONT)

    def url(self, database: str = "postgres", user: str = USER) -> str:
        """Of one of its databases, as `MAML_LAB_DATABASE` takes it."""
        return f"postgresql+psycopg://{user}@127.0.0.1:{self.port}/{database}"

    def new_database(self) -> str:
        """Makes an empty database, and gives back its name."""
        self.execute(f"CREATE DATABASE {(name := next(self._names))}")
        return name

    def execute(self, statement: str, database: str = "postgres") -> list:
        """Runs one statement by itself, and gives back its rows."""
        where = {"host": "127.0.0.1", "port": self.port, "user": USER, "dbname": database, "connect_timeout": 5}
        with contextlib.closing(psycopg.connect(**where, autocommit=True)) as connection:
            found = connection.execute(statement.encode())
            return found.fetchall() if found.description else []

    def __enter__(self) -> "Cluster":
        return self

    def __exit__(self, *_: object) -> None:
        self.stop(signal.SIGQUIT)  # nothing of it is needed again
        shutil.rmtree(self.folder, ignore_errors=True)

    def _call(self, *command: object) -> None:
        done = subprocess.run([*map(str, command)], capture_output=True, text=True, **self._as_user())
        if done.returncode:
            raise RuntimeError(f"{command[0]}: {done.stderr}")

    def _as_user(self) -> dict:
        where = {"cwd": self.folder, "env": os.environ | {"LC_ALL": "C"}, "start_new_session": True}
        return where | ({"user": self.user, "group": pwd.getpwnam(self.user).pw_gid, "extra_groups": []} if self.user else {})


def _unprivileged() -> str:
    """Whom the server runs as: root may not; "" for whoever runs this."""
    if os.geteuid() != 0:
        return ""
    names = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in names else "nobody"
