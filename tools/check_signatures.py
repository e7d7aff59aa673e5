"""What ruff does not check: how functions take their arguments, and what docstrings say of them. `make lint` runs it.

1. A function takes at most four arguments by position; the rest by keyword.
2. A public function of four parameters or more explains each in an entry of its own under `Args:`; so does one of fewer that
   has the section. An entry says more than the parameter's name.
3. A public function that takes or gives arrays says their shapes: `[tasks, k_shot, in_dim]`; `[]` is a scalar, `[...]` any
   shape; "of the same shape as ..." will do.
4. A public data class documents its fields one a line, `name: what it is`, in its docstring or as a comment beside the field,
   and the shapes of those that are arrays.

A comment `# positional: why` in the lines of the `def` excuses from the first a function whose caller is not ours.
"""

import ast
import io
import re
import sys
import tokenize
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
FOLDERS = ("maml_engine", "dashboard", "pages", "streamlit_app.py")
MAX_POSITIONAL = 4
EXPLAINED_FROM = 4
ARRAY = re.compile(r"\b(Array|ndarray|ArrayLike)\b")
# Nothing, dots, one number or names of axes: neither an interval, `[0.1, 5]`, nor a subscript, `list[str]`.
SHAPE = re.compile(
    r"(?<![\w\])])\[(|\.\.\.|\d+|(?=[^\]]*[A-Za-z])[\w\s,.+*/() -]+)\]|\b(same shapes?|shaped (as|like)|shapes? of)\b"
)
SECTION = re.compile(r"^(Returns|Yields|Raises|Example|Examples|Note|Notes):$", re.MULTILINE)
EXCUSE = re.compile(r"#.*\bpositional: \S")
FOR_TOOLS = re.compile(r"#\s*(noqa|type:|pyright:|fmt:)")
ARTICLES = {"a", "an", "the", "of"}
Function = ast.FunctionDef | ast.AsyncFunctionDef


def parameters(function: Function) -> list[ast.arg]:
    """All parameters but `self` and `cls`."""
    arguments = function.args
    named = [*arguments.posonlyargs, *arguments.args]
    named = named[1:] if named and named[0].arg in ("self", "cls") else named
    return [*named, *arguments.kwonlyargs]


def positional(function: Function) -> list[ast.arg]:
    """Parameters that a caller may give by position."""
    return [argument for argument in parameters(function) if argument not in function.args.kwonlyargs]


def functions(tree: ast.Module) -> Iterator[tuple[Function, bool]]:
    """Every function of a module, and whether it is public: no part of its path begins with an underscore or is a function."""

    def visit(node: ast.AST, is_public: bool) -> Iterator[tuple[Function, bool]]:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, Function):
                yield child, is_public and not child.name.startswith("_")
                yield from visit(child, False)
            else:
                is_private_class = isinstance(child, ast.ClassDef) and child.name.startswith("_")
                yield from visit(child, is_public and not is_private_class)

    yield from visit(tree, True)


def says_shapes(function: Function, docstring: str) -> bool:
    """Whether the docstring gives a shape, where the function takes or gives arrays."""
    annotations = [argument.annotation for argument in parameters(function)] + [function.returns]
    takes_arrays = any(ARRAY.search(ast.unparse(annotation)) for annotation in annotations if annotation)
    return not takes_arrays or bool(SHAPE.search(docstring))


def entries(docstring: str) -> dict[str, str]:
    """What stands under `Args:`, by parameter; one entry may explain several, `x, y: where`."""
    _, _, section = docstring.partition("\nArgs:\n")
    lines = [line for line in SECTION.split(section)[0].splitlines() if line.strip()]
    indent = min((len(line) - len(line.lstrip()) for line in lines), default=0)
    found: dict[str, str] = {}
    names: list[str] = []
    for line in lines:
        start = re.match(rf" {{{indent}}}(\*{{0,2}}\w+(?:, \*{{0,2}}\w+)*)(?: \([^)]*\))?:(.*)", line) if indent else None
        names = [name.strip(" *") for name in start[1].split(",")] if start else names
        for name in names:
            found[name] = f"{found.get(name, '')} {(start[2] if start else line).strip()}".strip()
    return found


def says_only_its_name(name: str, entry: str) -> bool:
    """Whether an entry adds nothing to the parameter's name, as `learner: the learner` does."""
    return not set(re.findall(r"\w+", entry.lower().replace("_", " "))) - set(name.lower().split("_")) - ARTICLES


