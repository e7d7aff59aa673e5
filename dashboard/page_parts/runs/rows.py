"""Runs as rows of a table, as lines and as axes: what of them is compared, and which of them are meant. No streamlit here."""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from dashboard.figures.runs import RUN_COLOURS, Axis, Line
from dashboard.runs import Run
from dashboard.widgets import run_words
from maml_engine import Experiment

KIND_WORDS = {"train": "run", "verdict": "verdict on a table", "comparison": "comparison", "pictures": "verdict on pictures"}
# Heads of columns and axes; other fields go by their own names.
SHORT = {
    "method": "method",
    "num_iterations": "iterations",
    "meta_batch_size": "tasks a step",
    "meta_lr": "β",
    "inner_lr": "α",
    "inner_steps": "steps",
    "k_shot": "support",
    "k_query": "query",
    "hidden_dim": "units",
    "num_layers": "layers",
    "data": "table",
}
USUAL = ("inner_lr", "inner_steps", "num_iterations", "seed")
FIELDS = {spec.name: spec for spec in dataclasses.fields(Experiment)}
SPARK_POINTS = 40
MAX_AXES = 5  # beside that of what came out, so that their labels stand apart on a telephone
HELD_OUT, RIGHT, RIGHT_INTERVAL = "held_out", "right", "right_interval"
BASELINE_MARK = "◆"


def steps_of(run: Run) -> int:
    """After how many inner steps a run's loss is given: as in its training, one at least; -1 where nothing was measured."""
    wanted = 1 if run.experiment is None else max(1, run.experiment.inner_steps)
    return min(wanted, run.curves.shape[1] - 1) if run.curves.size else -1


def losses(run: Run) -> np.ndarray:
    """`[m]`, the held-out loss after adapting, as training went on."""
    return run.curves[:, steps_of(run)] if run.curves.size else np.zeros(0)


def measured(run: Run) -> tuple[float, float, float] | None:
    """Mean loss over test tasks after the steps of the training, and its interval; None where it was not measured."""
    found = run.result.get("held_out")
    curves = [found.get(name) for name in ("mean", "low", "high")] if isinstance(found, Mapping) else []
    step = 1 if run.experiment is None else max(1, run.experiment.inner_steps)
    numbers = [curve[step] for curve in curves if isinstance(curve, list) and len(curve) > step]
    if len(numbers) < 3 or not all(isinstance(number, int | float) for number in numbers):  # it may be a stranger's file
        return None
    return float(numbers[0]), float(numbers[1]), float(numbers[2])


def held_out(run: Run) -> float:
    """The mean that was measured at the end, else the last of `losses`; NaN where there is none that is finite."""
    if found := measured(run):
        return found[0]
    last = losses(run)
    return float(last[-1]) if len(last) and np.isfinite(last[-1]) else float("nan")


def right_answers(run: Run) -> tuple[float, float, float] | None:
    """Of pictures, the share of right answers after the steps of the training, and its interval, in percent; else None."""
    found, step = run.result.get("accuracy"), max(1, steps_of(run))
    curves = [found.get(name) for name in ("mean", "low", "high")] if isinstance(found, Mapping) else []
    numbers = [curve[min(step, len(curve) - 1)] for curve in curves if isinstance(curve, list) and curve]
    if len(numbers) < 3 or not all(isinstance(number, int | float) for number in numbers):  # it may be a stranger's file
        if not run.accuracies.shape[1] > 0 or not len(run.accuracies):
            return None
        numbers = run.accuracies[-1, min(step, run.accuracies.shape[1] - 1)].tolist()
    return 100.0 * numbers[0], 100.0 * numbers[1], 100.0 * numbers[2]


# Names.


def title(run: Run) -> str:
    """What a run is called: the name that its owner gave, and its method or kind. Plain text."""
    words = KIND_WORDS.get(run.kind, run.kind)
    if run.kind == "train":
        words = "run of a newer MAML Lab" if run.experiment is None else run_words.method_of(run.experiment)
    return f"{run.name} ({words})" if run.name else f"{words[:1].upper()}{words[1:]}"


def words(run: Run) -> str:
    """A run as pictures name it. Plain text."""
    if run.experiment is None:
        return title(run)
    named = run_words.with_task(title(run), run.experiment) if run.kind == "train" else title(run)
    return run_words.of_run(run.experiment, run.iteration, title=named)


