"""The Dockerfile is of steps that can be followed without Docker, and is fit for strangers; so is the proxy's file."""

import json
import re
import shutil
import subprocess

import pytest

from tests.test_packaging import ROOT
from tools.run_dockerfile import steps


def dockerfile():
    return steps((ROOT / "Dockerfile").read_text())


def test_comments_and_continued_lines_are_read_as_docker_reads_them():
    assert steps("# a\nFROM x\n\nRUN a && \\\n    b\nENV A=1 B=2\n") == [("FROM", "x"), ("RUN", "a && b"), ("ENV", "A=1 B=2")]


def test_the_container_installs_the_lock_and_runs_as_nobody_in_particular():
    names = [name for name, _ in dockerfile()]
    assert names.index("USER") < names.index("CMD") and "HEALTHCHECK" in names
    said = dict(dockerfile())
    assert said["USER"] != "root"
    assert any("--require-hashes -r requirements.lock" in rest for name, rest in dockerfile() if name == "RUN")
    assert {"MAML_LAB_HOSTED=1", "MAML_LAB_HOME=/data"} <= set(said["ENV"].split())
    assert "/healthz" in said["HEALTHCHECK"] and "streamlit_app.py" in json.loads(said["CMD"])
    assert {".git", ".streamlit/secrets.toml"} <= set((ROOT / ".dockerignore").read_text().split())


@pytest.mark.skipif(shutil.which("nginx") is None, reason="nginx reads its file: sudo apt install nginx brings it.")
def test_the_proxy_s_file_is_one(tmp_path):
    text = (ROOT / "deploy" / "nginx.conf").read_text()
    assert re.search(r"location = /_stcore/metrics \{ return 404; \}", text)
    (tmp_path / "nginx.conf").write_text(text)
    read = subprocess.run(["nginx", "-t", "-p", tmp_path, "-c", tmp_path / "nginx.conf"], capture_output=True, text=True)
    assert "syntax is ok" in read.stderr
