"""A run in a few words, as every picture names it, and what differs between two runs. Plain text: what shows it escapes it.

Light: Home names the runs of its learners before the engine is loaded.
"""

import dataclasses
import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from dashboard import escape
from dashboard.method_names import NAMES, PICTURE_NAMES, PRETRAINED, SOLVING

if TYPE_CHECKING:
    from maml_engine import Experiment

MAX_NAME = 40  # characters of a name that a visitor gives
STATISTICS = {"batch": "transductive", "support": "inductive"}  # by whose statistics pictures are normalised, in a word


def of_run(run: Any, iteration: int | None = None, *, title: str = "") -> str:
    """Method, meta-iterations, inner step size, inner steps and seed of one run.

    Args:
      run: an Experiment, or what has its `method`, `num_iterations`, `inner_lr`, `inner_steps` and `seed`.
      iteration: how many meta-iterations were made; None for all of them.
      title: what it is called; "" for its method's name.
    """
    made = run.num_iterations if iteration is None else iteration
    of_all = "" if made == run.num_iterations else f" of {run.num_iterations:,}"
    trained = [f"{made:,}{of_all} meta-iterations", *_inner(run)] if made else ["untrained"]
    return ", ".join([title or method_of(run), *trained, f"seed {run.seed}"])


def method_of(run: Any) -> str:
    """What a run's method is called; without inner steps it is pretraining."""
    return NAMES[PRETRAINED] if run.inner_steps == 0 and run.method not in SOLVING else name_of_method(run.method)


def task_of(run: Any) -> str:
    """What pictures a run tells apart, as in "5-way 1-shot Glyphs"; "" for one of functions or of a table."""
    if run is None or run.tasks not in PICTURE_NAMES:
        return ""
    return f"{run.n_way}-way {run.k_shot}-shot {PICTURE_NAMES[run.tasks]}"


def with_task(words: str, run: Any) -> str:
    """A run's title, and beside it the pictures that it tells apart, if any."""
    return ", ".join(part for part in (words, task_of(run)) if part)


def statistics_of(run: Any) -> str:
    """By what a network of pictures normalises, said as it stands beside a number."""
    by_rows = {"batch": "all queries of a task together", "support": "by the support’s statistics"}
    name = "batch" if run.norm == "per_step" else run.norm
    return f"{by_rows.get(name, 'each picture by itself')} ({STATISTICS.get(name, 'inductive')})"


def name_of_method(method: str) -> str:
    """What a method is called; one that was registered under a name of its own is called by that."""
    return NAMES.get(method, escape.short(method))


def title(run: Any, name: str) -> str:
    """What a learner is called: the name that its owner gave, and its method."""
    return f"{name} ({method_of(run)})" if name else method_of(run)


def _inner(run: Any) -> list[str]:
    has_steps = run.inner_steps and run.method not in SOLVING
    return [spell("inner_lr", run.inner_lr), spell("inner_steps", run.inner_steps)] if has_steps else []


# Differences.

_SPELLED: dict[str, Callable[[Any], str]] = {
    "method": name_of_method,
    "num_iterations": "{:,} meta-iterations".format,
    "meta_batch_size": "{} tasks in a meta-step".format,
    "meta_lr": "β = {:g}".format,
    "inner_lr": "α = {:g}".format,
    "inner_steps": lambda steps: "1 inner step" if steps == 1 else f"{steps} inner steps",
    "k_shot": lambda count: "1 support point" if count == 1 else f"{count} support points",
    "k_query": lambda count: "1 query point" if count == 1 else f"{count} query points",
    "hidden_dim": "{} hidden units".format,
    "seed": "seed {}".format,
    "data": lambda digest: f"the table {digest[:8]}" if digest else "no table",
}


def spell(name: str, value: Any) -> str:
    """One field of a run, as it stands in a sentence."""
    if name in _SPELLED:
        return _SPELLED[name](value)
    from maml_engine.experiment import Experiment

    return escape.short(f"{name} {Experiment.spell(value)}")


def differing(shown: "Experiment", now: "Experiment") -> list[str]:
    """The fields in which two runs differ."""
    names = [spec.name for spec in dataclasses.fields(shown)]
    return [name for name in names if getattr(shown, name) != getattr(now, name)]


def difference(shown: Iterable[str], now: Iterable[str]) -> str:
    """One sentence about what a page's controls say by now, and what its pictures are of; "" where that is the same.

    Args:
      shown: what the pictures are of, part by part.
      now: the same parts, as the controls say them.
    """
    pairs = [(one, other) for one, other in zip(shown, now, strict=True) if one != other]
    if not pairs:
        return ""
    before, after = (", ".join(parts) for parts in zip(*pairs, strict=True))
    return f"The sidebar now says {after}; these pictures are of {before}."


def run_difference(shown: "Experiment", now: "Experiment") -> str:
    """`difference` of two runs."""
    names = differing(shown, now)
    return difference(*([spell(name, getattr(run, name)) for name in names] for run in (shown, now)))


# Names that visitors give.


def given_name(text: object) -> str:
    """A visitor's name for a learner: one line, printable, at most `MAX_NAME` characters."""
    return escape.short(re.sub(r"\s+", " ", unicodedata.normalize("NFKC", str(text))), MAX_NAME)


def file_stem(name: str, digest: str) -> str:
    """A file's name without its ending: letters, digits and dashes, whatever a visitor typed; two runs never share one."""
    plain = re.sub(r"[\W_]+", "-", given_name(name)).strip("-").lower()
    return "-".join(part for part in ("maml-lab", plain, digest[:8]) if part)


def unlike(titles: Mapping[str, str]) -> dict[str, str]:
    """Titles by key, none twice: a second one of the same words is numbered."""
    found: dict[str, str] = {}
    for key, words in titles.items():
        others = set(found.values())
        number = next(number for number in range(1, len(titles) + 1) if _numbered(words, number) not in others)
        found[key] = _numbered(words, number)
    return found


def _numbered(words: str, number: int) -> str:
    return words if number == 1 else f"{words} ({number})"