def labels(runs: Sequence[Run]) -> list[str]:
    """Names that tell these runs from each other: the given ones, else what differs among them."""
    names = [name for name in differing(runs) if name not in ("method", "num_iterations")]  # they are seen

    def label(run: Run) -> str:
        if run.name or run.experiment is None:
            return run.name or title(run)
        parts = [run_words.spell(name, getattr(run.experiment, name)) for name in names[:2]]
        return ", ".join([title(run), *parts])

    return list(run_words.unlike({str(place): label(run) for place, run in enumerate(runs)}).values())


# What differs.


def differing(runs: Sequence[Run]) -> list[str]:
    """The fields of the Experiment in which the runs are not all alike."""
    found = [run.experiment for run in runs if run.experiment is not None]
    return [name for name in FIELDS if len({getattr(each, name) for each in found}) > 1]


def differences(run: Run, baseline: Run) -> list[tuple[str, str, str]]:
    """Field, its value in a run, and that in the baseline, for each in which they differ; spelt as in a sentence."""
    if run.experiment is None or baseline.experiment is None:
        return []
    names = run_words.differing(run.experiment, baseline.experiment)
    ours, theirs = (
        [run_words.spell(name, getattr(each, name)) for name in names] for each in (run.experiment, baseline.experiment)
    )
    return list(zip(names, ours, theirs, strict=True))


# The table.


def columns(runs: Sequence[Run], baseline: Run | None = None, *, only_differences: bool = False) -> dict[str, list[Any]]:
    """The cells of a table by column, one a run.

    Args:
      runs: as they stand in the table.
      baseline: with which the others are compared; its name has a mark.
      only_differences: of the experiments' fields, those alone in which the runs (or the baseline) differ; a value that is the
        baseline's is left out.
    """
    compared = [*runs, baseline] if baseline else runs
    fields = differing(compared)
    if not only_differences:
        fields = [*(["tasks"] if "tasks" in fields else []), *USUAL]
    is_base = [is_pinned(run, baseline) for run in runs]
    cells: dict[str, list[Any]] = {
        "name": [f"{BASELINE_MARK} {title(run)}" if base else title(run) for run, base in zip(runs, is_base, strict=True)],
        "curve": [spark(run) for run in runs],
        HELD_OUT: [_known(held_out(run)) for run in runs],
    }
    intervals = [f"{found[1]:.3g} to {found[2]:.3g}" if (found := measured(run)) else None for run in runs]
    if any(intervals):
        cells["interval"] = intervals
    found = [right_answers(run) for run in runs]
    if any(found):
        cells[RIGHT] = [None if each is None else each[0] for each in found]
        cells[RIGHT_INTERVAL] = [None if each is None else f"{each[1]:.1f} to {each[2]:.1f} %" for each in found]
    if baseline is not None:
        gaps = (held_out(run) - held_out(baseline) for run in runs)
        cells["against"] = [None if base else _known(gap) for gap, base in zip(gaps, is_base, strict=True)]
    for name in fields:
        of_baseline = baseline.experiment if only_differences and baseline else None
        cells[name] = [_cell(run, name, None if base else of_baseline) for run, base in zip(runs, is_base, strict=True)]
    cells["status"] = [run.status for run in runs]
    cells["seconds"] = [run.seconds or None for run in runs]
    cells["created"] = [run.created for run in runs]
    cells["note"] = [" ".join(run.note.split()) for run in runs]
    return cells


def _cell(run: Run, name: str, of_baseline: Experiment | None) -> Any:
    """One field of one run: a number where it is one, so that it sorts as one."""
    if run.experiment is None:
        return None
    value = getattr(run.experiment, name)
    if of_baseline is not None and value == getattr(of_baseline, name):
        return None
    return spelled(name, value)


def spelled(name: str, value: Any) -> Any:
    """A field's value as a cell or a mark on an axis has it."""
    if name == "method":
        return run_words.name_of_method(value)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return value
    return Experiment.spell(value)


