"""What ruff does not check: how functions take their arguments, and what docstrings say of them. `make lint` runs it.

1. A function takes at most four arguments by position; the rest by keyword.
2. A public function of four parameters or more explains each in an entry of its own under `Args:`.
3. A public function that takes or gives arrays says their shapes, as in `[tasks, k_shot, in_dim]`.
4. A public data class documents its fields one a line, `name: what it is`, in its docstring or as a comment beside the field.

A comment `# positional: why` in the line of the `def` excuses a function whose caller is not ours from the first.
"""

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
FOLDERS = ("maml_engine", "dashboard", "pages")
MAX_POSITIONAL = 4
EXPLAINED_FROM = 4
ARRAY = re.compile(r"\b(jax\.Array|np\.ndarray|Array|ndarray|ArrayLike)\b")
SHAPE = re.compile(r"\[[\w\s,.+*/ -]*\]")
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


def unexplained(function: Function, docstring: str) -> list[str]:
    """Parameters without an entry under `Args:`."""
    entries = docstring.partition("Args:")[2]
    return [
        argument.arg
        for argument in parameters(function)
        if not re.search(rf"^\s+(\*{{0,2}}\w+, )*\*{{0,2}}{argument.arg}(, \w+)*:", entries, re.MULTILINE)
    ]


def is_data_class(node: ast.ClassDef) -> bool:
    """Whether a class is a dataclass, a pytree of ours or a NamedTuple."""
    decorators = " ".join(ast.unparse(decorator) for decorator in node.decorator_list)
    bases = " ".join(ast.unparse(base) for base in node.bases)
    return bool(re.search(r"\b(dataclass|pytree)\b", decorators) or re.search(r"\bNamedTuple\b", bases))


def undocumented_fields(node: ast.ClassDef, lines: list[str]) -> list[str]:
    """Fields of a data class that neither a line of its docstring nor a comment beside them explains."""
    docstring = ast.get_docstring(node) or ""
    missing = []
    for field in node.body:
        if not isinstance(field, ast.AnnAssign) or not isinstance(field.target, ast.Name) or field.target.id.startswith("_"):
            continue
        parts = ast.walk(field.value) if field.value is not None else ()
        has_text = any(
            isinstance(part, ast.Constant) and isinstance(part.value, str) and " " in part.value for part in parts
        )  # fields of an Experiment carry their meaning themselves
        is_commented = any("#" in lines[number] for number in range(field.lineno - 1, field.end_lineno or field.lineno))
        if not (has_text or is_commented or re.search(rf"^\s*{field.target.id}:", docstring, re.MULTILINE)):
            missing.append(field.target.id)
    return missing


def complaints(path: Path) -> Iterator[str]:
    """What is wrong in one file, a line each."""
    source = path.read_text(encoding="utf-8")
    tree, lines = ast.parse(source), source.splitlines()
    where = path.relative_to(ROOT)
    for function, is_public in functions(tree):
        docstring, place = ast.get_docstring(function) or "", f"{where}:{function.lineno} {function.name}"
        is_excused = any("# positional:" in line for line in lines[function.lineno - 1 : function.body[0].lineno])
        if len(positional(function)) > MAX_POSITIONAL and not is_excused:
            yield f"{place} takes {len(positional(function))} arguments by position: put `*` after the first few"
        if not is_public or not docstring:  # ruff asks for docstrings
            continue
        if len(parameters(function)) >= EXPLAINED_FROM and (names := unexplained(function, docstring)):
            yield f"{place} has no entry under `Args:` for {', '.join(names)}"
        if not says_shapes(function, docstring):
            yield f"{place} takes or gives arrays and says no shape"
    for node in ast.walk(tree):
        is_data = isinstance(node, ast.ClassDef) and not node.name.startswith("_") and is_data_class(node)
        if is_data and (names := undocumented_fields(node, lines)):
            yield f"{where}:{node.lineno} {node.name} has no line for {', '.join(names)}"


def main(folders: list[str]) -> int:
    """Prints what is wrong; 1 where anything is."""
    files = [path for folder in folders or FOLDERS for path in sorted((ROOT / folder).rglob("*.py"))]
    found = [line for path in files for line in complaints(path)]
    print("\n".join(found) or "Signatures and docstrings: nothing to complain of.")
    return bool(found)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
