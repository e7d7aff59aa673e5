"""MAML and first-order MAML trained side by side: two background jobs, and their held-out losses as they go."""

import dataclasses
import math
from functools import partial
from typing import NamedTuple

import numpy as np
import streamlit as st

from dashboard.engine_calls import resources
from dashboard.engine_calls.gradients import MAX, STEP_SIZES
from dashboard.figures import gradients as figures
from dashboard.jobs import Snapshot
from dashboard.method_names import NAMES
from dashboard.widgets import controls, job_view, links, page, run_notes, run_words, session
from maml_engine import Experiment

METHODS = ("maml", "fomaml")
RUNS = job_view.LinkedJobs(session.RACE, count=2)
OWN = {session.RACE_LR: 0.01, session.RACE_ITERATIONS: 2000, session.RACE: ""}
ITERATIONS = (500, 1000, 2000, 5000, 10_000)
AXES = ("iterations", "seconds")
GONE = "The race of this link is no longer on this server. Its settings are here: press “Train both” to run it again."


class Race(NamedTuple):
    """A run's held-out loss after its own number of inner steps, as it was trained.

    iterations: meta-iterations, `[n]`.
    seconds: of training, compilation apart, at the run's mean speed, `[n]`.
    loss: in units of y², `[n]`.
    """

    iterations: np.ndarray
    seconds: np.ndarray
    loss: np.ndarray

    @classmethod
    def of(cls, snapshot: Snapshot) -> "Race":
        """How a run has gone so far."""
        if len(snapshot.curve_iterations) == 0:
            return cls(np.zeros(0), np.zeros(0), np.zeros(0))
        seconds = snapshot.curve_iterations * snapshot.seconds / max(snapshot.iteration, 1)
        return cls(snapshot.curve_iterations, seconds, snapshot.curves[:, snapshot.experiment.inner_steps])

    def at(self, position: float, axis: str) -> float:
        """The loss at a position on one of `AXES`; NaN before there is any."""
        return float(np.interp(position, getattr(self, axis), self.loss)) if len(self.loss) else math.nan


@st.fragment
def show(experiment: Experiment) -> None:
    """What both runs take, the button that starts them, and the runs themselves."""
    _show_runs(_controls(experiment))


def _controls(experiment: Experiment) -> Experiment:
    """What both runs take, and the button; the run that they say."""
    st.subheader("Trained side by side", anchor=False)
    st.markdown(
        "Two networks from the same random start on the same tasks, one with each gradient. **Race them at α = 0.01, then at "
        "0.001.** How far the two gradients part changes as the networks learn: compare the angle of a random start, above."
    )
    st.caption(
        "After several steps of 0.01 a few tasks diverge. Their exact gradients are then so large that Adam's steps stay small "
        "for long, and first order can win; clipping the meta-gradient (`clip_norm` 10 on the Train page) turns that round."
    )
    with st.container(horizontal=True, vertical_alignment="bottom"):
        inner_lr = st.select_slider(
            "Inner step size in training",
            STEP_SIZES,
            OWN[session.RACE_LR],
            format_func="{:g}".format,
            key=session.RACE_LR,
            bind="query-params",
        )
        iterations = st.select_slider(
            "Meta-iterations",
            ITERATIONS,
            OWN[session.RACE_ITERATIONS],
            format_func="{:,}".format,
            key=session.RACE_ITERATIONS,
            bind="query-params",
        )
        wanted = {
            "inner_lr": inner_lr,
            "num_iterations": iterations,
            "inner_steps": max(1, min(experiment.inner_steps, MAX["inner_steps"])),
        }
        run = Experiment.from_values(
            {name: getattr(experiment, name) for name in ("meta_batch_size", "k_shot", "seed")} | wanted
        )
        st.button("Train both", icon=":material/play_arrow:", type="primary", key="race", on_click=_start, args=(run,))
    return run


def _start(experiment: Experiment) -> None:
    """A callback: the same run with each gradient."""
    runs = [dataclasses.replace(experiment, method=method) for method in METHODS]
    RUNS.start(*(partial(job_view.submit, run) for run in runs))


