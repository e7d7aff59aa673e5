"""A script and what calls it, as two texts; that they find each other, node says."""

import json
import shutil
import subprocess

import pytest

from dashboard.components.apart import Apart

MODULE = "export const other = 1;\nexport default (call) => `called with ${call}`;\n"


def texts(monkeypatch, module=MODULE):
    """What is sent once, and what is sent with every value."""
    sent = {}
    monkeypatch.setattr("streamlit.components.v2.component", lambda name, js: sent.setdefault(name, js))
    return sent, Apart("bench", module).caller


def test_the_caller_is_short_and_names_the_script_by_its_content(monkeypatch):
    sent, caller = texts(monkeypatch)
    assert list(sent) == ["script_of_bench"] and "called with" in sent["script_of_bench"]
    assert len(caller) < 500 and "called with" not in caller
    assert texts(monkeypatch, MODULE.replace("1", "2"))[1] != caller


@pytest.mark.parametrize("first", ["script", "caller"])
def test_whichever_comes_first_they_find_each_other(monkeypatch, tmp_path, first):
    if (node := shutil.which("node")) is None:
        pytest.skip("This test runs JavaScript: install the Debian package `nodejs`.")
    sent, caller = texts(monkeypatch)
    (tmp_path / "script.mjs").write_text(sent["script_of_bench"])
    (tmp_path / "caller.mjs").write_text(caller)
    (tmp_path / "test.mjs").write_text(
        "const load = async (name) => (await import(`./${name}.mjs`)).default;\n"
        f"const order = {json.dumps(sorted(['script', 'caller'], key=lambda name: name != first))};\n"
        "let answer;\n"
        "for (const name of order) {\n"
        "  const component = await load(name);\n"
        '  if (name === "caller") answer = component("me"); else component({});\n'
        "}\n"
        "console.log(await answer);\n"
    )
    done = subprocess.run([node, tmp_path / "test.mjs"], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.strip() == "called with me"