def is_data_class(node: ast.ClassDef) -> bool:
    """Whether a class is a dataclass, a pytree of ours or a NamedTuple."""
    decorators = " ".join(ast.unparse(decorator) for decorator in node.decorator_list)
    bases = " ".join(ast.unparse(base) for base in node.bases)
    return bool(re.search(r"\b(dataclass|pytree)\b", decorators) or re.search(r"\bNamedTuple\b", bases))


def commented_lines(source: str) -> set[int]:
    """Numbers of the lines that hold a comment for people."""
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    return {token.start[0] for token in tokens if token.type == tokenize.COMMENT and not FOR_TOOLS.match(token.string)}


def explains_itself(value: ast.expr | None) -> bool:
    """Whether a field's default is a call that carries its meaning in words, as the fields of an Experiment do."""
    return isinstance(value, ast.Call) and any(
        isinstance(argument, ast.Constant) and isinstance(argument.value, str) and " " in argument.value
        for argument in value.args
    )


def of_data_class(node: ast.ClassDef, source: str, commented: set[int]) -> Iterator[str]:
    """What is wrong with one data class, whose fields a line of its docstring or a comment beside them explains."""
    docstring, lines = ast.get_docstring(node) or "", source.splitlines()
    undocumented, shapeless = [], []
    for field in node.body:
        if not isinstance(field, ast.AnnAssign) or not isinstance(field.target, ast.Name) or field.target.id.startswith("_"):
            continue
        name, kind = field.target.id, ast.unparse(field.annotation)
        if kind.startswith(("ClassVar", "typing.ClassVar")):
            continue
        numbers = range(field.lineno, (field.end_lineno or field.lineno) + 1)
        comments = " ".join(lines[number - 1].partition("#")[2] for number in numbers if number in commented)
        line = re.search(rf"^\s*{name}: *(\S.*(\n(?!\s*\w+: |\s*\n).+)*)", docstring, re.MULTILINE)
        explained = f"{line[1] if line else ''} {comments}".strip()
        if not explained and not explains_itself(field.value):
            undocumented.append(name)
        elif ARRAY.search(kind) and not kind.startswith("Callable") and not SHAPE.search(explained):
            shapeless.append(name)
    if undocumented:
        yield f"has no line for {', '.join(undocumented)}"
    if shapeless:
        yield f"says no shape of {', '.join(shapeless)}"


def of_function(function: Function, is_public: bool, lines: list[str]) -> Iterator[str]:
    """What is wrong with one function."""
    docstring = ast.get_docstring(function) or ""
    head = lines[function.lineno - 1 : max(function.lineno, function.body[0].lineno - 1)]
    if len(positional(function)) > MAX_POSITIONAL and not any(map(EXCUSE.search, head)):
        yield f"takes {len(positional(function))} arguments by position: put `*` after the first few"
    if not is_public or not docstring:  # ruff asks for docstrings
        return
    explained, names = entries(docstring), [argument.arg for argument in parameters(function)]
    missing = [name for name in names if name not in explained and not name.startswith("_")]
    if missing and (explained or len(names) >= EXPLAINED_FROM):
        yield f"has no entry under `Args:` for {', '.join(missing)}"
    if empty := [name for name in names if name in explained and says_only_its_name(name, explained[name])]:
        yield f"says under `Args:` nothing but the name of {', '.join(empty)}"
    if not says_shapes(function, docstring):
        yield "takes or gives arrays and says no shape"


def complaints(source: str) -> Iterator[tuple[int, str]]:
    """What is wrong in a module: line, and a sentence that begins with the name of what is meant."""
    tree, lines, commented = ast.parse(source), source.splitlines(), commented_lines(source)
    for function, is_public in functions(tree):
        for complaint in of_function(function, is_public, lines):
            yield function.lineno, f"{function.name} {complaint}"
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_") and is_data_class(node):
            for complaint in of_data_class(node, source, commented):
                yield node.lineno, f"{node.name} {complaint}"


def modules(places: list[str]) -> Iterator[Path]:
    """Python files in the folders that are named, or named themselves.

    Raises:
      FileNotFoundError: a place that is not there, in which nothing could be wrong.
    """
    for place in places or FOLDERS:
        path = ROOT / place
        if not path.exists():
            raise FileNotFoundError(path)
        yield from sorted(path.rglob("*.py")) if path.is_dir() else [path]


def main(places: list[str]) -> int:
    """Prints what is wrong; 1 where anything is."""
    found = [
        f"{path.relative_to(ROOT)}:{line} {complaint}"
        for path in modules(places)
        for line, complaint in complaints(path.read_text(encoding="utf-8"))
    ]
    print("\n".join(found) or "Signatures and docstrings: nothing to complain of.")
    return bool(found)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
