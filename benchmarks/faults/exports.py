"""B4: hostile names in everything that is taken home: formulas in CSV, markup in HTML, statements in Python."""

import ast
import csv
import io
import json
from collections import Counter
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from types import SimpleNamespace
from typing import Any

from benchmarks.faults.tries import Tries

FORMULA = ("=", "+", "-", "@", "\t", "\r", "\0")
NAMES = (
    *('=cmd|" /C calc"!A0', "+1+1", "-2+3", "@SUM(A1:A9)", "\t=1", "\r=1", "=1+1\n=2+2", '"=1', "=HYPERLINK(1)"),
    *(
        "<script>alert(1)</script>",
        "</script><script>alert(1)</script>",
        '"><img src=x onerror=alert(1)>',
        "<b>",
        "&lt;",
        "<!--",
    ),
    *("*star* _x_ `tick` [a](javascript:alert(1)) $x$ :smile: #h ~~s~~", "| a | b |", "{x}", "{{x}}", "%s", "\\"),
    *(
        "'''",
        '"""',
        '"""\nimport os\nos.system("true")\n"""',
        "'); import os; ('",
        "x\nimport os",
        "\\'",
        "\\",
        "#",
        "\u2028import os",
    ),
    *("\u202e", "e\u0301", "\u0000", "🙂", "__import__('os')", "'; DROP TABLE runs; --", "a" * 100_000, "=" * 100_000),
)


def figures(quick: bool) -> Iterator[dict[str, Any]]:
    """A figure for each export."""
    names = NAMES[:: 5 if quick else 1]
    for what, check in CHECKS.items():
        tries = Tries("B4", what)
        for name in names:
            tries.one(lambda name=name, check=check: check(name), name[:40])
        figure = tries.figure()
        if tries.refused:
            figure["failed"] += tries.refused
        yield figure


def _no_formula(content: str | bytes, name: str) -> None:
    text = content.decode() if isinstance(content, bytes) else content
    cells = [cell for row in csv.reader(io.StringIO(text, newline="")) for cell in row]
    for cell in cells:
        assert not cell.startswith(FORMULA) or _is_number(cell), f"a formula: {cell[:60]!r}"
    assert name in cells or "'" + name in cells, "it is not there as it was"


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


def _table(name: str) -> None:
    from maml_engine.tables import table_csv, template_csv

    for content in (table_csv({name: [name, "a"], "x": [-1.5, 2]}), template_csv([name, "x"])):
        _no_formula(content, name)
    assert b"-1.5" in table_csv({"x": [-1.5]}), "numbers keep their minus"


def _figure_numbers(name: str) -> None:
    from dashboard.downloads.files import figure_csv, figures_csv

    _no_formula(figure_csv(_figure(name)), name)
    _no_formula(figures_csv({name: _figure(name), "b": _figure("b")}), name)


def _figure(name: str) -> Any:
    from dashboard.figures.style import base_figure

    figure = base_figure(name, "y")
    figure.add_scatter(x=[name, "b"], y=[-1.5, 2.0], name=name)
    return figure


def _tasks(name: str) -> None:
    from maml_engine.cli.verdict import tasks_csv

    _no_formula(tasks_csv(_verdict(name)), name)


def _verdict(name: str) -> Any:
    """A small one of the tests, under this name."""
    import dataclasses

    from tests.small_verdict import small_verdict

    found = small_verdict()
    tasks = tuple(dataclasses.replace(task, task=name if place else task.task) for place, task in enumerate(found.tasks))
    pictures = tuple(dataclasses.replace(picture, task=name) for picture in found.task_pictures)
    changes = {"sentence": name or "x", "advice": name, "target": name, "left_out": (name,)}
    return dataclasses.replace(found, tasks=tasks, task_pictures=pictures, **changes)


def _report(name: str) -> None:
    from dashboard.page_parts.your_tasks.report import report
    from maml_engine.tables import Finding, Roles, Settings

    def page(name: str) -> str:
        roles, found = Roles("task", (name,), "y"), [Finding("warning", "constant", f"Column {name} is constant.")]
        return report(name, roles, Settings(k_shot=2), _verdict(name), findings=found)

    _same_tags(page(name), page("plain"))


def _figure_page(name: str) -> None:
    from dashboard.downloads.files import figure_html

    _same_tags(figure_html(_figure(name)), figure_html(_figure("plain")))


class _Tags(HTMLParser):
    def __init__(self, page: str):
        super().__init__()
        self.found: Counter[str] = Counter()
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found[f"{tag} {sorted(key for key, _ in attrs)}"] += 1

    def handle_comment(self, data: str) -> None:
        self.found["comment"] += 1


def _same_tags(page: str, plain: str) -> None:
    ours, theirs = _Tags(page).found, _Tags(plain).found
    assert ours == theirs, f"markup of a name: {dict((ours - theirs) + (theirs - ours))}"


def _shape(code: str) -> str:
    """A program without its constants."""
    tree = ast.parse(code)
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant):
            node.value = 0
    return ast.dump(tree)


def _same_program(make: Callable[[str], str], name: str) -> None:
    code = make(name)
    compile(code, "export.py", "exec")
    assert _shape(code) == _shape(make("plain")), "another program"


def _experiment(name: str) -> Any:
    from maml_engine import Experiment

    columns = {"task": name + "1", "inputs": (name + "2",), "target": name + "3"}
    return Experiment(tasks="table", data="0" * 64, **columns)


def _run_script(name: str) -> None:
    from dashboard.downloads import code

    _same_program(lambda name: code.script(_experiment(name)), name)


def _notebook(name: str) -> None:
    from dashboard.downloads import code

    def cells(name: str) -> str:
        found = json.loads(code.notebook(_experiment(name)))["cells"]
        return "\n".join("".join(cell["source"]) for cell in found if cell["cell_type"] == "code")

    _same_program(cells, name)


def _verdict_script(name: str) -> None:
    from dashboard.page_parts.your_tasks.script import script
    from maml_engine.tables import Roles, Settings

    def made(name: str) -> str:
        sheet = SimpleNamespace(forms={name: "1234,5"}, sure=(name,))
        table = SimpleNamespace(sheet=sheet, roles=Roles("task", (name,), "y"))
        return script(SimpleNamespace(settings=Settings(k_shot=2), table=table))  # pyright: ignore[reportArgumentType]

    _same_program(made, name)


CHECKS: dict[str, Callable[[str], None]] = {
    "CSV of a table and its template": _table,
    "CSV of a figure's numbers": _figure_numbers,
    "CSV of a verdict's tasks": _tasks,
    "HTML of a figure": _figure_page,
    "HTML report of a verdict": _report,
    "Python of a run": _run_script,
    "notebook of a run": _notebook,
    "Python of a verdict": _verdict_script,
}
