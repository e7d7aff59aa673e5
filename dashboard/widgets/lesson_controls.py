"""What a class may be given to change: every page's own keys of the link, how they are called, and what on the page sets them.

What the link of a page says is its picture. So a lesson keeps a link, and for each of its keys whether the class may change it.
"""

from collections.abc import Collection, Iterable, Mapping

import streamlit as st

from dashboard.widgets import links, session
from dashboard.widgets.control_tables import LABELS

# Key in the link -> what it is called, and the keys of the page's buttons that set it too, with * for any ending. The
# Experiment's fields are called as in the sidebar.
OWN: Mapping[str, tuple[str, ...]] = {
    links.LEARNER_KEY: ("Learner", session.LEARNER_CHOICE),
    # Home.
    session.HOME_BENCH: ("Points, wave, steps and step size in the picture",),
    "shots": ("Support points",),
    "point_noise": ("Noise on the points",),
    session.POINT_SEED: ("Seed of the points", "other_points"),
    # Learn.
    session.LESSON: ("Step", "back", "on"),
    "learn_shots": ("Picture of step 1", "do_1", "back_1"),
    "learn_step": ("Picture of step 2", "do_2", "back_2"),
    "learn_loops": ("Picture of step 3", "do_3", "back_3"),
    "learn_objective": ("Picture of step 4", "do_4", "back_4"),
    "learn_jacobian": ("Picture of step 5", "do_5", "back_5"),
    session.LEARN_LR: ("Step size of step 6", "do_6", "back_6"),
    session.LEARN_STEPS: ("Inner steps of step 6", "do_6", "back_6"),
    "learn_variants": ("Picture of step 7", "do_7", "back_7"),
    "learn_limits": ("Picture of step 8", "do_8", "back_8"),
    # Parameter space.
    "space": ("Plane or real network",),
    "surface": ("The tasks' losses",),
    "plane": ("Tasks, θ and descent in the plane", "reset_plane"),
    "slice_of": ("Loss of",),
    "slice_as": ("Drawn as",),
    "slice_steps": ("Inner steps K",),
    "slice_seed": ("Seed of the two tasks",),
    session.WALK_SEED: ("Seed of the run",),
    session.WALK: ("Training a run to draw its way", "walk_start"),
    # Gradients.
    "gradient_lr": ("Inner step size α",),
    "gradients_bench": ("Points, wave and steps in the picture",),
    session.RACE_LR: ("Inner step size in the race",),
    session.RACE_ITERATIONS: ("Meta-iterations of the race",),
    session.RACE: ("Training the two that race", "race"),
    # Pitfalls.
    "pitfall_shots": ("Support points",),
    "summary": ("The loss shown",),
    session.CELL_LR: ("Inner step size α of the cell",),
    session.CELL_STEPS: ("Inner steps of the cell",),
    session.PAIR: ("Training a pitfall's two runs", "run_*"),
    # Train.
    "card": ("Protocol card", "use_card"),
    links.JOB_KEY: ("Training", "train"),
    # Adapt.
    "adapt_bench": ("Points, wave, steps and step size in the picture",),
    "adapt_shots": ("Support points",),
    "adapt_lr": ("Inner step size α",),
    session.TASK_SEED: ("Seed of the tasks", "another_twelve"),
    "task_range": ("Tasks",),
    "shown": ("Learner shown",),
    "shown_steps": ("Steps shown",),
    session.CHOSEN_TASK: ("Task shown large",),
    # Compare.
    session.METHODS: ("Methods",),
    session.BUDGET: ("Budget of each run",),
    session.AMOUNT + "iterations": ("How much: meta-iterations",),
    session.AMOUNT + "gradients": ("How much: gradients",),
    session.AMOUNT + "seconds": ("How much: seconds",),
    session.SEEDS: ("Seeds",),
    session.CONTEST: ("Training the methods", "compare"),
    session.AFTER: ("Inner steps k",),
    session.AGAINST: ("Curves against",),
    session.PIN: ("Pinned baseline",),
    session.OVERLAY: ("Methods to lay over each other",),
    "look": ("Closer look at",),
    # Characters.
    session.PICTURE_LEARNER: ("Learner",),
    "picture_source": ("Pictures",),
    "picture_task": ("Task",),
    session.EPISODE_SEED: ("Seed of the episode", "another_episode", "play_again"),
    # Your tasks.
    session.SOURCE: ("Where the table is from",),
    session.EXAMPLE: ("Example",),
    session.KNOWN_ROWS: ("Known rows",),
    "way": ("Method",),
    "effort": ("Effort",),
    "error_in": ("Unit of the errors",),
    session.TRIAL: ("Training and judging", "judge"),
    # Runs.
    session.FIND_RUNS: ("Runs that are found",),
    session.RUN_CHOICE: ("Run that is shown",),
    session.BASELINE: ("Baseline",),
    session.ONLY_DIFFERENCES: ("Differences only",),
    # Notes.
    "published_card": ("Protocol card",),
    session.CARD_JOB: ("A card's short run", "run_*"),
    session.CHECK_JOB: ("Running the checks", "run_*"),
}
# How far somebody has come, what is unfolded, which of the visitor's own stands there: each pupil's, and no control.
FREE = frozenset({session.ANSWERED, session.DONE_FOR_ME, session.OWN_RUNS, session.PICTURE_RUNS})
# Charts whose points set a key when they are clicked on: nothing of them is clicked then.
CLICKED = {session.CHOSEN_TASK: session.PICTURES, session.CELL_LR: session.MAP, session.CELL_STEPS: session.MAP}
# Where the widget holds the page's content, only its choices go.
WITHIN = {"space": ' [role="tablist"]'}