def _show_runs(now: Experiment) -> None:
    """The runs, looked at again and again until both have ended.

    Args:
      now: what the controls say by now.
    """
    RUNS.show_refusal()
    ids = RUNS.ids(GONE)
    runs = [resources.jobs().snapshot(job_id).experiment for job_id in ids]
    if [run.method for run in runs] == [*METHODS]:
        _say_difference(runs[0], now, ids)
        progress = partial(job_view.iterations, note=_setting(runs[0]))
        job_view.watch(ids, progress, _show_races, key="stop_race", labels=[NAMES[method] for method in METHODS])


def _say_difference(run: Experiment, now: Experiment, ids: tuple[str, ...]) -> None:
    """Where the controls say another race than the one that is shown."""
    settings = {session.RACE_LR: f"{run.inner_lr:g}", session.RACE_ITERATIONS: f"{run.num_iterations:,}"}
    link = links.address("gradients", _in_sidebar(run).changes(), {session.RACE: ".".join(ids), **settings})
    run_notes.say(run_words.run_difference(run, now), link, key="set_to_race", set_back=_set_back, args=(run,))


def _set_back(run: Experiment) -> None:
    """A callback: sidebar and controls as the race that is shown has them."""
    controls.choose(_in_sidebar(run))
    st.session_state[session.RACE_LR], st.session_state[session.RACE_ITERATIONS] = run.inner_lr, run.num_iterations


def _in_sidebar(run: Experiment) -> Experiment:
    """What of a race's run the sidebar says; the rest is chosen beside the button."""
    return Experiment(**{name: getattr(run, name) for name in ("inner_steps", "meta_batch_size", "k_shot", "seed")})


def _show_races(*snapshots: Snapshot) -> None:
    """The two runs as they are now; their result once both have ended."""
    runs = [run_words.of_run(snapshot.experiment, snapshot.iteration) for snapshot in snapshots]
    with page.pictures_of("; ".join(runs)):
        _show_race_pictures(*snapshots)


def _show_race_pictures(*snapshots: Snapshot) -> None:
    run = snapshots[0].experiment
    races = {snapshot.experiment.method: Race.of(snapshot) for snapshot in snapshots}
    if all(snapshot.ended for snapshot in snapshots) and all(len(race.loss) > 1 for race in races.values()):
        _show_result(races, _setting(run))
    _show_curves(races, f"held-out loss after {_spell_steps(run)} (units of y²)")


def _show_curves(races: dict[str, Race], y_title: str) -> None:
    for column, axis, x_title in zip(st.columns(2), AXES, ("meta-iterations", "seconds of training"), strict=True):
        drawn = {method: (getattr(race, axis), race.loss) for method, race in races.items() if len(race.loss)}
        now = ", ".join(f"{method} {loss[-1]:.3g}" for method, (_, loss) in drawn.items()) or "none yet"
        with column:
            st.markdown(f"**At equal {axis}**")
            figure = figures.race_figure(drawn, x_title, y_title=y_title)
            page.chart(figure, f"race_over_{axis}", f"Held-out loss against {x_title}: {now}.")


def _show_result(races: dict[str, Race], setting: str) -> None:
    """Both losses at the last iteration, and at the last second, that both have reached."""
    for column, axis in zip(st.columns(2), AXES, strict=True):
        until = min(getattr(race, axis)[-1] for race in races.values())
        losses = [races[method].at(until, axis) for method in METHODS]
        column.metric(
            f"At {until:,.{0 if axis == 'iterations' else 1}f} {axis}: exact / first-order",
            " / ".join(f"{loss:.3g}" for loss in losses),
            help=f"Held-out loss. {setting}. The same validation tasks for both. Seconds leave compilation out.",
        )


def _setting(run: Experiment) -> str:
    return f"α = {run.inner_lr:g}, {_spell_steps(run)}, {run.meta_batch_size} tasks, {run.k_shot} shots, seed {run.seed}"


def _spell_steps(run: Experiment) -> str:
    return f"{run.inner_steps} inner step{'' if run.inner_steps == 1 else 's'}"
