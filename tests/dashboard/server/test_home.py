"""A folder that cannot be written is written down as the server starts, and said once to a visitor."""

import logging
import shutil
from collections import namedtuple

import pytest
from streamlit.testing.v1 import AppTest

from dashboard.server import home


@pytest.fixture(autouse=True)
def _as_it_was(monkeypatch):
    monkeypatch.setattr(home, "_trouble", "")


def test_a_folder_that_can_be_written_is_no_trouble(tmp_path, monkeypatch):
    monkeypatch.setenv("MAML_LAB_HOME", str(tmp_path / "new" / "folder"))
    assert home.look() == home.trouble() == ""
    assert not list((tmp_path / "new" / "folder").iterdir())


def test_one_that_cannot_is_written_down(tmp_path, monkeypatch, caplog):
    (tmp_path / "file").write_text("no folder")
    monkeypatch.setenv("MAML_LAB_HOME", str(tmp_path / "file" / "home"))  # whoever runs the tests, root too
    with caplog.at_level(logging.WARNING, "maml_lab"):
        assert "cannot be written" in home.look()
    assert str(tmp_path) in caplog.text
    assert "cannot be written" in home.sentence() and str(tmp_path) not in home.sentence()


def test_a_disk_that_is_nearly_full_is_trouble(tmp_path, monkeypatch):
    monkeypatch.setenv("MAML_LAB_HOME", str(tmp_path))
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: namedtuple("Usage", "free")(3e6))
    assert home.look() == "has 3 MB left"


def test_a_visitor_is_told_once(monkeypatch):
    def script():
        from dashboard.widgets import page

        page.opening("A page", "")

    monkeypatch.setattr(home, "_trouble", "cannot be written (No space left on device)")
    app = AppTest.from_function(script, default_timeout=300)
    told = [[toast.value for toast in app.run().toast] for _ in range(2)]
    assert told[0] == [home.sentence()]
    assert len(told[1]) <= 1 and app.session_state["_trouble_said"]
