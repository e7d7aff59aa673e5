"""`python -m benchmarks.replicas [--sessions 50] [--out FOLDER]`: two replicas, a proxy and PostgreSQL; one replica is killed.

As docs/hosting.md says it: nginx with `deploy/nginx.conf`, two servers of the app on one database, all on loopback. So many
sessions, each with its seat's cookie, look at a page and change things; then one replica gets SIGKILL. Told are: how the
sessions were spread, how many had to come back and were served, how long that took, what failed meanwhile, and whether those of
the other replica noticed. Needs Debian's nginx and postgresql.
"""

import argparse
import random
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections import Counter
from http.cookies import SimpleCookie
from pathlib import Path

from benchmarks import machine, measuring
from benchmarks.places import end, free_port, is_well, start_app, wait_until_well
from benchmarks.postgres import Cluster
from benchmarks.visitors import Visitor
from dashboard.server import operator

CONFIGURATION = measuring.ROOT / "deploy" / "nginx.conf"
PAGES = {"": ["shots", "point_noise"], "train": ["inner_lr", "k_shot"], "adapt": ["chosen_task"], "pitfalls": ["cell_steps"]}
OFFER = "offer"  # the widget by which a learner is taken home: it is there where a run has left one
PATIENCE = 120.0  # seconds


def main() -> int:
    """Measures, and says what came of it: 0 where every session was served again."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.replicas", description=__doc__.splitlines()[0])
    parser.add_argument("--sessions", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=30, help="before the kill, and after it")
    parser.add_argument("--out", default="benchmarks/results", help="folder for replicas.json")
    options = parser.parse_args()
    if shutil.which("nginx") is None:
        print("No nginx here: sudo apt install nginx", file=sys.stderr)
        return 1
    with Cluster() as database, tempfile.TemporaryDirectory(prefix="maml-lab-replicas-") as folder:
        url = database.url(database.new_database())
        house = House(Path(folder), url)
        try:
            found = {"machine": machine.describe(), **watch(house, options.sessions, options.seconds)}
        finally:
            house.stop()
    measuring.save(found, options.out, "replicas.json")
    print({name: value for name, value in found.items() if name != "machine"})
    held = found["its_finished_run_is_on_the_other"] and found["back"] == found["on_the_killed_replica"]
    return 0 if held and not found["errors_of_the_others"] else 1


class House:
    """Two replicas on one database, and nginx before them."""

    def __init__(self, folder: Path, database: str) -> None:
        """Starts all three and waits until they answer."""
        self.port, *ports = (free_port() for _ in range(3))
        self.ports, self.homes = ports, [folder / f"home{port}" for port in ports]
        self.replicas = [_replica(home, port, database) for home, port in zip(self.homes, ports, strict=True)]
        for port in ports:
            wait_until_well(f"http://127.0.0.1:{port}/healthz", 3 * PATIENCE)
        text = CONFIGURATION.read_text().replace("listen 8080", f"listen 127.0.0.1:{self.port}")
        for written, port in zip((8501, 8502), ports, strict=True):
            text = text.replace(f"127.0.0.1:{written}", f"127.0.0.1:{port}")
        (folder / "nginx.conf").write_text(text)
        command = ["nginx", "-p", str(folder), "-c", str(folder / "nginx.conf"), "-g", "daemon off;"]
        self.log = folder / "nginx.log"
        with self.log.open("wb") as log:
            self.proxy = subprocess.Popen(command, stderr=log)
        wait_until_well(f"http://127.0.0.1:{self.port}/healthz", 3 * PATIENCE)

    def stop(self) -> None:
        """Ends all three."""
        end(self.proxy, *self.replicas)

    def sessions(self) -> list[int]:
        """How many each replica has, as it tells its operator."""
        sockets = [home / "operator" / f"{replica.pid}.sock" for home, replica in zip(self.homes, self.replicas, strict=True)]
        return [operator.ask(path, "status")["sessions"] for path in sockets]


def watch(house: House, sessions: int, seconds: float) -> dict:
    """So many sessions before and after a replica is killed."""
    link = train_there(house.ports[0])
    guests = [Guest(house.port, number) for number in range(sessions)]
    threads = [threading.Thread(target=guest.stay, daemon=True) for guest in guests]
    for thread in threads:
        thread.start()
    time.sleep(seconds)
    killed = house.replicas[0]
    spread = house.sessions()
    began = time.monotonic()
    killed.send_signal(signal.SIGKILL)
    killed.wait()
    time.sleep(seconds)
    while any(guest.lost_at and not guest.back_at for guest in guests) and time.monotonic() - began < PATIENCE:
        time.sleep(1)
    for guest in guests:
        guest.goes_on = False
    for thread in threads:
        thread.join(PATIENCE)
    lost = [guest for guest in guests if guest.lost_at]
    waits = sorted(guest.back_at - guest.lost_at for guest in lost if guest.back_at)
    errors = Counter(error for guest in guests for error in guest.errors)
    return {
        "sessions": sessions,
        "sessions_by_replica": spread,
        "answers_before": sum(guest.answers_before(began) for guest in guests),
        "answers_after": sum(len(guest.answered) - guest.answers_before(began) for guest in guests),
        "on_the_killed_replica": len(lost),
        "back": len(waits),
        "back_after_s": {"median": statistics.median(waits), "longest": max(waits, default=0.0)} if waits else {},
        "connections_refused_on_the_way_back": sum(guest.refused for guest in lost),
        "errors_of_the_others": sum(bool(guest.errors) for guest in guests if not guest.lost_at),
        "errors": dict(errors),
        "its_finished_run_is_on_the_other": OFFER in opened(house.ports[1], link).widgets,
        "other_replica_is_well": is_well(f"http://127.0.0.1:{house.ports[1]}/healthz"),
    }


def train_there(port: int) -> str:
    """A small run at a replica, to its end; its link, as a query string."""
    visitor = opened(port, "num_iterations=200&hidden_dim=8&meta_batch_size=4")
    visitor.rerun(press="train")
    while visitor.repeats:
        time.sleep(0.4)
        visitor.rerun(fragment=next(iter(visitor.repeats)))
    visitor.rerun()
    if OFFER not in visitor.widgets:
        raise RuntimeError(f"The run did not come to its end: {visitor.query}")
    visitor.close()
    return visitor.query


def opened(port: int, query: str) -> Visitor:
    """A visitor's page Train."""
    visitor = Visitor(port)
    visitor.open("train", query)
    return visitor


