"""A run as Python that needs the engine alone: the same parts make the script and the notebook."""

import json
from collections.abc import Iterator

from maml_engine import Experiment


def script(experiment: Experiment) -> str:
    """The same run as a Python script that needs `maml_engine` alone; plotly draws its figure where it is installed."""
    is_table = experiment.tasks == "table"
    opening = f'''"""Run {experiment.digest} of MAML Lab, from any folder: python run.py{" FILE.csv" if is_table else ""}

{_ENGINE}
"""'''
    file = {"file": "sys.argv[1]", "first": "import sys\n\n"} if is_table else {}
    return "\n\n".join([opening, *_parts(experiment, **file)]) + "\n"


def notebook(experiment: Experiment) -> str:
    """The same run as a Jupyter notebook (nbformat 4.5) that needs `maml_engine` alone; a table's rows lie beside it."""
    is_table = experiment.tasks == "table"
    needs = "`maml_engine`, and the table as `table.csv` beside it" if is_table else "`maml_engine` alone"
    words = f"# Run {experiment.digest[:8]} of MAML Lab\n\nIt needs {needs}. {_ENGINE}"
    file = {"file": '"table.csv"', "first": "import sys\n\n"} if is_table else {}
    cells = [{"cell_type": "markdown", "id": "about", "metadata": {}, "source": words.splitlines(keepends=True)}]
    *parts, last = _parts(experiment, **file)
    for number, part in enumerate([*parts, f"{last}\nfigure"], 1):
        source = part.splitlines(keepends=True)
        cell = {"cell_type": "code", "id": f"code-{number}", "metadata": {}, "execution_count": None, "outputs": []}
        cells.append(cell | {"source": source})
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    metadata = {"kernelspec": kernel, "language_info": {"name": "python"}}
    return json.dumps({"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}, indent=1) + "\n"


def _parts(experiment: Experiment, file: str = "", first: str = "") -> Iterator[str]:
    """Imports and description, then training, then evaluation. `file`: an expression for the table's path."""
    is_table = experiment.tasks == "table"
    changes = experiment.changes()
    arguments = "".join(f"    {name}={_literal(value)},\n" for name, value in changes.items())
    described = f"Experiment(\n{arguments})" if changes else "Experiment()  # the tutorial's own run"
    imports = f"{first}import jax\nimport numpy as np\n\nfrom maml_engine import Experiment, evaluate, train"
    yield imports + ("\nfrom maml_engine.tasks.table import Table" if is_table else "")
    yield f"experiment = {described}\nhistory, held_out = [], {{}}  # meta-losses; losses on validation tasks by iteration"
    if is_table:
        yield _TABLE_PART.format(file=file, arguments=_table_arguments())
    tasks = ", tasks=table" if is_table else ""
    yield _TRAIN_PART.format(tasks=tasks)
    yield _EVALUATE_PART.format(tasks=tasks) + _FIGURE_PART


def _literal(value: object) -> str:
    """Python source for a field's value; `repr` escapes whatever a column may be called."""
    return repr(value)


def _table_arguments() -> str:
    names = ("task", "inputs", "target", "log", "k_shot", "seed")
    return ", ".join(f"{name}=experiment.{name}" for name in names)


_TABLE_PART = """file = {file}
table = Table.read(file, {arguments})
if table.digest != experiment.data:
    sys.exit(f"{{file}} is not the table of this run: its SHA-256 is {{table.digest}}.")"""

_TRAIN_PART = """for report in train(experiment{tasks}):
    history.append(report.meta_loss)
    held_out[report.curve_iteration] = report.curve.mean
    print(f"iteration {{report.iteration:>7,}}  meta-loss {{report.meta_loss[-1]:.4f}}", flush=True)"""

_EVALUATE_PART = """learner = report.result
learner.save("learner")
curves = evaluate(learner, jax.random.key(0), k_shot=experiment.k_shot{tasks})  # as the Train page and `maml evaluate learner`
print(f"{{len(curves.loss)}} test tasks (seed 0), {{experiment.k_shot}} support rows each:")
for row in curves.rows():
    print(row)
"""

_FIGURE_PART = """
try:
    from plotly.subplots import make_subplots
except ModuleNotFoundError:
    figure = None
    print("The figure needs plotly: pip install plotly")
else:
    figure, losses = make_subplots(2, 1, shared_xaxes=True), np.concatenate(history)
    shown = np.arange(0, len(losses), max(1, len(losses) // 2000))
    figure.add_scatter(x=shown + 1, y=losses[shown], name="meta-loss", row=1, col=1)
    steps = sorted({0, max(1, experiment.inner_steps), len(report.curve.mean) - 1})
    for step in steps:
        means = [mean[step] for mean in held_out.values()]
        name = f"held out, after {step} step{'' if step == 1 else 's'}"
        figure.add_scatter(x=[*held_out], y=means, name=name, row=2, col=1)
    figure.update_yaxes(type="log", title="loss").update_xaxes(title="meta-iteration", row=2)
    figure.write_html("run.html")
    print("The figure is in run.html.")"""

_ENGINE = (
    "The engine comes with MAML Lab: `make app` in its folder puts it into .venv, whose .venv/bin/python runs this; or\n"
    "`pip install FOLDER`, the folder of MAML Lab, puts it where you are."
)
