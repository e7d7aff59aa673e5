"""What the README and the pages of `docs/` say: code that runs, links that lead somewhere, a map that is the house's."""

import itertools
import re
import shlex

import pytest

from maml_engine.cli.parser import build_parser, join_values
from tests.blocks import RELATIVE, ROOT, assert_alike, blocks_of, python_with_output, run_all
from tests.test_packaging import ENGINE, FLOORS, edges

README = ROOT / "README.md"
PAGES = [README, ROOT / "CHANGELOG.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
ARCHITECTURE = (ROOT / "docs" / "architecture.md").read_text()
FOLDERS = ("maml_engine", "dashboard")


def test_the_readmes_python_runs_from_an_empty_folder_and_prints_what_is_shown(tmp_path):
    shown = python_with_output(README.read_text())
    printed = run_all([("README.md", source) for source, _ in shown], tmp_path)
    for got, (_, wanted) in zip(printed, shown, strict=True):
        assert_alike(got, wanted)
    assert f"allows {RELATIVE:.0%}".replace("%", " %") in README.read_text()


@pytest.mark.parametrize(("printed", "wanted"), [("a 1.5", "a 1.0"), ("a 1.0", "b 1.0"), ("1.0", "1.0 2.0"), ("0.03", "0.01")])
def test_other_texts_and_other_numbers_are_told_apart(printed, wanted):
    with pytest.raises(AssertionError):
        assert_alike(printed, wanted)


def test_the_first_screen_has_eight_lines_of_python_and_the_two_commands():
    first, second = blocks_of(README.read_text())[:2]
    assert [line.split("  ")[0] for line in first.text.splitlines()] == ["make app", "make test"]
    assert second.language == "python"
    assert len(second.text.splitlines()) == 8


def test_the_readme_is_short():
    lines = README.read_text().splitlines()
    assert len(lines) <= 110
    assert max(map(len, lines)) <= 160


def test_python_stands_where_a_test_runs_it():
    """README.md's here, that of `docs/extend.md` in `test_examples.py`."""
    others = [page for page in PAGES if page.name not in ("README.md", "extend.md")]
    assert not [page.name for page in others for block in blocks_of(page.read_text()) if block.language == "python"]


def commands():
    """Each command line of the pages, without its comment."""
    for page in PAGES:
        for block in blocks_of(page.read_text()):
            for line in block.text.splitlines():
                for words in re.findall(r"(?:^|  )(?:maml|python -m maml_engine) (.*?)(?=  |$)", line):
                    if "$" not in words:  # a script's variables
                        yield page.name, words


@pytest.mark.parametrize(("page", "words"), list(commands()))
def test_a_command_line_is_one_that_maml_takes(page, words):
    assert build_parser().parse_args(join_values(shlex.split(words.rstrip(" \\"), comments=True))).run


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_and_paths_lead_to_what_is_there(page):
    text = page.read_text()
    outside_blocks = re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL)
    for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", outside_blocks):
        assert target.startswith("https://") or (page.parent / target).exists(), target
    for path in re.findall(
        r"`((?:maml_engine|dashboard|pages|tests|docs|examples|benchmarks|tools)/[\w./*-]*)`", outside_blocks
    ):
        assert list(ROOT.glob(path.rstrip("/"))) or re.search(r"\bX\b", path), path


def tree():
    """Folders that the map draws, by their indentation."""
    (drawn,) = [block.text for block in blocks_of(ARCHITECTURE) if block.text.startswith("pages/")]
    folders, above = [], []
    for line in drawn.splitlines():
        depth = (len(line) - len(line.lstrip())) // 2
        above[depth:] = [line.split()[0].rstrip("/")]
        folders.append("/".join(above))
    assert len(set(folders)) == len(folders)
    return folders, drawn


def test_the_map_draws_the_folders_that_are_there():
    folders = {path.parent for name in FOLDERS for path in (ROOT / name).rglob("*.py")}
    folders |= {ROOT / "pages", ROOT / "maml_engine" / "pretrained"}
    assert sorted(tree()[0]) == sorted(str(folder.relative_to(ROOT)) for folder in folders)


def test_every_page_is_on_the_map_and_has_its_paragraph():
    paragraphs = (ROOT / "docs" / "pages.md").read_text()
    for page in (ROOT / "pages").glob("*.py"):
        assert re.search(rf"\b{page.stem}\b", tree()[1].splitlines()[0]), page
        assert f"(`/{'' if page.stem == 'home' else page.stem}`)" in paragraphs, page


def test_the_picture_of_the_floors_is_the_one_that_imports_are_held_to():
    rooms = {room for floor in FLOORS for room in floor}
    (picture,) = [block.text for block in blocks_of(ARCHITECTURE) if "a visitor" in block.text]
    lines = [line.strip(" |").split() for line in picture.splitlines()]
    drawn = [set(itertools.takewhile(rooms.__contains__, words)) for words in lines]
    assert [floor for floor in drawn if floor] == [set(floor) for floor in FLOORS]


def test_the_engines_rooms_and_arrows_are_no_more_than_the_map_says():
    """A room is a file or folder right below the package; an arrow, one that imports from another."""
    stated = re.search(r"the engine has\s+(\d+)\s+rooms\s+and\s+(\d+)\s+arrows", ARCHITECTURE)
    rooms = {path.relative_to(ENGINE).with_suffix("").parts[0] for path in ENGINE.rglob("*.py")} - {"__init__"}
    arrows = {tuple(module.split(".")[0] for module in pair) for *pair, _ in edges()}
    arrows = {(above, below) for above, below in arrows if above != below and above in rooms}
    assert len(rooms) <= int(stated[1]), sorted(rooms)
    assert len(arrows) <= int(stated[2]), sorted(arrows)
