"""A server is waited for until it says that it is well, and no longer than asked; whoever was started can be ended."""

import signal
import subprocess
import sys

import pytest

from benchmarks.places import end, free_port, start_app, wait_until_well

DEAF = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('here', flush=True); time.sleep(60)"


def test_where_nobody_answers_the_wait_ends():
    with pytest.raises(TimeoutError, match=r"did not answer within 0\.2 s"):
        wait_until_well(f"http://127.0.0.1:{free_port()}/healthz", 0.2)


def test_an_app_is_started_with_its_words_after_those_of_before_and_ended(tmp_path):
    script, log = tmp_path / "page.py", tmp_path / "log.txt"
    script.write_text("")
    log.write_text("before\n")
    port = free_port()
    process = start_app(str(script), port, log)
    try:
        wait_until_well(f"http://127.0.0.1:{port}/_stcore/health", 60)
    finally:
        end(process)
    assert process.poll() is not None and log.read_text().startswith("before\n")


def test_who_does_not_listen_is_ended_by_force():
    with subprocess.Popen([sys.executable, "-c", DEAF], stdout=subprocess.PIPE) as deaf:
        assert deaf.stdout.readline() == b"here\n"
        end(deaf, patience=0.2)
    assert deaf.returncode == -signal.SIGKILL
