"""Every session key is a constant in one file."""

import ast

import pytest

from dashboard.widgets import session
from tests.test_packaging import ROOT

KEYS_HOME = ROOT / "dashboard" / "widgets" / "session.py"
# Components keep what they remember beside the page's key, under prefixes of their own.
COMPONENTS = ROOT / "dashboard" / "components"
FILES = [
    path
    for path in [*(ROOT / "dashboard").rglob("*.py"), *(ROOT / "pages").glob("*.py"), ROOT / "streamlit_app.py"]
    if path != KEYS_HOME and COMPONENTS not in path.parents
]
STATES = ("st.session_state", "st.query_params")
ASKS = ("get", "get_all", "pop", "setdefault")
CONSTANTS = {
    name: value
    for name, value in vars(session).items()
    if name.isupper() and name != "RENAMED" and isinstance(value, str | dict)
}


def spelled_keys(tree):
    """Expressions by which a module asks session or address: subscripts, `get` and the like, `in`."""
    for node in ast.walk(tree):
        match node:
            case ast.Subscript(value=state, slice=key) if ast.unparse(state) in STATES:
                yield key
            case ast.Call(func=ast.Attribute(value=state, attr=how), args=[key, *_]) if how in ASKS:
                yield from [key] if ast.unparse(state) in STATES else []
            case ast.Compare(left=key, ops=[ast.In() | ast.NotIn()], comparators=[state]) if ast.unparse(state) in STATES:
                yield key


def names_from_session(tree):
    """What a module imports by name from where keys are constants; `links` has those that every page's link may have."""
    homes = ("dashboard.widgets.session", "dashboard.widgets.links")
    imports = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.module in homes]
    return {alias.name for node in imports for alias in node.names}


def wrong_keys(source):
    """Keys that are spelt where they are used, or by a constant of another file."""
    tree = ast.parse(source)
    known = names_from_session(tree)
    for key in spelled_keys(tree):
        inner = list(ast.walk(key))
        has_text = any(isinstance(node, ast.Constant) and isinstance(node.value, str) for node in inner)
        others = [node.id for node in inner if isinstance(node, ast.Name) and node.id.isupper() and node.id not in known]
        owners = [ast.unparse(node.value) for node in inner if isinstance(node, ast.Attribute) and node.attr.isupper()]
        if has_text or others or not set(owners) <= {"session", "links"}:
            yield ast.unparse(key)


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_keys_are_asked_for_by_their_constants(path):
    assert not list(wrong_keys(path.read_text()))


@pytest.mark.parametrize(
    ("source", "wrong"),
    [
        ("st.session_state['a']", "'a'"),
        ("st.session_state.get(f'a_{b}', 0)", "f'a_{b}'"),
        ("'a' not in st.session_state", "'a'"),
        ("st.query_params['a'] = 1", "'a'"),
        ("A = 'a'\nst.session_state[A]", "A"),
        ("st.session_state.pop(other.KEY, None)", "other.KEY"),
        ("st.session_state[session.A + 'a']", "session.A + 'a'"),
    ],
)
def test_a_key_that_is_spelt_elsewhere_is_found(source, wrong):
    assert list(wrong_keys(source)) == [wrong]


def test_keys_by_their_constants_are_no_finding():
    source = "from dashboard.widgets.session import KEPT\nst.session_state[KEPT + name]\nst.session_state[session.MAP]\n"
    assert not list(wrong_keys(source))


def widget_keys(tree):
    """Text that names a widget (`key=`) or a page's own part of the link (`OWN`)."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield from (given.value for given in node.keywords if given.arg == "key")
        elif isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "OWN":
            yield from (key for inner in ast.walk(node) if isinstance(inner, ast.Dict) for key in inner.keys if key)


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_widget_that_has_a_constant_is_named_by_it(path):
    """A widget that code only makes has its name where it is made; one that code reads or sets, here."""
    constants = {text for value in CONSTANTS.values() for text in (value.values() if isinstance(value, dict) else [value])}
    literal = {node.value for node in widget_keys(ast.parse(path.read_text())) if isinstance(node, ast.Constant) and node.value}
    assert not literal & constants


def test_constants_are_different_keys():
    texts = [value for value in CONSTANTS.values() if isinstance(value, str)]
    assert not {text for text in texts if texts.count(text) > 1}
