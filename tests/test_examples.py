"""The scripts of `examples/` run, print what `docs/extend.md` shows, and are shown there whole."""

import pytest

from tests.blocks import ROOT, assert_alike, python_with_output, run_all

EXAMPLES = sorted((ROOT / "examples").glob("*.py"))
SHOWN = python_with_output((ROOT / "docs" / "extend.md").read_text())
OUTPUT = dict(SHOWN)


@pytest.fixture(scope="module")
def printed(tmp_path_factory):
    """What each script prints, by its name; all run in one process."""
    sources = [(path.name, path.read_text()) for path in EXAMPLES]
    return dict(zip([path.name for path in EXAMPLES], run_all(sources, tmp_path_factory.mktemp("empty")), strict=True))


def test_the_page_shows_every_example_and_no_other_python():
    assert sorted(text for text, _ in SHOWN) == sorted(path.read_text() for path in EXAMPLES)


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_prints_what_the_page_shows(path, printed):
    assert_alike(printed[path.name], OUTPUT[path.read_text()])


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_is_short(path):
    assert len(path.read_text().splitlines()) <= 60
