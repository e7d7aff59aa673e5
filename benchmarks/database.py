"""`python -m benchmarks.database [d1|d2|d3|d4 ...] [--on sqlite,postgresql] [--quick]`: the library of runs under strain.

d1: many processes write while others list. d2: the database is gone, hangs, is read-only, full or locked while two jobs end.
d3: a process sleeps past its lease, another takes the job, the first wakes up. d4: migrations killed at every statement.
One line of JSON each; the exit code is 1 where something was lost, written twice or left half-made. Processes are made by
fork, so that sixteen of them need not import JAX sixteen times.
"""

import argparse
import contextlib
import json
import os
import signal
import sys
import tempfile
import threading
import time
import warnings
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from sqlalchemy import NullPool, create_engine, event, inspect

from benchmarks.postgres import MISSING, Cluster, is_here
from benchmarks.troubles import Postgres, Sqlite
from dashboard.runs import Held, LibraryAway, Run, RunLibrary
from dashboard.runs.tables import metadata
from maml_engine import Experiment

LEARNER_BYTES = 12_000  # the tutorial's network
Row = dict[str, Any]


def main() -> int:
    """Runs what is asked for."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.database", description=__doc__.splitlines()[0])
    parser.add_argument("which", nargs="*", default=[*DESIGNS], help=f"of {', '.join(DESIGNS)} (default: all)")
    parser.add_argument("--on", default="sqlite,postgresql", help="which databases")
    parser.add_argument("--quick", action="store_true", help="a tenth of it")
    options = parser.parse_args()
    warnings.filterwarnings("ignore", ".*fork", DeprecationWarning)
    warnings.filterwarnings("ignore", ".*fork", RuntimeWarning)
    is_well = True
    with contextlib.ExitStack() as stack:
        for kind in options.on.split(","):
            if kind == "postgresql" and not is_here():
                print(MISSING, file=sys.stderr)
                continue
            place = stack.enter_context(Sqlite()) if kind == "sqlite" else Postgres(stack.enter_context(Cluster(durable=True)))
            for name in options.which:
                for row in DESIGNS[name](place, 0.1 if options.quick else 1.0):
                    print(json.dumps({"design": name, "database": kind} | row), flush=True)
                    is_well &= row["well"]
    return 0 if is_well else 1


def a_run(run_id: str, owner: str = "me", **changes: Any) -> Run:
    """A run of the usual size."""
    history = np.random.default_rng(0).random((1000, 3))
    arrays = {"curve_iterations": np.arange(50), "curves": np.ones((50, 2)), "history": history}
    experiment = Experiment(seed=zlib.crc32(run_id.encode()))
    return Run(id=run_id, owner=owner, experiment=experiment, result={"error": [0.1, 0.09, 0.11]}, **arrays, **changes)


def in_process(work: Callable[[], None]) -> int:
    """Starts a process that does one thing; its id."""
    child = os.fork()
    if child == 0:
        try:
            work()
            os._exit(0)
        except BaseException as error:
            print(f"{type(error).__name__}: {error}", file=sys.stderr, flush=True)
        finally:
            os._exit(1)
    return child


def percentile(seconds: list[float], share: float) -> float:
    """In milliseconds."""
    return round(1000 * sorted(seconds)[int(share * (len(seconds) - 1))], 1)


# d1: many writers, and some who list.


def many_writers(place: Any, scale: float) -> Iterator[Row]:
    """16 processes x 500 runs, 4 that list; then listings of 10,000 runs, first alone."""
    processes, each, readers = 16, max(10, int(500 * scale)), 4
    url = place.new()
    RunLibrary(url).trouble()
    with tempfile.TemporaryDirectory() as folder:
        began = time.perf_counter()
        writers = [in_process(lambda n=n: _write(url, n, each, Path(folder))) for n in range(processes)]
        listers = [in_process(lambda n=n: _list(url, n, Path(folder))) for n in range(readers)]
        ends = [os.waitpid(child, 0)[1] for child in writers]
        seconds = time.perf_counter() - began
        (Path(folder) / "stop").touch()
        ends += [os.waitpid(child, 0)[1] for child in listers]
        said = [json.loads(path.read_text()) for path in Path(folder).glob("*.json")]
    library = RunLibrary(url)
    rows, learners = library.count("me"), len(_digests(library))
    saves = [time for one in said for time in one.get("saves", ())]
    lists = [time for one in said for time in one.get("lists", ())]
    refused = [sentence for one in said for sentence in one["refused"]]
    more = max(0, 10_000 - rows) if scale == 1 else 0
    for number in range(more):
        library.save(a_run(f"more{number}"), str(number).encode() * 100)
    pages, began = range(0, rows + more, 100), time.process_time()
    alone = [_timed(lambda page=page: library.list("me", limit=100, offset=page)) for page in [*pages, *pages]]
    cpu = (time.process_time() - began) / len(alone)
    library.close()
    yield {
        "processes": processes,
        "runs_each": each,
        "rows": rows,
        "lost": processes * each - rows,
        "learners": learners,
        "refused": len(refused),
        "failed_processes": sum(map(bool, ends)),
        "seconds": round(seconds, 1),
        "save_ms": {"p50": percentile(saves, 0.5), "p95": percentile(saves, 0.95), "max": percentile(saves, 1)},
        "list_ms_meanwhile": {"count": len(lists), "p50": percentile(lists, 0.5), "p95": percentile(lists, 0.95)},
        "rows_then": rows + more,
        "list_ms_then": {"p50": percentile(alone, 0.5), "p95": percentile(alone, 0.95), "cpu": round(1000 * cpu, 1)},
        "well": rows == learners == processes * each and not refused and not any(ends),
    }


def _write(url: str, number: int, each: int, folder: Path) -> None:
    library, saves, refused = RunLibrary(url), [], []
    for count in range(each):
        run, learner = a_run(f"run-{number}-{count}"), os.urandom(LEARNER_BYTES)
        try:
            saves.append(_timed(lambda run=run, learner=learner: library.save(run, learner)))
        except LibraryAway as error:
            refused.append(str(error))
    (folder / f"writer{number}.json").write_text(json.dumps({"saves": saves, "refused": refused}))


def _list(url: str, number: int, folder: Path) -> None:
    library, lists, refused = RunLibrary(url), [], []
    while not (folder / "stop").exists():
        try:
            lists.append(_timed(lambda: library.list("me", limit=100)))
        except LibraryAway as error:
            refused.append(str(error))
        time.sleep(0.2)
    (folder / f"reader{number}.json").write_text(json.dumps({"lists": lists, "refused": refused}))


def _digests(library: RunLibrary) -> set[str | None]:
    return {run.learner_digest for run in library.list("me", limit=1_000_000)}


def _timed(work: Callable[[], Any]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


# d2: the database is away.


def away(place: Any, scale: float) -> Iterator[Row]:
    """Two jobs end while it is; they try again every second, as the registry does, and a page asks meanwhile."""
    seconds = max(6.0, 60 * scale)
    url = place.new()
    for name, trouble in place.troubles(url).items():
        library = RunLibrary(url)
        library.save(a_run("before"), b"before")
        waits, sentences, kept = [], set(), {}
        with trouble():
            until = time.monotonic() + seconds
            threads = [
                threading.Thread(target=_keep, args=(library, a_run(f"{name}{n}".replace(" ", "_")), until + 60, waits, kept))
                for n in range(2)
            ]
            for thread in threads:
                thread.start()
            while time.monotonic() < until:
                began = time.perf_counter()
                sentences.add(library.trouble())
                waits.append(time.perf_counter() - began)
                time.sleep(0.5)
        back = time.monotonic()
        for thread in threads:
            thread.join()
        ids = [run.id for run in library.list("me", limit=1000)]
        yield {
            "trouble": name,
            "seconds": seconds,
            "longest_wait_s": round(max(waits), 2),
            "recovered_after_s": round(max([0.0, *(moment - back for moment in kept.values())]), 2),
            "kept": len(kept),
            "lost": sum(run_id not in ids for run_id in kept) + 2 - len(kept),
            "said": sorted(sentences - {""}),
            "well": len(kept) == 2 and set(kept) <= set(ids) and max(waits) < 5 and library.get("before") is not None,
        }
        library.close()


def _keep(library: RunLibrary, run: Run, until: float, waits: list[float], kept: dict[str, float]) -> None:
    while time.monotonic() < until:
        began = time.perf_counter()
        try:
            library.save(run, b"learner " + run.id.encode())
            waits.append(time.perf_counter() - began)
            kept[run.id] = time.monotonic()
            return
        except LibraryAway:
            waits.append(time.perf_counter() - began)
        time.sleep(1)


# d3: a process that sleeps past its lease.


def sleepers(place: Any, scale: float) -> Iterator[Row]:
    """The first process takes a job and is stopped (SIGSTOP), the second takes it over, the first goes on."""
    rounds, written_late = max(3, int(20 * scale)), 0
    url = place.new()
    library = RunLibrary(url)
    noticed = 0
    with tempfile.TemporaryDirectory() as folder:
        for number in range(rounds):
            job, mark = f"job{number}", Path(folder) / str(number)
            library.enqueue(job, "me", {"number": number})
            library.close()
            sleeper = in_process(lambda mark=mark: _sleeper(url, mark))
            _until(mark.with_suffix(".has").exists)
            os.kill(sleeper, signal.SIGSTOP)
            claim = _until(lambda: library.claim("second", 60))
            library.write(a_run(job, status="running", iteration=2), b"second", lease_number=claim.lease_number)
            mark.with_suffix(".go").touch()
            os.kill(sleeper, signal.SIGCONT)
            os.waitpid(sleeper, 0)
            noticed += mark.with_suffix(".noticed").exists()
            found = library.get(job)
            written_late += found.iteration != 2 or library.learner(job) != b"second"
            written_late += not library.write(a_run(job, iteration=3), b"end", lease_number=claim.lease_number)
    library.close()
    yield {"rounds": rounds, "noticed": noticed, "written_late": written_late, "well": noticed == rounds and not written_late}


def _sleeper(url: str, mark: Path) -> None:
    library = RunLibrary(url)
    claim = library.claim("first", 0.3)
    mark.with_suffix(".has").touch()
    _until(mark.with_suffix(".go").exists)
    renewed = library.renew({claim.id: Held(claim.lease_number)}, 60)
    wrote = library.write(a_run(claim.id, iteration=1), b"first", lease_number=claim.lease_number)
    if not renewed and not wrote:
        mark.with_suffix(".noticed").touch()


def _until(happens: Callable[[], Any]) -> Any:
    """What comes about within a minute."""
    deadline = time.monotonic() + 60
    while not (found := happens()):
        if time.monotonic() > deadline:
            raise TimeoutError("It does not come about.")
        time.sleep(0.02)
    return found


# d4: migrations that are killed.


def killed_migrations(place: Any, scale: float) -> Iterator[Row]:
    """At every statement in turn, then many processes at once."""
    tables, half_made, statement, unopened = {*metadata.tables, "alembic_version"}, 0, 0, 0
    while True:
        statement += 1
        url = place.new()
        child = in_process(lambda url=url, statement=statement: die_at(url, statement))
        if not os.WIFSIGNALED(os.waitpid(child, 0)[1]):
            break
        engine = create_engine(url, poolclass=NullPool)
        with engine.connect() as connection:
            half_made += set(inspect(connection).get_table_names()) not in (set(), tables)
        library = RunLibrary(url)
        unopened += library.trouble() != ""
        library.close()
    url = place.new()
    processes = max(4, int(16 * scale))
    children = [in_process(lambda n=n: RunLibrary(url).save(a_run(f"run{n}"))) for n in range(processes)]
    failed = sum(bool(os.waitpid(child, 0)[1]) for child in children)
    library = RunLibrary(url)
    rows = library.count("me")
    library.close()
    yield {
        "killed_at_statements": statement - 1,
        "half_made": half_made,
        "unopened": unopened,
        "began_at_once": processes,
        "failed": failed,
        "rows": rows,
        "well": not (half_made or unopened or failed) and rows == processes and statement > 10,
    }


def die_at(url: str, statement: int) -> None:
    """Opens a library, which makes its tables, and ends at its statement of that number as by a power cut."""
    library, count = RunLibrary(url), 0

    def die(*_: Any) -> None:
        nonlocal count
        count += 1
        if count == statement:
            os.kill(os.getpid(), signal.SIGKILL)

    for moment in ("before_cursor_execute", "commit"):
        event.listen(library.database.engine(), moment, die)
    if library.trouble():
        raise RuntimeError(library.trouble())


DESIGNS = {"d1": many_writers, "d2": away, "d3": sleepers, "d4": killed_migrations}

if __name__ == "__main__":
    sys.exit(main())
