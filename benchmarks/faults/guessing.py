"""S1: a stranger tries another visitor's run by its id, by guesses, and from a second app process on the same database."""

import secrets
import tempfile
import time
from collections.abc import Iterator
from typing import Any

from benchmarks.faults.crowd import browser, follow, press_train
from benchmarks.visitors import Server, Visitor

GUESSES, ONE_BY_ONE, AT_ONCE = 1_000_000, 10_000, 500
RUN = "num_iterations=200&hidden_dim=8&meta_batch_size=4"
LONG_RUN = "num_iterations=50000&hidden_dim=64"  # under way all the while


def figures(quick: bool) -> Iterator[dict[str, Any]]:
    """At the library, a million guesses; at the pages, two visitors and two processes."""
    yield guess(2000 if quick else GUESSES)
    yield two_processes(5 if quick else 200)


def guess(guesses: int) -> dict[str, Any]:
    """Ids like those that are made, at a library with a stranger's run: each answer is that of a run that does not exist."""
    from dashboard.runs import Run, RunLibrary

    with tempfile.TemporaryDirectory() as folder:
        library = RunLibrary(f"sqlite:///{folder}/runs.db")
        mine = secrets.token_urlsafe(12)
        library.save(Run(id=mine, owner="somebody", name="mine"), b"learner")
        problems: dict[str, int] = {}
        near = [mine[:-1] + letter for letter in "AQgw-_"] + [
            mine.lower(),
            mine.upper(),
            mine[1:],
            mine + "A",
            f"../{mine}",
            f"{mine}\0",
        ]
        began = time.monotonic()
        for number in range(min(guesses, ONE_BY_ONE)):
            run_id = near[number] if number < len(near) else secrets.token_urlsafe(12)
            if run_id != mine and library.get(run_id) is not None:
                problems[f"found by {run_id!r}"] = 1
        for _ in range(0, guesses, AT_ONCE):  # as ids that links have opened
            if library.list("stranger", also=[secrets.token_urlsafe(12) for _ in range(AT_ONCE)]):
                problems["listed by a guess"] = 1
        took = time.monotonic() - began
        for run_id in (mine, near[0], "no-such-run"):  # the stranger's answer is the same whether there is such a run or not
            answers = (
                library.rename(run_id, "stranger", "x"),
                library.annotate(run_id, "stranger", "x"),
                library.delete(run_id, "stranger"),
            )
            if answers != (False, False, False):
                problems[f"changed by a stranger: {run_id!r}"] = 1
        if library.list("stranger") or library.count("stranger") or library.get(mine) is None:
            problems["listed for a stranger, or gone"] = 1
        library.close()
    return {
        "id": "S1",
        "what": f"{guesses:,} guessed ids at the library",
        "guesses_per_s": round((guesses + min(guesses, ONE_BY_ONE)) / took),
        "failed": len(problems),
        "problems": problems,
    }


def two_processes(guesses: int) -> dict[str, Any]:
    """A's run at the pages of two processes: with the link B looks and cannot stop; without it, it is as if there were none."""
    problems: dict[str, int] = {}

    def check(fits: bool, what: str) -> None:
        if not fits:
            problems[what] = problems.get(what, 0) + 1

    with tempfile.TemporaryDirectory() as home:
        servers = [Server("streamlit_app.py", home=home) for _ in range(2)]
        try:
            long = Visitor(servers[0].port, cookies=browser())
            long.open("train", LONG_RUN)
            running = press_train(long)
            owner = Visitor(servers[0].port, cookies=browser())
            owner.open("train", RUN)
            job = press_train(owner)
            if not running or not job or not follow(owner, seconds=300):
                raise RuntimeError(f"there is no run to guess: {long.alerts or owner.alerts or owner.progress}")
            for place, server in enumerate(servers):
                stranger = Visitor(server.port, cookies=browser())
                unknown = _said(stranger, secrets.token_urlsafe(12))
                for _ in range(guesses):
                    check(
                        _said(stranger, secrets.token_urlsafe(12)) == unknown, f"process {place}: a guess is answered otherwise"
                    )
                check(_said(stranger, job[:-1] + ("A" if job[-1] != "A" else "B")) == unknown, f"process {place}: a near id")
                stranger.open("runs", "")
                check(job not in str(stranger.widgets) and running not in str(stranger.widgets), f"process {place}: listed")
                stranger.open("train", f"job={job}")
                check(" iterations in " in stranger.progress, f"process {place}: the link does not open: {stranger.alerts}")
                check("stop" not in stranger.widgets, f"process {place}: Stop is offered")
                stranger.open("train", f"job={running}")
                check("stop" not in stranger.widgets, f"process {place}: Stop of a run under way is offered")
                check(not stranger.exceptions, f"process {place}: {stranger.exceptions}")
                stranger.close()
        finally:
            for server in servers:
                server.stop()
    return {"id": "S1", "what": "two visitors, two processes", "failed": sum(problems.values()), "problems": problems}


def _said(visitor: Visitor, job: str) -> tuple:
    """What a link to a run shows, but for the id."""
    visitor.open("train", f"job={job}")
    return (
        tuple(sentence.replace(job, "ID") for sentence in visitor.alerts),
        visitor.progress,
        visitor.charts,
        "stop" in visitor.widgets,
    )
