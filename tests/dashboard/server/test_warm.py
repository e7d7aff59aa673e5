"""What the pages need is compiled beforehand, once."""

import subprocess
import sys
from types import SimpleNamespace

import pytest

from dashboard.engine_calls import cache, first_numbers
from dashboard.server import warm
from tests.test_packaging import ROOT


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("MAML_LAB_HOME", str(tmp_path))
    monkeypatch.setattr(warm, "enable_compilation_cache", lambda: tmp_path)
    monkeypatch.setattr(warm, "set_log_level", lambda level: None)
    monkeypatch.setattr(warm.start_up, "import_all", lambda: None)
    return tmp_path


def test_what_comes_with_the_app_is_computed_too_and_once(folder, monkeypatch, capsys):
    computed = []
    monkeypatch.setattr(cache, "compute", lambda function, args, kwargs: computed.append(function.__qualname__))
    assert warm.main(["--pages", "adapt"]) == 0
    assert {"fits", "held_out_curve", "best_inner_lr"} <= set(computed)
    (done,) = folder.glob("warmed-*.txt")
    keys, once = done.read_text().split(), len(computed)
    assert len(keys) == once and set(keys) <= first_numbers.names()
    done.write_text("\n".join(keys[1:]) + "\n")
    assert warm.main(["--pages", "adapt"]) == 0 and len(computed) <= once + 1
    assert f"adapt: {len(computed) - once} answers" in capsys.readouterr().out


def test_a_page_that_breaks_is_no_success(folder, monkeypatch):
    from streamlit.testing.v1 import AppTest

    monkeypatch.setattr(AppTest, "run", lambda app: app)
    monkeypatch.setattr(AppTest, "exception", [SimpleNamespace(value="no numbers")])
    with pytest.raises(RuntimeError, match=r"notes was not shown.*no numbers"):
        warm.main(["--pages", "notes"])


def test_where_nothing_can_be_kept_nothing_is_compiled(tmp_path, monkeypatch, capsys):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("MAML_LAB_HOME", str(tmp_path / "file"))
    monkeypatch.setattr(warm, "enable_compilation_cache", lambda: None)
    monkeypatch.setattr(warm, "warmed", None)
    assert warm.main([]) == 1
    assert "cannot be written" in capsys.readouterr().err


def test_streamlit_says_nothing_of_browsers_that_are_not_there():
    told = "from dashboard.server import warm; warm.be_quiet(); from streamlit import config, logger;"
    told += "config.get_option('server.port');"
    told += "logger.get_logger('streamlit.runtime.scriptrunner_utils.script_run_context').warning('missing ScriptRunContext')"
    said = subprocess.run([sys.executable, "-c", told], cwd=ROOT, capture_output=True, text=True, check=True).stderr
    assert "missing ScriptRunContext" not in said
