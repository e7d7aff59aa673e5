"""The engine is a library of its own: what it declares, what it imports, and which way its imports point."""

import ast
import re
import sys
import tomllib
from pathlib import Path

import pytest

from maml_engine.runtime.extras import EXTRAS

ROOT = Path(__file__).resolve().parents[1]
ENGINE = ROOT / "maml_engine"

# Top down, as `docs/architecture.md` draws the house: what stands in a folder or file imports from its own floor or from one
# further down.
FLOORS = [
    ["__main__", "cli"],
    ["verification"],
    ["analysis", "distributed", "tables"],
    ["training", "baselines"],
    ["learner"],
    ["experiment"],
    ["methods"],
    ["evaluation"],
    ["tasks"],
    ["core"],
    ["models"],
    ["io"],
    ["checks", "pytrees", "runtime"],
]
LEVEL = {name: level for level, floor in enumerate(FLOORS) for name in floor}
# The tutorial's code is an oracle: the board of checks holds the engine against it, and nothing else may use it.
MAY_IMPORT_THE_TUTORIAL = {"verification.board"}


IMPORTED_AS = {package: name for packages in EXTRAS.values() for name, package in packages.items()}


def imports_of(path):
    """Full names of what a file imports, wherever in it, with line numbers; type checkers' imports are left out."""
    tree = ast.parse(path.read_text())
    for_types = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
        for inner in ast.walk(node)
    }
    for node in ast.walk(tree):
        if id(node) in for_types:
            continue
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno} imports by a relative name"
            yield from ((f"{node.module}.{alias.name}", node.lineno) for alias in node.names)


def project():
    return tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def declared():
    """What the engine needs, with all its extras."""
    return [*project()["dependencies"], *(line for lines in project()["optional-dependencies"].values() for line in lines)]


def required(name):
    lines = (line.split("#")[0].strip() for line in (ROOT / name).read_text().splitlines())
    return [line for line in lines if line and not line.startswith("-")]


def package(requirement):
    return re.match(r"[A-Za-z0-9_.-]+", requirement)[0]


def test_the_engines_dependencies_and_the_apps_cannot_drift_apart():
    assert set(declared()) <= set(required("requirements.txt"))
    names = [package(line) for line in required("requirements.txt")]
    assert len(set(names)) == len(names)


def test_the_extras_are_those_that_are_named_where_one_is_missing():
    extras = {extra: set(map(package, lines)) for extra, lines in project()["optional-dependencies"].items()}
    assert extras == {extra: set(packages.values()) for extra, packages in EXTRAS.items()}


def test_the_packages_of_an_extra_are_imported_where_they_are_used_alone():
    """At the top of a module they would be needed by whoever imports the engine."""
    barred = {name for packages in EXTRAS.values() for name in packages}
    for path in ENGINE.rglob("*.py"):
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, ast.Import | ast.ImportFrom):
                names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else [node.module]
                assert not barred & {name.split(".")[0] for name in names}, f"{path}:{node.lineno}"


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-dev.txt"])
def test_every_requirement_has_bounds_on_both_sides(name):
    for line in required(name):
        assert ">=" in line, line
        assert ",<" in line, line


def test_every_import_of_the_engine_is_declared_and_every_declaration_is_used():
    provides = {IMPORTED_AS.get(package(line), package(line)).replace("-", "_") for line in declared()}
    used = {name.split(".")[0] for path in ENGINE.rglob("*.py") for name, _ in imports_of(path)}
    outside = used - set(sys.stdlib_module_names) - {"maml_engine"}
    assert outside == provides


def test_the_apps_imports_are_declared():
    provides = {package(line).replace("-", "_") for line in required("requirements.txt")} | {
        "maml_engine",
        "dashboard",
        "pages",
    }
    for path in [*(ROOT / "dashboard").rglob("*.py"), *(ROOT / "pages").rglob("*.py"), ROOT / "streamlit_app.py"]:
        for name, line in imports_of(path):
            assert name.split(".")[0] in provides | set(sys.stdlib_module_names), f"{path}:{line} imports {name}"


def test_imports_point_one_way_between_engine_dashboard_and_pages():
    for folder, barred in [("maml_engine", {"streamlit", "plotly", "dashboard", "pages"}), ("dashboard", {"pages"})]:
        for path in (ROOT / folder).rglob("*.py"):
            for name, line in imports_of(path):
                assert name.split(".")[0] not in barred, f"{path}:{line} imports {name}"


def edges():
    """(importing module, imported module) inside the engine, as dotted names without the package's own."""
    modules = {
        ".".join(path.relative_to(ENGINE).with_suffix("").parts).removesuffix(".__init__"): path
        for path in ENGINE.rglob("*.py")
    }
    for module, path in modules.items():
        for name, line in imports_of(path):
            if not name.startswith("maml_engine."):
                continue
            inner = name.removeprefix("maml_engine.")
            while inner and inner not in modules:
                inner = inner.rpartition(".")[0]
            if inner and inner != module:
                yield module, inner, f"{path.relative_to(ROOT)}:{line}"


def test_imports_inside_the_engine_go_down():
    for module, inner, where in edges():
        above, below = module.split(".")[0], inner.split(".")[0]
        if above in ("__init__", "tutorial", "pretrained"):
            continue
        if below == "tutorial" and module in MAY_IMPORT_THE_TUTORIAL:
            continue
        assert below not in ("tutorial", "pretrained"), f"{where}: {below} stands apart"
        assert LEVEL[above] <= LEVEL[below], f"{where}: {module} imports {inner}, which stands above it"


def test_imports_inside_the_engine_have_no_circles():
    graph = {}
    for module, inner, _ in edges():
        # A package's own modules are imported by its `__init__`; what counts is the module that is meant.
        if module != "__init__" and not module.startswith(f"{inner}."):
            graph.setdefault(module, set()).add(inner)
    done, path = set(), []

    def visit(module):
        assert module not in path, f"A circle: {' -> '.join([*path, module])}"
        if module not in done:
            path.append(module)
            for inner in graph.get(module, ()):
                visit(inner)
            path.pop()
            done.add(module)

    for module in list(graph):
        visit(module)


def test_the_tutorial_imports_nothing_of_the_engine():
    assert not [name for name, _ in imports_of(ENGINE / "tutorial.py") if name.startswith("maml_engine")]


def test_no_pickle_is_ever_loaded():
    """Nor code built from text, anywhere in what is shipped."""
    barred = re.compile(
        r"\b(pickle|marshal|shelve|dill|cloudpickle|joblib)\b|allow_pickle\s*=\s*True|\b(eval|exec)\(|yaml\.load\("
    )
    for folder in ("maml_engine", "dashboard", "pages"):
        for path in (ROOT / folder).rglob("*.py"):
            code = "\n".join(
                ast.unparse(node)
                for node in ast.walk(ast.parse(path.read_text()))
                if isinstance(node, ast.Import | ast.ImportFrom | ast.Call)
            )
            assert not barred.search(code), path


def test_the_console_command_is_the_modules_main():
    assert project()["scripts"] == {"maml": "maml_engine.__main__:main"}
