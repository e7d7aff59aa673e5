"""A comparison in a few words, as its pictures name it, and where the page's controls differ from it."""

from dashboard.method_names import NAMES
from dashboard.page_parts.compare.contest import Contest
from dashboard.widgets import run_words
from maml_engine import Experiment
from maml_engine.analysis.comparison import Budget

MAX_LISTED = 4  # methods with their own step sizes and steps; of more, the page's table has them
SHARED = ("tasks", "k_shot", "meta_batch_size", "hidden_dim", "seed")


def of_contest(contest: Contest) -> str:
    """Methods with their inner step sizes and steps, what each run may spend, and the seeds."""
    runs = {name: runs[0] for name, runs in contest.entrants().items()}
    if len(runs) > MAX_LISTED:
        methods = f"{', '.join(NAMES[name] for name in runs)}, with the steps that “What each runs with” lists"
    else:
        methods = ", ".join(f"{NAMES[name]}{_inner(run)}" for name, run in runs.items())
    return f"{methods}; {of_budget(contest.budget)} each, {of_seeds(contest.base.seed, contest.seeds)}"


def _inner(run: Experiment) -> str:
    if not run.inner_steps:
        return ""
    return f" ({run_words.spell('inner_lr', run.inner_lr)}, {run_words.spell('inner_steps', run.inner_steps)})"


def of_budget(budget: Budget) -> str:
    """What each run may spend."""
    unit = {"iterations": "meta-iterations"}.get(budget.kind, budget.kind)
    return f"{budget.amount:,} {unit}"


def of_seeds(first: int, count: int) -> str:
    """The seeds of each method's runs."""
    return f"seed {first}" if count == 1 else f"seeds {first} to {first + count - 1}"


def difference(shown: Contest, now: Contest) -> str:
    """One sentence about what the controls say by now; "" where that is the comparison that is shown."""
    sentence = run_words.difference(_parts(shown), _parts(now))
    return sentence.replace("The sidebar now says", "The controls now say", 1)


def _parts(contest: Contest) -> list[str]:
    shared = [run_words.spell(name, getattr(contest.base, name)) for name in SHARED if name != "seed"]
    methods = ", ".join(NAMES[name] for name in contest.methods)
    return [methods, of_budget(contest.budget), of_seeds(contest.base.seed, contest.seeds), *shared]