def is_free(key: str) -> bool:
    """Whether a key of a page is nobody's to settle."""
    return key in FREE or key.startswith(session.OPEN)


def label(key: str) -> str:
    """What a key is called."""
    return OWN[key][0] if key in OWN else LABELS.get(key, key.replace("_", " ").capitalize())


def offered(own: Iterable[str]) -> list[str]:
    """What the page that is shown has: keys that a class may be given.

    Args:
      own: the page's own keys.
    """
    texts = (session.HOME_BENCH, "plane")  # what code keeps there is in the session once it was changed
    has_learner = [links.LEARNER_KEY] if session.LEARNER_CHOICE in st.session_state else []
    shown = [key for key in own if not is_free(key) and (key in st.session_state or key in texts)]
    return [*shown, *st.session_state[session.SHOWN], *has_learner]


def settled(open_keys: Collection[str]) -> list[str]:
    """All keys that a class may not change, on whichever page."""
    return [key for key in (*OWN, *links.FIELDS) if key not in open_keys]


def hiding(open_keys: Collection[str]) -> str:
    """A rule of style under which what sets the settled keys is not there."""
    shown = {name for key in open_keys for name in (key, *OWN.get(key, ())[1:])}
    names = [name for key in settled(open_keys) for name in (key, *OWN.get(key, ())[1:]) if name not in shown]
    hidden = ", ".join(_selector(name) + WITHIN.get(name, "") for name in dict.fromkeys(names))
    still = ", ".join({f".st-key-{chart}" for key, chart in CLICKED.items() if key not in open_keys})
    sidebar = '[data-testid="stSidebar"] [data-testid="stExpander"]'
    has_one = ", ".join(f".st-key-{key}" for key in open_keys) or "a.none"
    return (
        f"<style>{hidden} {{display: none !important}} {sidebar}:not(:has({has_one})) {{display: none}}"
        + (f" {still} {{pointer-events: none}}" if still else "")
        + "</style>"
    )


def _selector(name: str) -> str:
    return f'[class*="st-key-{name[:-1]}"]' if name.endswith("*") else f".st-key-{name}"
