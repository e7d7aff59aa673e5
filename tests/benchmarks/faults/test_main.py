"""One command for all that is broken on purpose."""

import json

import pytest

from benchmarks.faults import __main__ as faults


def run(monkeypatch, *flags):
    monkeypatch.setattr("sys.argv", ["faults", *map(str, flags)])
    return faults.main()


def test_a_part_is_measured_in_a_process_of_its_own_and_written_down(monkeypatch, capsys, tmp_path):
    """Bombs: each in a fork, which wants a process of one thread."""
    assert run(monkeypatch, "--only", "B2", "--quick", "--out", tmp_path) == 0
    figures = json.loads((tmp_path / "faults.json").read_text())["figures"]
    assert len(figures) > 20
    assert {figure["failed"] for figure in figures} == {0}
    assert capsys.readouterr().out.count("| B2 |") == len(figures)


def test_what_there_is_and_how_long_it_takes(monkeypatch, capsys):
    assert run(monkeypatch, "--list") == 0
    said = capsys.readouterr().out
    assert all(ids in said for part in faults.PARTS for ids in part.ids.split())
    assert "minutes on two quiet cores" in said


def test_a_part_that_breaks_is_a_figure_that_failed(monkeypatch, tmp_path):
    part = faults.Part("B9", "no_such_module", 1)
    (figure,) = faults._figures(part, quick=True)
    assert figure["failed"] == 1 and "broke" in figure["what"]
    with pytest.raises(SystemExit):
        run(monkeypatch, "--nonsense")