def spark(run: Run) -> list[float]:
    """The held-out losses for a small picture, thinned."""
    measured = losses(run)
    measured = measured[np.isfinite(measured)]
    stride = -(-len(measured) // SPARK_POINTS) or 1
    return [float(f"{loss:.3g}") for loss in measured[::-stride][::-1]]


def _known(value: float) -> float | None:
    return value if np.isfinite(value) else None


# Lines and axes.


def colours(runs: Sequence[Run], total: int) -> dict[str, str]:
    """Each run's colour, which it keeps as newer ones come.

    Args:
      runs: the newest first.
      total: how many there are, with those that are not shown.
    """
    return {run.id: RUN_COLOURS[(total - place) % len(RUN_COLOURS)] for place, run in enumerate(runs)}


def lines(runs: Sequence[Run], colour: Mapping[str, str], baseline: Run | None = None) -> list[Line]:
    """The curves of the runs that have one, in the order of the runs.

    Args:
      runs: chosen ones; the baseline is put before them where it is not among them.
      colour: by run.
      baseline: the others are held against it.
    """
    runs = [baseline, *runs] if baseline and not any(is_pinned(run, baseline) for run in runs) else list(runs)
    names = labels(runs)
    return [
        Line(name, run.curve_iterations, losses(run), colour.get(run.id, RUN_COLOURS[0]), is_pinned(run, baseline))
        for name, run in zip(names, runs, strict=True)
        if len(losses(run))
    ]


def is_pinned(run: Run, baseline: Run | None) -> bool:
    """Whether a run is the one that is pinned, if any is."""
    return baseline is not None and run.id == baseline.id


def on_axes(runs: Sequence[Run]) -> list[Run]:
    """The runs that can stand on parallel axes: they are described, and something came of them."""
    return [run for run in runs if run.experiment is not None and np.isfinite(held_out(run))]


def axes(runs: Sequence[Run]) -> list[Axis]:
    """What differs among the runs, at most `MAX_AXES` axes, and last what came of it; none where there is nothing to compare.

    Args:
      runs: those that can stand there (`on_axes`).
    """
    # What a run is known by comes first; the seed says little.
    names = sorted(differing(runs), key=lambda name: (name == "seed", name not in SHORT, list(FIELDS).index(name)))
    if len(runs) < 3 or not names:
        return []
    settings = {name: [spelled(name, getattr(run.experiment, name)) for run in runs] for name in names[:MAX_AXES]}
    found = [_axis(name, SHORT.get(name, name), values) for name, values in settings.items()]
    return [*found, _axis(HELD_OUT, "held out", [held_out(run) for run in runs])]


def _axis(name: str, label: str, values: Sequence[Any]) -> Axis:
    if not all(isinstance(value, int | float) for value in values):
        texts = sorted({str(value) for value in values})
        return Axis(name, label, np.array([texts.index(str(value)) for value in values], float), texts)
    numbers = np.array(values, float)
    is_log = bool((numbers > 0).all() and numbers.max() > 10 * numbers.min())
    return Axis(name, label, numbers, is_log=is_log)


def within(found: Sequence[Axis], brushed: Mapping[str, Sequence[tuple[float, float]]]) -> np.ndarray:
    """Which runs lie within what is brushed, on every axis within one of its ranges: `[runs]`.

    Args:
      found: the axes.
      brushed: ranges of places by the axis's name; an axis that has none, or is not there, keeps all.
    """
    kept = np.ones(len(found[0].values) if found else 0, bool)
    for axis in found:
        places = axis.drawn_places
        if ranges := brushed.get(axis.name):
            slack = 1e-9 * max(1.0, float(np.abs(places).max()))
            kept &= np.any([(places >= low - slack) & (places <= high + slack) for low, high in ranges], axis=0)
    return kept


# The filter.


def matches(run: Run, text: str) -> bool:
    """Whether each word of a text stands in a run's name, note, method, kind, tasks or status, or is a setting of it.

    Args:
      run: one run.
      text: words; those with a `=` are settings, as in `inner_lr=0.01`.
    """
    parts = [run.name, run.note, KIND_WORDS.get(run.kind, ""), run.status]
    settings: set[str] = set()
    if (experiment := run.experiment) is not None:
        parts += [run_words.method_of(experiment), experiment.tasks]
        settings = {f"{name}={Experiment.spell(getattr(experiment, name))}".lower() for name in FIELDS}
    searched = " ".join(parts).lower()
    return all(word in settings if "=" in word else word in searched for word in text.lower().split())
