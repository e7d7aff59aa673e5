"""MAML and first-order MAML trained side by side: two background jobs, and their held-out losses as they go."""

import streamlit as st

from dashboard.engine_calls import gradients, resources
from dashboard.engine_calls.gradients import Race
from dashboard.figures import gradients as figures
from dashboard.jobs import Snapshot
from dashboard.widgets import page
from maml_engine import Experiment

# Widgets and session keys that belong into the link; "pair" holds the two job ids.
OWN = {"race_lr": 0.01, "race_iterations": 2000, "pair": ""}
ITERATIONS = (500, 1000, 2000, 5000, 10_000)
SECONDS_BETWEEN_LOOKS = 0.5
AXES = ("iterations", "seconds")


def controls(experiment: Experiment) -> None:
    """What both runs take, and the button that starts them."""
    st.subheader("Trained side by side", anchor=False)
    st.markdown(
        "Two networks from the same start on the same tasks, one with each gradient. **Race them at α = 0.01, then at "
        "0.001**, where the two gradients nearly agree."
    )
    st.caption(
        "After several steps of 0.01 a few tasks diverge. Their exact gradients are then so large that Adam's steps stay small "
        "for long, and first order can win; clipping the meta-gradient (`clip_norm` 10 on the Train page) turns that round."
    )
    with st.container(horizontal=True, vertical_alignment="bottom"):
        inner_lr = st.select_slider(
            "Inner step size in training",
            gradients.STEP_SIZES,
            OWN["race_lr"],
            format_func="{:g}".format,
            key="race_lr",
            bind="query-params",
        )
        iterations = st.select_slider(
            "Meta-iterations",
            ITERATIONS,
            OWN["race_iterations"],
            format_func="{:,}".format,
            key="race_iterations",
            bind="query-params",
        )
        wanted = {
            "inner_lr": inner_lr,
            "num_iterations": iterations,
            "inner_steps": max(1, min(experiment.inner_steps, gradients.MAX["inner_steps"])),
        }
        run = Experiment.from_values(
            {name: getattr(experiment, name) for name in ("meta_batch_size", "k_shot", "seed")} | wanted
        )
        st.button("Train both", icon=":material/play_arrow:", type="primary", key="race", on_click=_start, args=(run,))


def _start(experiment: Experiment) -> None:
    """A callback: two jobs, named in the link; those before them end."""
    jobs = resources.jobs()
    _stop(pair())
    ids: list[str] = []
    try:
        for one in gradients.racers(experiment).values():
            ids.append(jobs.submit(one))
    except ValueError as error:
        st.session_state["_race_refused"] = str(error)
        _stop(ids)
        return
    st.session_state["pair"] = st.query_params["pair"] = ".".join(ids)


def pair() -> list[str]:
    """The two runs of this session, or those that the link names; none where this server does not know them as a pair."""
    ids = (st.session_state.get("pair") or st.query_params.get("pair", "")).split(".")
    snapshots = [resources.jobs().snapshot(job_id) for job_id in ids[:2]]
    methods = [snapshot.experiment.method for snapshot in snapshots if snapshot is not None]
    return ids if methods == ["maml", "fomaml"] and len(ids) == 2 else []


def _look() -> None:
    """The two runs as they are now."""
    ids = pair()
    if not ids:
        return
    for job_id in ids:
        resources.jobs().touch(job_id)
    snapshots = [resources.jobs().snapshot(job_id) for job_id in ids]
    ended = all(snapshot.ended for snapshot in snapshots)
    run = snapshots[0].experiment
    steps = f"{run.inner_steps} inner step{'' if run.inner_steps == 1 else 's'}"
    setting = f"α = {run.inner_lr:g}, {steps}, {run.meta_batch_size} tasks, {run.k_shot} shots, seed {run.seed}"
    if not ended:
        _show_progress(snapshots, ids, setting)
    for snapshot in snapshots:
        if snapshot.message:
            st.info(f"{snapshot.experiment.method.upper()}: {snapshot.message}", icon=":material/info:")
    races = {snapshot.experiment.method: gradients.race(snapshot) for snapshot in snapshots}
    if ended and all(len(race.loss) > 1 for race in races.values()):
        _show_result(races, setting)
    _show_curves(races, f"held-out loss after {steps} (units of y²)")
    if ended and st.session_state.get("_seen_race") != ids:
        st.session_state["_seen_race"] = ids
        st.rerun()


def _show_progress(snapshots: list[Snapshot], ids: list[str], setting: str) -> None:
    done, total = sum(one.iteration for one in snapshots), sum(one.experiment.num_iterations for one in snapshots)
    bar, button = st.columns([6, 1], vertical_alignment="center")
    bar.progress(done / total, text=f"{done:,} of {total:,} meta-iterations in all ({setting}); one run after the other")
    button.button("Stop", icon=":material/stop:", key="stop_race", on_click=_stop, args=(ids,), width="stretch")


def _show_curves(races: dict[str, Race], y_title: str) -> None:
    for column, axis, x_title in zip(st.columns(2), AXES, ("meta-iterations", "seconds of training"), strict=True):
        drawn = {method: (getattr(race, axis), race.loss) for method, race in races.items() if len(race.loss)}
        said = ", ".join(f"{method} {loss[-1]:.3g}" for method, (_, loss) in drawn.items()) or "none yet"
        with column:
            st.markdown(f"**At equal {axis}**")
            figure = figures.race_figure(drawn, x_title, y_title=y_title)
            page.chart(figure, f"race_over_{axis}", f"Held-out loss against {x_title}: {said}.")


def _show_result(races: dict[str, Race], setting: str) -> None:
    """Both losses at the last iteration, and at the last second, that both have reached."""
    for column, axis in zip(st.columns(2), AXES, strict=True):
        until = min(getattr(race, axis)[-1] for race in races.values())
        losses = {method: gradients.at(until, getattr(race, axis), race.loss) for method, race in races.items()}
        column.metric(
            f"At {until:,.{0 if axis == 'iterations' else 1}f} {axis}: exact / first-order",
            f"{losses['maml']:.3g} / {losses['fomaml']:.3g}",
            help=f"Held-out loss. {setting}. The same validation tasks for both. Seconds leave compilation out.",
        )


def show() -> None:
    """The runs, looked at again and again until both have ended."""
    if refused := st.session_state.pop("_race_refused", None):
        st.error(refused, icon=":material/error:")
    if ids := pair():
        is_over = all(resources.jobs().snapshot(job_id).ended for job_id in ids)
        st.fragment(_look, run_every=None if is_over else SECONDS_BETWEEN_LOOKS)()


def _stop(job_ids: list[str]) -> None:
    for job_id in job_ids:
        resources.jobs().stop(job_id)
