"""An episode that nobody has drawn: play it against the learner, then see all its answers."""

from collections.abc import Mapping

import streamlit as st

from dashboard.figures import characters as figures
from dashboard.page_parts.characters import choices, engine_calls
from dashboard.results import PictureTask
from dashboard.widgets import controls, page, run_words, session
from maml_engine import Learner

OWN = {"picture_source": "glyphs", "picture_task": "5.1", session.EPISODE_SEED: 0}


def another() -> None:
    """A callback."""
    st.session_state[session.EPISODE_SEED] = (st.session_state[session.EPISODE_SEED] + 1) % 10_000


def choose() -> tuple[str, str]:
    """Which pictures, and which of `choices.TASKS`: of the game, and of the accuracy below it."""
    st.subheader("Play against the learner", anchor=False)
    st.markdown(
        "Characters that neither of you has seen: look at the examples, then say which class each question belongs to. "
        "The learner has answered the same questions already."
    )
    sources = engine_calls.sources()
    controls.by_name("picture_source", sources, choices.TRAINED_ON.__getitem__)
    controls.by_name("picture_task", choices.TASKS, choices.spell_task)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        source = st.segmented_control(
            "Pictures",
            sources,
            default=OWN["picture_source"],
            format_func=choices.TRAINED_ON.__getitem__,
            required=True,
            key="picture_source",
            bind="query-params",
            help=None if "omniglot" in sources else "Omniglot too, where its archives are on the server.",
        )
        name = st.segmented_control(
            "Task",
            list(choices.TASKS),
            default=OWN["picture_task"],
            format_func=choices.spell_task,
            required=True,
            wrap=True,
            key="picture_task",
            bind="query-params",
            help="Classes (ways), and examples of each (shots).",
        )
    return source, name


@st.fragment
def show(learner: Learner, source: str, name: str) -> None:
    """The game and the wall; a part of its own, as an answer runs nothing else of the page.

    Args:
      learner: the opponent.
      source: of the pictures.
      name: of one of `choices.TASKS`.
    """
    with st.container(horizontal=True, vertical_alignment="bottom"):
        seed = st.number_input(
            "Seed of the episode",
            0,
            9999,
            OWN[session.EPISODE_SEED],
            key=session.EPISODE_SEED,
            bind="query-params",
            width=160,
        )
        st.button("Another episode", icon=":material/casino:", key="another_episode", on_click=another)
    ways, shots = choices.TASKS[name]
    if why := engine_calls.why_not(learner, ways):
        st.info(f"{why} Choose another task or another learner.", icon=":material/info:")
        return
    with st.spinner("Adapting"):
        tasks = {
            statistics: engine_calls.picture_task(one, source, ways=ways, shots=shots, seed=seed)
            for statistics, one in engine_calls.by_statistics(learner).items()
        }
    task = next(iter(tasks.values()))
    game = f"{source} {name} {seed}"
    if st.session_state.get(session.GAME) != game:
        st.session_state[session.GAME], st.session_state[session.GUESSES] = game, ()
    guesses = st.session_state[session.GUESSES]
    words = f"{choices.spell_task(name)} of {choices.TRAINED_ON[source]}, test task of seed {seed}"
    if len(guesses) < len(task.truth):
        _ask(task, guesses, words)
    else:
        _show_all(learner, tasks, guesses, words)


def _ask(task: PictureTask, guesses: tuple[int, ...], words: str) -> None:
    """The next question."""
    number, ways = len(guesses), task.support.shape[0]
    alt = f"Examples of {ways} classes, and below them question {number + 1} of {len(task.truth)}"
    with page.pictures_of(words):
        page.chart(figures.support_figure(task, number), "episode_question", alt)
    with st.container(horizontal=True, vertical_alignment="center", key="guesses"):
        st.markdown(f"**Question {number + 1} of {len(task.truth)}: which class?**")
        for way, letter in enumerate(figures.letters(ways)):
            st.button(letter, key=f"guess_{letter}", on_click=_guess, args=(way,), help=f"It is of class {letter}")
        st.button("Show all answers", key="show_answers", type="tertiary", on_click=_give_up, args=(len(task.truth),))


def _guess(way: int) -> None:
    """A callback."""
    st.session_state[session.GUESSES] = (*st.session_state[session.GUESSES], way)


def _give_up(questions: int) -> None:
    """A callback: the questions that are left stay unanswered."""
    guesses = st.session_state[session.GUESSES]
    st.session_state[session.GUESSES] = (*guesses, *([-1] * (questions - len(guesses))))


def _show_all(learner: Learner, tasks: Mapping[str, PictureTask], guesses: tuple[int, ...], words: str) -> None:
    """Your score and the learner's, then all its answers.

    Args:
      learner: who answered.
      tasks: with its answers, by what it normalises by.
      guesses: the visitor's answers, -1 where there is none.
      words: which task it is.
    """
    task = next(iter(tasks.values()))
    own, last = engine_calls.own_steps(learner), len(task.shares) - 1
    asked = [(guess, truth) for guess, truth in zip(guesses, task.truth.tolist(), strict=True) if guess >= 0]
    with st.container(horizontal=True, key="scores"):
        if asked:
            st.metric("You", f"{sum(guess == truth for guess, truth in asked)} of {len(asked)}")
        for statistics, answered in tasks.items():
            st.metric(
                f"The learner{f', {run_words.STATISTICS[statistics]}' if statistics else ''}",
                f"{int((answered.answers[own] == task.truth).sum())} of {len(task.truth)}",
                help=f"{'Once it has solved for its head' if engine_calls.solves(learner) else _after(own)}.",
            )
    with st.container(horizontal=True, vertical_alignment="bottom"):
        if len(tasks) > 1:
            statistics = st.segmented_control(
                "What its network normalises by",
                list(tasks),
                format_func=choices.NORMALISED_BY.__getitem__,
                default=next(iter(tasks)),
                required=True,
                key=session.STATISTICS,
                help="By all questions together, an answer depends on the other questions (transductive, as in most papers); "
                "by the examples, each question is answered by itself (inductive).",
            )
            task = tasks[statistics if statistics in tasks else next(iter(tasks))]
        step = last if last == 1 else st.slider("The learner's answers after step", 0, last, own, key="answer_step")
    wrong = int((task.answers[step] != task.truth).sum())
    alt = (
        f"{task.support.shape[0]} classes with their examples and questions; after step {step} the learner is wrong at "
        f"{wrong} of {len(task.truth)}"
    )
    run = run_words.of_run(learner.experiment, learner.iteration, title=choices.label(learner))
    left, right_side = st.columns([3, 2], gap="medium")
    with page.pictures_of(f"{run}; {words}"):
        with left:
            page.chart(figures.answers_figure(task, step), "episode_answers", alt)
        with right_side:
            page.chart(
                figures.confusion_figure(task, step), "episode_confusion", f"Which class was taken for which after step {step}"
            )
    st.caption("Left the examples, then the questions: a full frame is right, a dashed one wrong, with what it was taken for.")
    st.button("Again", key="play_again", icon=":material/replay:", on_click=_again)


def _after(steps: int) -> str:
    return f"After {'its one step' if steps == 1 else f'the {steps} steps'} that it was trained with"


def _again() -> None:
    """A callback."""
    st.session_state[session.GUESSES] = ()
