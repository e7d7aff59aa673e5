"""Every cache in the source is bounded and has its line in the table, and the table's sum stays under what is promised."""

import ast

import pytest

from dashboard.engine_calls import cache
from dashboard.jobs import travel
from dashboard.server import budgets, shelves, uploads
from tests.test_packaging import ROOT

DECORATORS = ("lru_cache", "cache", "cached_if_short", "cache_data", "cache_resource")


def caches_of(source, module):
    """(dotted name, entries) of every cached function of a module or a class; entries is None where it has no bound."""
    body = ast.parse(source).body
    inside = [function for node in body if isinstance(node, ast.ClassDef) for function in node.body]
    for function in [*body, *inside]:  # what is made inside a function goes with the call
        for decorator in getattr(function, "decorator_list", ()):
            call = decorator if isinstance(decorator, ast.Call) else None
            words = {word.arg: word.value for word in call.keywords} if call else {}
            name = ast.unparse(call.func if call else decorator).rpartition(".")[2]
            if name not in DECORATORS:
                continue
            bound = words.get("maxsize", words.get("max_entries"))
            takes_nothing = name == "cache" and not ast.unparse(function.args)
            yield f"{module}.{function.name}", 1 if takes_nothing else bound and ast.literal_eval(bound)


def all_caches():
    for folder in ("dashboard", "pages", "maml_engine"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            module = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
            yield from caches_of(path.read_text(), module)


def test_every_cache_is_bounded_and_in_the_table():
    found = dict(all_caches())
    assert len(found) > 20
    assert not [name for name, entries in found.items() if not entries], "unbounded"
    own = {name: entries for name, entries in found.items() if name not in budgets.OF_SESSIONS}
    assert own == {name: budget.entries for name, budget in budgets.BUDGETS.items() if budget.entries}
    assert set(budgets.OF_SESSIONS) <= set(found)


@pytest.mark.parametrize(
    "source, entries",
    [
        ("@st.cache_data\ndef f(): ...", None),
        ("@st.cache_resource(scope='session')\ndef f(): ...", None),
        ("@cache\ndef f(x): ...", None),
        ("@functools.lru_cache(maxsize=None)\ndef f(x): ...", None),
        ("@lru_cache\ndef f(x): ...", None),
        ("@cache\ndef f(): ...", 1),
        ("@functools.lru_cache(maxsize=3)\ndef f(x): ...", 3),
    ],
)
def test_an_unbounded_cache_is_noticed(source, entries):
    assert dict(caches_of(source, "m")) == {"m.f": entries}


def test_what_is_bounded_by_bytes_is_bounded_as_the_table_says():
    said = {
        "dashboard.engine_calls.cache.ANSWERS": cache.ANSWERS.most_bytes,
        "dashboard.server.shelves.SHELVES": shelves.SHELVES.max_bytes,
        "dashboard.server.uploads.held_bytes": uploads.MAX_MB * 10**6,
        "dashboard.jobs.travel.Learners": travel.MAX_LEARNER_BYTES,
    }
    assert set(said) == {name for name, budget in budgets.BUDGETS.items() if not budget.entries}
    for name, num_bytes in said.items():
        assert num_bytes <= budgets.BUDGETS[name].megabytes * 1e6 <= 1.05 * num_bytes, name


@pytest.mark.parametrize("workers", [0, 1, 2])
def test_the_sum_is_under_what_is_promised(workers):
    assert budgets.MAX_TOTAL_MB == 700
    assert 100 < budgets.total_mb(workers) < budgets.MAX_TOTAL_MB


def test_what_they_hold_is_told_and_can_be_emptied():
    cache._title(dict)
    assert budgets.held()["dashboard.engine_calls.cache._title"]["entries"] >= 1
    cache.ANSWERS.get(b"budgets", lambda: [1.0])
    assert budgets.held()["dashboard.engine_calls.cache.ANSWERS"]["entries"] >= 1
    budgets.clear()
    assert budgets.held()["dashboard.engine_calls.cache.ANSWERS"] == {"entries": 0, "mb": 0, "max_mb": 68}
    assert budgets.held()["dashboard.engine_calls.cache._title"]["entries"] == 0
