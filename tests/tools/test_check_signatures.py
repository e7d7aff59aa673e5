"""What the check of signatures complains of, and what not, on small sources."""

from textwrap import dedent, indent

import pytest

from tools import check_signatures


def complaints(source):
    return [complaint for _, complaint in check_signatures.complaints(dedent(source))]


def function(signature, docstring="Says what it does."):
    """Source of a function with a docstring."""
    return f'def {signature}:\n    """{indent(dedent(docstring), "    ").strip()}\n    """\n'


# Arguments by position.


@pytest.mark.parametrize(
    "source",
    [
        "def f(a, b, c, d): ...",
        "def f(a, b, c, d, *, e, f): ...",
        "def f(a, b, c, d, *rest, **options): ...",
        "class C:\n    def f(self, a, b, c, d): ...",
        "class C:\n    @classmethod\n    def f(cls, a, b, c, d): ...",
        "def f(a, b, c, d, e):  # positional: the contract's\n    ...",
        "def f(\n    a,\n    b,\n    c,\n    d,\n    e,\n):  # positional: Python's own signature\n    ...",
        "def f(a, b, c, d, e): ...  # positional: the tutorial's",
    ],
)
def test_few_arguments_by_position_or_an_excuse(source):
    assert not complaints(source)


@pytest.mark.parametrize(
    "source",
    [
        "def f(a, b, c, d, e): ...",
        "def f(a, b, c, d, e, /): ...",
        "async def f(a, b, c, d, e): ...",
        "def _f(a, b, c, d, e=None, *, g): ...",
        "class C:\n    def __init__(self, a, b, c, d, e): ...",
        "def outer():\n    def f(a, b, c, d, e): ...",
        "def f(a, b, c, d, e):  # positional:\n    ...",
        "def f(a, b, c, d, e):\n    return a  # positional: too late\n",
    ],
)
def test_many_arguments_by_position(source):
    (complaint,) = complaints(source)
    assert complaint.endswith(" takes 5 arguments by position: put `*` after the first few")


# Entries under `Args:`.

ENTRIES = """Says what it does.

Args:
  a: where it begins.
  b, c: the two sides,
    in metres.
  *rest: more of them.
  d (int): how many: at most ten.

Returns:
  e: no parameter at all.
"""


def test_every_parameter_has_an_entry():
    assert not complaints(function("f(a, b, c, *, d)", ENTRIES))
    assert not complaints(function("f(a, b, c, d, *rest)", ENTRIES))
    assert check_signatures.entries(dedent(ENTRIES))["c"] == "the two sides, in metres."


@pytest.mark.parametrize(
    ("signature", "docstring", "names"),
    [
        ("f(a, b, c, d)", "Says what it does.", "a, b, c, d"),
        ("f(a, b, c, *, d, e)", ENTRIES, "e"),
        ("f(a, b)", "Says it.\n\nArgs:\n  a: where it begins.", "b"),
        ("f(a, b)", "Says it.\n\nArgs:\n  a: where it begins. b: where it ends.", "b"),
        ("f(a, b)", "Says it.\n\nArgs:\n  a: one of\n    b: the letter.", "b"),
        ("f(a, b)", "Says it.\n\nArgs:\n  a: where it begins.\n\nRaises:\n  b: never.", "b"),
    ],
)
def test_a_parameter_without_an_entry(signature, docstring, names):
    assert complaints(function(signature, docstring)) == [f"f has no entry under `Args:` for {names}"]


@pytest.mark.parametrize("source", ["f(a, b)", "f(a, b, c)", "_f(a, b, c, d)"])
def test_few_parameters_or_private_ones_need_none(source):
    assert not complaints(function(source))


@pytest.mark.parametrize("entry", ["the learner.", "Learner", "of the `learner`"])
def test_an_entry_that_says_nothing(entry):
    (complaint,) = complaints(function("f(learner)", f"Says it.\n\nArgs:\n  learner: {entry}"))
    assert complaint == "f says under `Args:` nothing but the name of learner"


def test_methods_of_private_classes_and_inner_functions_are_private():
    method = indent(function("f(self, a, b, c, d)"), "    ")
    assert complaints(f"class C:\n{method}")
    assert not complaints(f"class _C:\n{method}")
    assert not complaints(f"def outer():\n{indent(function('f(a, b, c, d)'), '    ')}")


