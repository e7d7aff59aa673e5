"""The server, over its own protocol: what it says where the engine's processes are killed, in a page and in a fragment."""

import contextlib
import os
import random
import signal
import threading

import pytest
from streamlit.proto.BackMsg_pb2 import BackMsg

from benchmarks.load import CHANGES
from benchmarks.visitors import LOST, Server, Visitor


@pytest.fixture
def server(monkeypatch):
    monkeypatch.setenv("MAML_LAB_WORKERS", "2")
    server = Server("streamlit_app.py")
    yield server
    server.stop()


@contextlib.contextmanager
def nothing_computes(server):
    """Kills the engine's processes as soon as they are there."""
    over = threading.Event()

    def kill():
        while not over.wait(0.02):
            for pid in server.engine_pids():
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)

    thread = threading.Thread(target=kill)
    thread.start()
    yield
    over.set()
    thread.join()


def test_many_who_come_at_once_to_a_server_that_has_just_started_see_their_pages(server):
    pages, wrong = list(CHANGES), []

    def come(page):
        visitor = Visitor(server.port)
        visitor.open(page)
        wrong.extend(visitor.exceptions)
        visitor.close()

    threads = [threading.Thread(target=come, args=(page,)) for page in [*pages, *pages]]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_whoever_clears_all_caches_or_opens_the_link_of_a_run_does_not_end_it(server):
    ada, bob = Visitor(server.port), Visitor(server.port)
    ada.open("train", "num_iterations=100000&hidden_dim=8&meta_batch_size=4")
    ada.rerun(press="train")
    link, clear = ada.query, BackMsg()
    assert "job=" in link and "stop" in ada.widgets
    bob.open("train", link)
    assert bob.progress and "stop" not in bob.widgets, "He looks on."
    clear.clear_cache = True
    bob._socket.send(clear.SerializeToString())
    bob.rerun(press="train")
    assert "job=" in bob.query and bob.query != link and "stop" in bob.widgets
    late = Visitor(server.port)
    late.open("train", link)
    assert late.progress and "stop" not in late.widgets
    ada.rerun()
    assert ada.query == link and ada.progress and "stop" in ada.widgets
    assert not [*ada.exceptions, *bob.exceptions, *late.exceptions]
    for visitor in (ada, bob, late):
        visitor.close()


class Last(random.Random):
    def choice(self, seq):
        return seq[-1]


def test_a_lost_process_is_told_in_a_sentence_wherever_it_was_asked(server):
    visitor = Visitor(server.port)
    visitor.open("compare")
    assert visitor.exceptions == []
    with nothing_computes(server):
        assert visitor.change("look", Last())  # it reruns a fragment alone
        visitor.rerun()
        in_a_fragment = visitor.exceptions[:]
        visitor.exceptions.clear()
        visitor.open("adapt", "task_seed=4321")
        in_a_page = visitor.exceptions[:]
        visitor.exceptions.clear()
    for said in (in_a_fragment, in_a_page):
        assert len(said) == 1
        assert said[0].startswith("The process that computed this")
        assert LOST in said[0]
    visitor.rerun()
    assert visitor.exceptions == []
    visitor.close()
