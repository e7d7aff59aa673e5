"""The operator's command asks the servers of its own user, and says nothing that makes somebody else of its reader."""

import json
import socket
import stat

import pytest

from dashboard.engine_calls.resources import jobs
from dashboard.server import operator
from maml_engine import Experiment


@pytest.fixture
def server(tmp_path, monkeypatch):
    monkeypatch.setenv("MAML_LAB_HOME", str(tmp_path))
    listener = operator.listen()
    yield listener
    listener.end()


def test_nobody_else_may_ask(server):
    assert stat.S_IMODE(operator.folder().stat().st_mode) == 0o700
    (path,) = operator.folder().iterdir()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_status_tells_jobs_memory_and_caches_and_no_ids(server, capsys, monkeypatch):
    registry = jobs()
    job = registry.submit(Experiment(num_iterations=2, hidden_dim=4, meta_batch_size=2))
    try:
        assert operator.main(["status"]) == 0
        printed = capsys.readouterr().out
        told = json.loads(printed)
        assert told["jobs"][-1]["what"] == "maml on sinusoid" and told["jobs"][-1]["of"] == 2
        assert told["library_trouble"] == "" and told["memory_mb"]["server"] > 10
        assert told["caches"]["dashboard.engine_calls.cache.ANSWERS"]["max_mb"] == 68
        assert told["caches_max_mb"] < 700
        assert job not in printed
    finally:
        registry.stop(job)


def test_clear_empties_the_caches(server, capsys, monkeypatch):
    from dashboard.server import budgets

    emptied = []
    monkeypatch.setattr(budgets, "clear", lambda: emptied.append(True))
    assert operator.main(["clear"]) == 0
    assert emptied and "caches" in json.loads(capsys.readouterr().out)


def test_what_is_no_command_is_refused(server):
    (path,) = operator.folder().iterdir()
    assert "status" in operator.ask(path, "shell")["error"]


def test_a_server_that_was_killed_is_passed_over(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("MAML_LAB_HOME", str(tmp_path))
    operator.folder().mkdir()
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(operator.folder() / "1.sock"))
    assert operator.main([]) == 1
    assert "No server listens" in capsys.readouterr().err
    assert not list(operator.folder().iterdir())


def test_without_a_folder_the_server_goes_on(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("MAML_LAB_HOME", str(tmp_path / "file"))
    assert operator.listen() is None
