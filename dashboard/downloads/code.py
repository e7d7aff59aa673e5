"""A run as Python that needs the engine alone: the same parts make the script and the notebook."""

import json
from collections.abc import Iterator
from typing import NamedTuple

from maml_engine import Experiment
from maml_engine.tasks import PICTURES


class _Data(NamedTuple):
    """What a run reads that is not part of its description.

    typed: how it is named behind `python run.py`; "" for nothing.
    needs: what the notebook's opening says.
    beside: where the notebook looks, beside it.
    imported: a line.
    read: lines that read it from `file` and refuse what is not the run's.
    handed: the argument of `train` and `evaluate`.
    more: what is said of where the data are.
    """

    typed: str = ""
    needs: str = "`maml_engine` alone"
    beside: str = ""
    imported: str = ""
    read: str = ""
    handed: str = ""
    more: str = ""


def script(experiment: Experiment) -> str:
    """The same run as a Python script that needs `maml_engine` alone; plotly draws its figure where it is installed."""
    data = _data_of(experiment)
    more = f"\n{data.more}" if data.more else ""
    opening = f'''"""Run {experiment.digest} of MAML Lab, from any folder: python run.py{data.typed}
{more}
{_ENGINE}
"""'''
    return "\n\n".join([opening, *_parts(experiment, data, "sys.argv[1]")]) + "\n"


def notebook(experiment: Experiment) -> str:
    """The same run as a Jupyter notebook (nbformat 4.5) that needs `maml_engine` alone; what a run reads lies beside it."""
    data = _data_of(experiment)
    more = f" {data.more}" if data.more else ""
    words = f"# Run {experiment.digest[:8]} of MAML Lab\n\nIt needs {data.needs}.{more} {_ENGINE}"
    cells = [{"cell_type": "markdown", "id": "about", "metadata": {}, "source": words.splitlines(keepends=True)}]
    *parts, last = _parts(experiment, data, f'"{data.beside}"')
    for number, part in enumerate([*parts, f"{last}\nfigure"], 1):
        source = part.splitlines(keepends=True)
        cell = {"cell_type": "code", "id": f"code-{number}", "metadata": {}, "execution_count": None, "outputs": []}
        cells.append(cell | {"source": source})
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    metadata = {"kernelspec": kernel, "language_info": {"name": "python"}}
    return json.dumps({"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}, indent=1) + "\n"


def _parts(experiment: Experiment, data: _Data, file: str) -> Iterator[str]:
    """Imports and description, then training, then evaluation. `file`: an expression for the path of what is read."""
    changes = experiment.changes()
    arguments = "".join(f"    {name}={_literal(value)},\n" for name, value in changes.items())
    described = f"Experiment(\n{arguments})" if changes else "Experiment()  # the tutorial's own run"
    first = "import sys\n\n" if data.read else ""
    yield f"{first}import jax\nimport numpy as np\n\nfrom maml_engine import Experiment, evaluate, train{data.imported}"
    yield f"experiment = {described}\nhistory, held_out = [], {{}}  # meta-losses; losses on validation tasks by iteration"
    if data.read:
        yield f"file = {file}\n{data.read}"
    rows = "support pictures of each class" if experiment.tasks in PICTURES else "support rows each"
    yield _TRAIN_PART.format(tasks=data.handed)
    yield _EVALUATE_PART.format(tasks=data.handed, rows=rows) + _FIGURE_PART


def _data_of(experiment: Experiment) -> _Data:
    if experiment.tasks == "table":
        return _Data(
            " FILE.csv",
            "`maml_engine`, and the table as `table.csv` beside it",
            "table.csv",
            "\nfrom maml_engine.tasks.table import Table",
            _TABLE_PART.format(arguments=_table_arguments()),
            ", tasks=table",
        )
    if experiment.tasks == "images":
        return _Data(
            " PICTURES  (a folder or a zip archive)",
            "`maml_engine`, and the pictures as `pictures.zip` beside it (or a folder, whose path goes into `file`)",
            "pictures.zip",
            "\nfrom maml_engine.tasks import ImageFolder",
            _PICTURES_PART.format(arguments=_picture_arguments(experiment)),
            ", tasks=pictures",
        )
    return _Data(more=_OMNIGLOT) if experiment.tasks == "omniglot" else _Data()


def _literal(value: object) -> str:
    """Python source for a field's value; `repr` escapes whatever a column may be called."""
    return repr(value)


def _table_arguments() -> str:
    names = ("task", "inputs", "target", "log", "k_shot", "seed")
    return ", ".join(f"{name}=experiment.{name}" for name in names)


def _picture_arguments(experiment: Experiment) -> str:
    """What the run says of its pictures; the rest is as they are."""
    fixed = {"size": experiment.image_size, "layout": experiment.layout, "ink": experiment.ink}
    said = [f"{name}={_literal(value)}" for name, value in fixed.items() if value not in (0, "auto")]
    names = ("n_way", "k_shot", "k_query", "colour", "distortion", "same_group", "seed")
    of_the_run = [f"{name}=experiment.{name}" for name in names]
    return "".join(f"    {argument},\n" for argument in [*of_the_run, *said])


_TABLE_PART = """table = Table.read(file, {arguments})
if table.digest != experiment.data:
    sys.exit(f"{{file}} is not the table of this run: its SHA-256 is {{table.digest}}.")"""

_PICTURES_PART = """pictures = ImageFolder.read(
    file,
{arguments})
if pictures.digest != experiment.data:
    sys.exit(f"{{file}} does not hold the pictures of this run: their SHA-256 is {{pictures.digest}}.")"""

_TRAIN_PART = """for report in train(experiment{tasks}):
    history.append(report.meta_loss)
    held_out[report.curve_iteration] = report.curve.mean
    print(f"iteration {{report.iteration:>7,}}  meta-loss {{report.meta_loss[-1]:.4f}}", flush=True)"""

_EVALUATE_PART = """learner = report.result
learner.save("learner")
curves = evaluate(learner, jax.random.key(0), k_shot=experiment.k_shot{tasks})  # as the Train page and `maml evaluate learner`
print(f"{{len(curves.loss)}} test tasks (seed 0), {{experiment.k_shot}} {rows}:")
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

_OMNIGLOT = (
    "Omniglot is read from the folder omniglot in the one that MAML_LAB_DATA names, or downloaded once (14 MB) to\n"
    "MAML_LAB_HOME.\n"
)

_ENGINE = (
    "The engine comes with MAML Lab: `make app` in its folder puts it into .venv, whose .venv/bin/python runs this; or\n"
    "`pip install FOLDER`, the folder of MAML Lab, puts it where you are."
)
