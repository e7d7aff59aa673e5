"""A process of the engine's, asked directly."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from dashboard.jobs.engine_process import Ended, EngineProcess
from maml_engine import Diverged, Experiment, Learner
from tests.dashboard.jobs import asked
from tests.test_packaging import ROOT


@pytest.fixture(scope="module")
def process():
    process = EngineProcess(lines=2)
    yield process
    process.end()


@pytest.fixture
def line(process):
    return process.lines[0]


def is_there(pid: int) -> bool:
    try:
        return "Z" not in Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False


def test_it_computes_elsewhere_and_without_streamlit(line):
    assert line.call(asked.add, (1,), {"b": 2}) == 3
    assert line.call(asked.process, (), {}) not in (0, os.getpid())
    assert not line.call(asked.streamlit_is_there, (), {})
    settings = line.call(asked.settings, (), {})
    assert (settings["NPROC"], settings["MALLOC_ARENA_MAX"], settings["MAML_LAB_WORKERS"]) == ("1", "2", "0")
    assert "ynn_fusion_type" in settings["XLA_FLAGS"]


def test_it_gives_way_to_the_server_that_gives_way_itself():
    told = "import os; from dashboard.jobs.engine_process import EngineProcess as E; process = E(1, niceness=5);"
    told += "print(*(os.getpriority(os.PRIO_PROCESS, of) for of in (0, process.pid))); process.end()"
    out = subprocess.run(["nice", "-n", "3", sys.executable, "-c", told], cwd=ROOT, capture_output=True, text=True, check=True)
    ours, its = map(int, out.stdout.split())
    assert its == ours + 5


@pytest.mark.skipif(not Path("/proc/self/autogroup").is_file(), reason="no groups of sessions here")
def test_its_session_gives_way_too_where_sessions_are_weighed_against_one_another():
    process = EngineProcess(1, niceness=5)
    try:
        nice = Path(f"/proc/{process.pid}/autogroup").read_text().rpartition("nice ")[2]
        assert int(nice) == os.getpriority(os.PRIO_PROCESS, 0) + 5
    finally:
        process.end()


def test_what_is_raised_there_is_raised_here(line):
    with pytest.raises(ValueError, match=r"`k_shot` must be at least 1, got 0\.") as raised:
        line.call(asked.refuse, (), {})
    assert "in refuse" in raised.value.__notes__[0]
    with pytest.raises(Diverged) as diverged:
        line.call(asked.diverge, (), {})
    assert diverged.value.iteration == 7
    with pytest.raises(RuntimeError, match="Stubborn: one"):
        line.call(asked.raise_what_does_not_travel, (), {})
    assert line.call(asked.add, (1,), {}) == 1


def test_a_stream_comes_report_by_report_and_may_be_left(line, tmp_path):
    assert list(line.stream(asked.count, (3,), {})) == [0, 1, 2]
    reports = line.stream(asked.count_and_say_when_closed, (str(tmp_path / "closed"),), {})
    assert [next(reports), next(reports)] == [0, 1]
    reports.close()
    assert line.call(asked.add, (1,), {}) == 1  # the line is free again
    assert (tmp_path / "closed").exists()
    reports = line.stream(asked.count, (3,), {"fails_at": 1})
    assert next(reports) == 0
    with pytest.raises(ValueError, match="`k_shot`"):
        next(reports)
    with pytest.raises(ValueError, match="`k_shot`"):
        next(line.stream(asked.refuse, (), {}))
    assert line.call(asked.add, (1,), {}) == 1


def test_a_learner_is_sent_once_and_again_where_it_was_let_go(line):
    learner = Learner.untrained(Experiment(hidden_dim=4))
    first = line.call(asked.digits, (learner,), {})
    assert line.call(asked.digits, (learner,), {}) == first
    for iteration in range(1, 70):
        line.call(asked.digits, (learner.replace(iteration=iteration),), {})
    assert isinstance(line.call(asked.digits, (learner,), {}), int)  # it had made room


def test_one_that_is_killed_says_so_on_all_its_lines():
    process = EngineProcess(lines=2)
    reports = process.lines[0].stream(asked.count, (100,), {})
    assert next(reports) == 0
    os.kill(process.pid, signal.SIGKILL)
    with pytest.raises(Ended):
        next(reports)
    with pytest.raises(Ended):
        process.lines[1].call(asked.add, (1,), {})
    process.end()
    assert not process.is_alive


SERVER = """
import sys, time
from dashboard.jobs.engine_process import EngineProcess
from tests.dashboard.jobs import asked

process = EngineProcess(lines=1)
process.lines[0].call(asked.add, (1,), {})
print(process.pid, flush=True)
process.lines[0].call(asked.sleep, (60,), {})
"""


def test_it_ends_when_its_server_is_killed_in_the_middle_of_a_request():
    server = subprocess.Popen([sys.executable, "-c", SERVER], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    pid = int(server.stdout.readline())
    assert is_there(pid)
    server.kill()
    server.wait()
    server.stdout.close()
    deadline = time.monotonic() + 100
    while is_there(pid):
        assert time.monotonic() < deadline, "it was left behind"
        time.sleep(0.02)