# Shapes.


@pytest.mark.parametrize(
    "docstring",
    [
        "Of `[tasks, k_shot, in_dim]`.",
        "The mean, `[]`.",
        "Anything, `[...]`.",
        "`[n_way * k_shot]` labels in `[0, n_way)`.",
        "A pair, `[2]`.",
        "Doubled; of the same shape as `x`.",
    ],
)
@pytest.mark.parametrize("signature", ["f(x: jax.Array)", "f() -> np.ndarray", 'f(x: "jax.Array | None" = None)'])
def test_shapes_that_are_said(signature, docstring):
    assert not complaints(function(signature, docstring))


@pytest.mark.parametrize("docstring", ["Doubled.", "In `[0.1, 5.0]`.", "In [0, 1].", "A list[str] of x[i]."])
@pytest.mark.parametrize("signature", ["f(x: jax.Array)", "f(x: ArrayLike)", "f() -> tuple[int, np.ndarray]"])
def test_shapes_that_are_missing(signature, docstring):
    assert complaints(function(signature, docstring)) == ["f takes or gives arrays and says no shape"]


def test_functions_without_arrays_have_no_shapes():
    assert not complaints(function("f(x: ArrayOfNames) -> list[str]"))


# Data classes.


@pytest.mark.parametrize(
    "body",
    [
        '"""A pair.\n\n    x: where.\n    y: how much,\n      in metres.\n    """\n    x: float\n    y: float',
        '"""A pair."""\n    x: float  # where\n    y: float = field(  # how much\n        default=0)',
        '"""A pair."""\n    x: float = number(0.1, "step size of the loop")\n    y: ClassVar[int] = 3\n    _z: int = 0',
        '"""A pair.\n\n    x: `[tasks]` losses.\n    """\n    x: jax.Array\n    y: np.ndarray  # [tasks], of the same',
        '"""A pair.\n\n    draw: makes rows.\n    """\n    draw: Callable[[int], np.ndarray]',
    ],
)
@pytest.mark.parametrize("head", ["@dataclass(frozen=True)\nclass C", "class C(NamedTuple)", "@pytree\nclass C"])
def test_fields_with_a_line_each(head, body):
    assert not complaints(f"{head}:\n    {body}\n")


@pytest.mark.parametrize(
    ("body", "complaint"),
    [
        ("x: float\n    y: float", "C has no line for x, y"),
        ('"""A pair.\n\n    x: where. y: how much.\n    """\n    x: float\n    y: float', "C has no line for y"),
        ('x: str = "#aabbcc"', "C has no line for x"),
        ("x: int  # noqa: E501", "C has no line for x"),
        ('x: str = "two words"', "C has no line for x"),
        ('"""Losses.\n\n    x: losses.\n\n    Of `[tasks]`.\n    """\n    x: jax.Array', "C says no shape of x"),
        (
            '"""Losses.\n\n    x: losses.\n    y: of `[tasks]`.\n    """\n    x: jax.Array\n    y: jax.Array',
            "C says no shape of x",
        ),
    ],
)
def test_fields_without(body, complaint):
    assert complaints(f"@dataclass\nclass C:\n    {body}\n") == [complaint]


def test_other_classes_are_left_alone():
    assert not complaints("class C:\n    x: float\n")
    assert not complaints("@dataclass\nclass _C:\n    x: float\n")


# The command.


def test_the_command_says_where_and_ends_with_1(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(check_signatures, "ROOT", tmp_path)
    (tmp_path / "good.py").write_text("def f(a): ...\n")
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "bad.py").write_text("\ndef f(a, b, c, d, e): ...\n")
    assert check_signatures.main(["good.py"]) == 0
    assert "nothing to complain of" in capsys.readouterr().out
    assert check_signatures.main(["good.py", "folder"]) == 1
    assert capsys.readouterr().out.startswith("folder/bad.py:2 f takes 5 arguments by position")


def test_a_place_that_is_not_there_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(check_signatures, "ROOT", tmp_path)
    with pytest.raises(FileNotFoundError):
        check_signatures.main(["nowhere"])
