"""The engine is a library of its own: what it declares, what it imports, and which way its imports point."""

import ast
import importlib.metadata
import re
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

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
MAY_IMPORT_THE_TUTORIAL = {"verification.agreement_checks"}


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


OF_THE_COMMAND_LINE_ALONE = ("mlflow", "tensorboard")  # extras that the app does without


def test_the_engines_dependencies_and_the_apps_cannot_drift_apart():
    extras = project()["optional-dependencies"]
    apart = {line for extra in OF_THE_COMMAND_LINE_ALONE for line in extras[extra]}
    assert set(declared()) - apart <= set(required("requirements.txt"))
    assert not {package(line) for line in apart} & {package(line) for line in required("requirements.txt")}
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


# The lock: `make lock` writes it anew.

LOCKED_LINE = re.compile(r"(?P<requirement>[^\\]+?) (?P<hashes>(\\ --hash=sha256:[0-9a-f]{64} ?)+)")
PLACES = [
    default_environment()
    | {"sys_platform": "linux", "platform_system": "Linux", "python_version": version, "python_full_version": f"{version}.0"}
    for version in ("3.11", "3.12", "3.13")
]


def locked(text):
    """Requirements of a lock, each with a version and hashes; anything else in it is refused."""
    text = re.sub(r"^ *#.*\n", "", text, flags=re.MULTILINE)
    lines = [" ".join(line.split()) for line in re.sub(r"\\\n", r"\\ ", text).splitlines() if line.strip()]
    matches = [LOCKED_LINE.fullmatch(line) for line in lines]
    assert all(matches), [line for line, match in zip(lines, matches, strict=True) if not match]
    return [Requirement(match["requirement"]) for match in matches]


def unsatisfied(requirements, lock, place):
    """What of `requirements` a lock does not hold in one place, as sentences."""
    versions = {}
    for line in lock:
        if line.marker is None or line.marker.evaluate(place):
            (pin,) = line.specifier
            assert pin.operator == "==" and canonicalize_name(line.name) not in versions, line
            versions[canonicalize_name(line.name)] = pin.version
    for wanted in requirements:
        version = versions.get(canonicalize_name(wanted.name))
        if (wanted.marker is None or wanted.marker.evaluate(place | {"extra": ""})) and (
            version is None or version not in wanted.specifier
        ):
            yield f"{wanted} is not met by {version}: run `make lock`."


@pytest.mark.parametrize("place", PLACES, ids=lambda place: place["python_version"])
def test_the_lock_is_of_todays_requirements(place):
    lock = locked((ROOT / "requirements.lock").read_text())
    assert not list(unsatisfied(map(Requirement, required("requirements.txt")), lock, place))


def test_the_lock_holds_what_its_packages_need():
    """As far as they are installed here in the version that is locked."""
    lock = locked((ROOT / "requirements.lock").read_text())
    installed = {canonicalize_name(found.name): found for found in importlib.metadata.distributions()}
    for line in lock:
        found = installed.get(canonicalize_name(line.name))
        if found and found.version in line.specifier:
            needs = [Requirement(need) for need in found.requires or ()]
            assert not list(unsatisfied(needs, lock, default_environment())), line


@pytest.mark.parametrize(
    ("requirement", "met"),
    [
        ("numpy>=2,<3", True),
        ("numpy>=2.5", False),
        ("Scikit_Learn>=1", True),
        ("tqdm", False),
        ("tqdm; sys_platform == 'win32'", True),
    ],
)
def test_a_lock_that_is_behind_is_noticed(requirement, met):
    pinned = " \\\n    --hash=sha256:" + 64 * "a"
    lock = locked(f"# made\nnumpy==2.4.6{pinned}\nscikit-learn==1.9.1 ; python_full_version >= '3.11'{pinned}\n    # via x\n")
    assert bool(list(unsatisfied([Requirement(requirement)], lock, PLACES[0]))) is not met


@pytest.mark.parametrize("line", ["numpy==2.4.6", "--index-url file:///wheels", "numpy @ file:///numpy.whl"])
def test_a_lock_holds_nothing_but_versions_with_hashes(line):
    with pytest.raises(AssertionError):
        locked(line)


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


def test_no_pickle_is_ever_loaded_but_what_our_own_processes_send_each_other():
    """Nor code built from text, anywhere in what is shipped."""
    travel = ROOT / "dashboard" / "jobs" / "travel.py"
    processes = {travel.with_name("engine_process.py"), travel.with_name("worker.py")}  # the two ends of a pipe
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
            assert path == travel or not barred.search(code), path
            assert ("jobs import travel" not in code and "jobs.travel" not in code) or path in processes, path


def test_the_console_command_is_the_modules_main():
    assert project()["scripts"] == {"maml": "maml_engine.__main__:main"}