class Guest:
    """A visitor who looks, changes something every few seconds, and comes back with the same address where the line breaks."""

    def __init__(self, port: int, number: int) -> None:
        """Fetches the page as a browser does, with the cookies that come with it."""
        self.port, self.choose, self.goes_on = port, random.Random(number), True
        self.lost_at = self.back_at = 0.0
        self.refused, self.errors, self.answered = 0, [], []
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=PATIENCE) as answer:
            brought = SimpleCookie()
            for cookie in answer.headers.get_all("Set-Cookie", ()):
                brought.load(cookie)
        self.cookies = "; ".join(f"{name}={morsel.value}" for name, morsel in brought.items())

    def answers_before(self, moment: float) -> int:
        """How many answers had come by then."""
        return sum(at < moment for at in self.answered)

    def stay(self) -> None:
        """Until it is told to leave."""
        visitor, page = None, self.choose.choice(list(PAGES))
        while self.goes_on:
            try:
                if visitor is None:
                    visitor = Visitor(self.port, cookies=self.cookies)
                    visitor.open(page)
                    if self.lost_at and not self.back_at:
                        self.back_at = time.monotonic()
                elif visitor.change(self.choose.choice(PAGES[page]), self.choose):
                    visitor.rerun()
                self.answered.append(time.monotonic())
                self.errors += visitor.exceptions
                visitor.exceptions.clear()
                time.sleep(self.choose.uniform(3, 6))
            except Exception as error:
                if visitor is not None and not self.lost_at:
                    self.lost_at = time.monotonic()
                elif self.lost_at and not self.back_at:
                    self.refused += 1
                else:
                    self.errors.append(f"{type(error).__name__}: {error}")
                visitor = None
                time.sleep(0.5)
        if visitor is not None:
            visitor.close()


def _replica(home: Path, port: int, database: str) -> subprocess.Popen:
    home.mkdir()
    settings = {"MAML_LAB_HOSTED": "1", "MAML_LAB_HOME": str(home), "MAML_LAB_DATABASE": database, "MAML_LAB_WORKERS": "1"}
    return start_app("streamlit_app.py", port, home / "log.txt", **settings)


if __name__ == "__main__":
    sys.exit(main())
