"""The files of a component as the texts that Streamlit takes: one script and one style sheet.

Streamlit serves files beside each other only for a component of an installed package. Any other component's script is one text,
which the browser imports from a `blob:` address, and from there a relative import leads nowhere. So the modules are put
together here, when Python imports the component: no build step, and nothing is fetched.
"""

import re
from pathlib import Path

IMPORT = re.compile(r'^import \{([^}]*)\} from "(\.[^"\n]*)";\n', re.MULTILINE)
EXPORT = re.compile(r"^export (?=(?:async )?(?:function|class|const) (\w+))", re.MULTILINE)
COMMENT = re.compile(r"^ *(?:/\*\*(?:(?!\*/).)*\*/|//[^\n]*)\n", re.MULTILINE | re.DOTALL)
LEFT_OVER = re.compile(r"^(?:import|export)\b.*", re.MULTILINE)


def browser_module(entry: Path) -> str:
    """The ES module `entry` with all that it imports, as one ES module without imports.

    Every imported module becomes a function of its own, called once, that gives back what the module exports; so names in two
    files do not meet. What `entry` exports stays exported. The dialect is the part of the language that needs no parser:
    `import { a, b } from "./file.js";` and `export` before `function`, `class` or `const`, each at the beginning of a line.
    Comments that begin a line stay behind: Streamlit sends the text with every new value.

    Args:
      entry: the module that is the component.

    Returns:
      The text of the module.

    Raises:
      ValueError: a file imports or exports in another form, imports a name that is not exported, or imports itself in a circle.
    """
    variables: dict[Path, str] = {}
    exports: dict[Path, set[str]] = {}
    texts: list[str] = []

    def with_imports(path: Path, importers: tuple[Path, ...]) -> str:
        """The file's text, its imports read from the functions' results; what it imports comes before it in `texts`."""
        if path in importers:
            raise ValueError(f"{path.name} imports itself by way of {importers[-1].name}.")

        def read_from_variable(match: re.Match[str]) -> str:
            names = {name.strip() for name in match[1].split(",")} - {""}
            imported = (path.parent / match[2]).resolve()
            add(imported, (*importers, path))
            if missing := names - exports[imported]:
                raise ValueError(f"{path.name} imports {', '.join(sorted(missing))}, which {imported.name} does not export.")
            return f"const {{ {', '.join(sorted(names))} }} = {variables[imported]};\n"

        return IMPORT.sub(read_from_variable, COMMENT.sub("", path.read_text(encoding="utf-8")))

    def add(path: Path, importers: tuple[Path, ...]) -> None:
        """The function of an imported file, once."""
        if path in variables:
            return
        text = with_imports(path, importers)
        exports[path] = set(EXPORT.findall(text))
        body = EXPORT.sub("", text)
        if left := LEFT_OVER.search(body):
            raise ValueError(f"{path.name} has a line that the bundle cannot read: {left[0]}")
        variables[path] = f"module{len(variables)}"
        given = ", ".join(sorted(exports[path]))
        texts.append(
            f"// {path.parent.name}/{path.name}\nconst {variables[path]} = (() => {{\n{body}return {{ {given} }};\n}})();\n"
        )

    own = with_imports(entry.resolve(), ())
    if left := re.search(r"^import\b.*", own, re.MULTILINE):
        raise ValueError(f"{entry.name} has a line that the bundle cannot read: {left[0]}")
    return "\n".join([*texts, f"// {entry.parent.name}/{entry.name}\n{own}"])


def inline(style: Path, *modules: Path) -> str:
    """HTML of a style sheet and of scripts, each an ES module that exports nothing to anybody; their names do not meet."""
    scripts = "".join(f"(() => {{\n{browser_module(module)}}})();\n" for module in modules)
    return f"<style>{style_sheet(style)}</style>\n<script>{scripts}</script>"


def style_sheet(*parts: Path) -> str:
    """Style sheets one after the other, as one text."""
    return "\n".join(part.read_text(encoding="utf-8") for part in parts)
