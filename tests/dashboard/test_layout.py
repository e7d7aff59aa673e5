"""Where things live in the app: which room may import which, and how long a page is."""

import re
import statistics

import pytest

from tests.dashboard.figures.test_purity import chain_to
from tests.test_packaging import ROOT, imports_of

DASHBOARD = ROOT / "dashboard"
PAGES = sorted(path for path in (ROOT / "pages").glob("*.py"))

# Room -> the rooms that it imports from; a room is a folder or a file of `dashboard/`.
ROOMS = {
    "page_parts": {
        *("widgets", "downloads", "engine_calls", "components", "figures"),
        *("jobs", "runs", "results", "method_names", "escape", "server"),
    },
    "widgets": {
        *("downloads", "engine_calls", "components", "figures", "jobs", "lessons"),
        *("method_names", "escape", "server", "hosting"),
    },
    "engine_calls": {"components", "downloads", "jobs", "results", "method_names", "runs"},
    "downloads": {"jobs"},
    "components": {"figures", "results", "method_names", "escape"},
    "figures": {"results", "method_names", "escape"},
    "jobs": {"hosting", "runs"},
    "lessons": {"runs"},
    "hosting": set(),
    "runs": set(),
    "results": set(),
    "method_names": set(),
    "escape": set(),
    "server": {"engine_calls", "hosting", "jobs"},
}
# What a visitor's browser never sees, and tests run without a server.
WITHOUT_STREAMLIT = (
    "jobs",
    "lessons",
    "runs",
    "results",
    "method_names",
    "escape",
    "downloads.files",
    "downloads.code",
    "widgets.links",
    "widgets.run_words",
    "engine_calls.cache",
    "page_parts.characters.picture_calls",
    "page_parts.runs.rows",
)
MAX_LINES, MAX_PAGE_LINES, MAX_MEDIAN_PAGE_LINES = 330, 250, 160


def modules(folder):
    """Dotted name -> file, of all modules in a folder of the repository."""
    files = {path: path.relative_to(ROOT).with_suffix("").parts for path in folder.rglob("*.py")}
    return {".".join(parts[:-1] if parts[-1] == "__init__" else parts): path for path, parts in files.items()}


def edges():
    """(importing module, imported module, where) among the modules of the dashboard."""
    known = modules(DASHBOARD)
    for module, path in known.items():
        for name, line in imports_of(path):
            while name and name not in known:
                name = name.rpartition(".")[0]
            if name not in ("", "dashboard", module):
                yield module, name, f"{path.relative_to(ROOT)}:{line}"


def room(module):
    return module.split(".")[1]


def arrows():
    return {(room(module), room(inner)) for module, inner, _ in edges() if room(module) != room(inner)}


def test_the_rooms_import_what_is_drawn_and_nothing_else():
    found = {name: {inner for outer, inner in arrows() if outer == name} for name in ROOMS}
    assert found == ROOMS
    assert {room(module) for module in modules(DASHBOARD) if module != "dashboard"} == set(ROOMS)


def circle_in(graph):
    """Names that lead back to the first of them; None where there is no circle."""
    done = set()

    def visit(name, path):
        if name in path:
            return [*path[path.index(name) :], name]
        if name in done:
            return None
        done.add(name)
        return next((found for inner in graph.get(name, ()) if (found := visit(inner, [*path, name]))), None)

    return next((found for name in list(graph) if (found := visit(name, []))), None)


def test_there_are_no_circles():
    assert circle_in(ROOMS) is None
    graph = {}
    for module, inner, _ in edges():
        if not module.startswith(f"{inner}."):  # a package is imported before its own modules
            graph.setdefault(module, set()).add(inner)
    assert circle_in(graph) is None
    assert circle_in({"a": {"b"}, "b": {"c"}, "c": {"b"}}) == ["b", "c", "b"]


def test_the_documentation_counts_rooms_and_arrows():
    (rooms, drawn) = re.search(
        r"the dashboard\s+(\d+)\s+rooms\s+and\s+(\d+)\s+arrows", (ROOT / "docs" / "architecture.md").read_text()
    ).groups()
    assert (int(rooms), int(drawn)) == (len(ROOMS), sum(map(len, ROOMS.values())))


def test_a_page_has_its_parts_to_itself():
    parts = {path.name for path in (DASHBOARD / "page_parts").iterdir() if path.is_dir() and path.name != "__pycache__"}
    assert parts <= {path.stem for path in PAGES}
    for importer in [*DASHBOARD.rglob("*.py"), *PAGES]:
        for name, line in imports_of(importer):
            if part := re.match(r"dashboard\.page_parts\.(\w+)", name):
                assert part[1] == owner_of(importer), f"{importer}:{line} imports {name}"


def owner_of(path):
    """The page that a file belongs to; None where it serves several."""
    if path in PAGES:
        return path.stem
    within = path.relative_to(DASHBOARD).parts
    return within[1] if within[0] == "page_parts" else None


@pytest.mark.parametrize("module", WITHOUT_STREAMLIT)
def test_what_needs_no_streamlit_has_none(module):
    assert chain_to("streamlit", f"dashboard.{module}") is None


def test_what_the_engine_s_processes_are_asked_for_needs_no_streamlit():
    asked = [module for module, path in modules(DASHBOARD).items() if re.search(r"^@cached\n", path.read_text(), re.MULTILINE)]
    assert len(asked) >= 10
    for module in asked:
        for name in (module, *packages_of(module)):  # a package is imported before what is in it
            assert chain_to("streamlit", name) is None


def packages_of(module):
    """The packages in which a module lies, below `dashboard`."""
    parts = module.split(".")
    return [".".join(parts[:count]) for count in range(2, len(parts))]


def test_pages_show_and_do_not_compute():
    computing = {"numpy", "jax", "pandas", "scipy", "optax", "flax"}
    for page in PAGES:
        for name, line in imports_of(page):
            assert name.split(".")[0] not in computing, f"{page}:{line} imports {name}"


def test_files_are_short():
    lines = {path: len(path.read_text().splitlines()) for path in [*DASHBOARD.rglob("*.py"), *PAGES]}
    assert not {path: count for path, count in lines.items() if count > MAX_LINES}
    pages = [lines[page] for page in PAGES]
    assert max(pages) <= MAX_PAGE_LINES
    assert statistics.median(pages) <= MAX_MEDIAN_PAGE_LINES
