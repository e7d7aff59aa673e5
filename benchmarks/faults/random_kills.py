"""K3: kill -9 at random moments, of processes that keep runs and of the app with a job under way; then the doctor looks."""

import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.faults.crowd import browser, follow, press_train
from benchmarks.measuring import ROOT
from benchmarks.visitors import Server, Visitor

WRITER = """
import sys, secrets
from pathlib import Path
import numpy as np
from dashboard.runs import Run, RunLibrary
library = RunLibrary(sys.argv[1])
learners = [path.read_bytes() for path in sorted(Path(sys.argv[2]).glob("*.zip"))]
print("ready", flush=True)
for number in range(10**9):
    run = Run(id=secrets.token_urlsafe(12), owner="o", name="n" * 40, history=np.ones((300, 3)), result={"number": number})
    library.save(run, learners[number % len(learners)])
    print(run.id, flush=True)
    if number % 3 == 0:
        library.delete(run.id, "o"); print("-" + run.id, flush=True)
"""


def figures(quick: bool) -> Iterator[dict[str, Any]]:
    """100 writers killed, and 30 times the app."""
    yield kill_writers(4 if quick else 100)
    yield kill_app(2 if quick else 30)


def kill_writers(kills: int) -> dict[str, Any]:
    """Two processes keep and delete runs without a pause; each is killed within a second, again and again, and started anew."""
    rng, kept, problems = random.Random(0), set(), []
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/runs.db"
        _make_learners(Path(folder))
        for _ in range((kills + 1) // 2):
            writers = [_writer(url, Path(folder) / f"said-{place}") for place in range(2)]
            time.sleep(rng.uniform(0.0, 1.0))
            for writer, said in writers:
                writer.kill()
                writer.wait()
                for line in said.read_text().splitlines(keepends=True)[1:]:
                    if line.endswith("\n"):
                        kept = kept - {line[1:-1]} if line[0] == "-" else kept | {line[:-1]}
        problems, there = _doctor(url)
        lost = [run_id for run_id in kept if run_id not in there]  # one that was being deleted at its kill may be gone
    if len(lost) > kills:
        problems.append(f"{len(lost)} runs lost")
    return {
        "id": "K3",
        "what": f"{kills} kills of processes that keep runs",
        "kept": len(kept),
        "lost_between_deleting_and_saying_so": len(lost),
        "failed": len(problems),
        "problems": problems[:5],
    }


def kill_app(kills: int) -> dict[str, Any]:
    """A run ends, another one begins, and the app and its processes are killed: what has ended is there at the next start."""
    rng, problems, finished = random.Random(1), [], []
    with tempfile.TemporaryDirectory() as home:
        for number in range(kills):
            server = Server("streamlit_app.py", home=home)
            try:
                visitor = Visitor(server.port, cookies=browser())
                for job in finished[-3:]:
                    visitor.open("train", f"job={job}")
                    if " iterations in " not in visitor.progress:
                        problems.append(f"run {job} is lost after kill {number}: {visitor.alerts or visitor.progress}")
                visitor.open("train", f"num_iterations=200&hidden_dim=8&meta_batch_size=4&seed={number}")
                job = press_train(visitor)
                if job and follow(visitor, seconds=300, every=0.3):
                    finished.append(job)
                visitor.open("train", f"num_iterations=20000&hidden_dim=64&seed={number}")
                press_train(visitor)
                time.sleep(rng.uniform(0.0, 3.0))
                workers = server.engine_pids()
                if number % 2 and workers:
                    os.kill(rng.choice(workers), signal.SIGKILL)  # a job's process first, then the app
                    time.sleep(rng.uniform(0.0, 1.0))
            finally:
                server.kill()
        found, there = _doctor(f"sqlite:///{home}/runs.db")
        problems += found + [f"{job} is not in the library" for job in finished if job not in there]
    return {
        "id": "K3",
        "what": f"{kills} kills of the app and its processes",
        "finished_runs": len(finished),
        "failed": len(problems) + (len(finished) < kills),
        "problems": problems[:5],
    }


def _make_learners(folder: Path) -> None:
    """Three files as visitors take them home, which the doctor opens."""
    from dashboard.downloads.files import learner_zip
    from maml_engine import Learner

    learner = Learner.load(ROOT / "maml_engine/pretrained/sinusoid_maml")
    for number in range(3):
        (folder / f"{number}.zip").write_bytes(learner_zip(learner.replace(iteration=number + 1)))


def _writer(url: str, said: Path) -> tuple[subprocess.Popen, Path]:
    with said.open("w") as file:
        writer = subprocess.Popen([sys.executable, "-c", WRITER, url, str(said.parent)], cwd=ROOT, stdout=file)
    until = time.monotonic() + 120
    while not said.read_text() and time.monotonic() < until and writer.poll() is None:
        time.sleep(0.02)
    return writer, said


def _doctor(url: str) -> tuple[list[str], set[str]]:
    """What the doctor says in a process of its own, and the ids that are there."""
    script = (
        "import json, sys; from dashboard.runs import RunLibrary; library = RunLibrary(sys.argv[1]); found = library.doctor()\n"
        "with library.database.reading() as connection:\n"
        "    ids = [row[0] for row in connection.exec_driver_sql('SELECT id FROM runs')]\n"
        "print(json.dumps([list(found.problems), ids]))"
    )
    done = subprocess.run([sys.executable, "-c", script, url], cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        return [f"the doctor ended: {done.stderr[-300:]}"], set()
    problems, ids = json.loads(done.stdout.splitlines()[-1])
    return problems, set(ids)
