"""Learn: MAML in eight steps, each a question that is answered by acting in a real picture."""

import inspect

import streamlit as st

from dashboard.page_parts.learn import LESSONS, Equation, Lesson
from dashboard.widgets import page, session

NUMBERS = range(1, len(LESSONS) + 1)
# The step, the steps whose question was answered ("1.3"), and what the lessons themselves put into the link.
OWN = {session.LESSON: 1, session.ANSWERED: ""} | {name: default for lesson in LESSONS for name, default in lesson.own.items()}
NEXT_PAGES = {
    "pages/gradients.py": ("The Jacobians, on the real network", ":material/north_east:"),
    "pages/parameter_space.py": ("Where θ wants to be", ":material/explore:"),
    "pages/pitfalls.py": ("What breaks, and where", ":material/warning:"),
    "pages/train.py": ("Train one yourself", ":material/model_training:"),
}


def answered() -> set[int]:
    """The steps whose question was answered, from the session or from the link that the visitor came by."""
    if not st.session_state.get(session.ANSWERED):
        st.session_state[session.ANSWERED] = st.query_params.get(session.ANSWERED, "")
    listed = st.session_state[session.ANSWERED][:100].split(".")
    return {int(part) for part in listed if part.isdecimal() and int(part) in NUMBERS}


def remember(number: int) -> None:
    """Keeps that a question was answered, in the session and in the link."""
    if number not in (known := answered()):
        st.session_state[session.ANSWERED] = ".".join(map(str, sorted({*known, number})))
        st.query_params[session.ANSWERED] = st.session_state[session.ANSWERED]


def go(number: int) -> None:
    """A callback: another step."""
    st.session_state[session.LESSON] = number


def set_back(lesson: Lesson) -> None:
    """A callback: the lesson as it began."""
    for name, default in lesson.own.items():
        st.session_state[name] = default


def show_equation(equation: Equation, number: int) -> None:
    """The equation with its values, and one term at a time in words."""
    place = st.container()
    names = [term.name for term in equation.terms]
    chosen = st.pills("Light up a term", range(len(names)), format_func=names.__getitem__, key=f"term_{number}", wrap=True)
    place.latex(equation.latex(chosen))
    if chosen is not None:
        term = equation.terms[chosen]
        st.markdown(f"**{term.name}** is {term.words}; now ${term.value}$.")


def show_code(lesson: Lesson) -> None:
    """The plain code of the step, as it is."""
    for part in lesson.code:
        module = inspect.getmodule(part).__name__
        st.caption(f"`{part.__name__}` in `{module.replace('.', '/')}.py`")
        st.code(inspect.getsource(part), language="python", wrap_lines=True)


@st.fragment
def show(number: int) -> None:
    """One step: the question, the picture, what stands there; then the explanation, the equation and the code."""
    lesson = LESSONS[number - 1]
    progress = st.empty()
    st.subheader(f"{number}. {lesson.title}", anchor=False)
    st.markdown(lesson.question)
    verdict = st.container()
    outcome = lesson.show()
    if outcome.solved:
        remember(number)
        verdict.success(f"**Answered.** {outcome.message}", icon=":material/check_circle:")
    else:
        verdict.info(f"{outcome.message} Not there yet.", icon=":material/touch_app:")
    progress.caption(f"{len(answered())} of {len(LESSONS)} answered. The link keeps your place.")
    with verdict.container(horizontal=True):
        st.button("Do it for me", icon=":material/auto_fix_high:", key=f"do_{number}", on_click=lesson.do_it)
        st.button("Set it back", icon=":material/restart_alt:", key=f"back_{number}", on_click=set_back, args=(lesson,))
    show_equation(outcome.equation, number)
    left, right = st.columns(2, gap="medium")
    with left, st.expander("What happened", icon=":material/lightbulb:", expanded=number in answered()):
        st.markdown(lesson.explained)
        if lesson.mistaken:
            st.markdown(f"**Often told otherwise.** {lesson.mistaken}")
    with right, st.expander("The code of this step", icon=":material/code:", expanded=True):
        show_code(lesson)
    if number == len(LESSONS):
        show_further()


def show_further() -> None:
    """After the last step."""
    st.markdown(f"**You answered {len(answered())} of {len(LESSONS)}.** Go on:")
    with st.container(horizontal=True):
        for path, (label, icon) in NEXT_PAGES.items():
            st.page_link(path, label=label, icon=icon)


def show_way(number: int) -> None:
    """Back and on. Outside of the fragment, since another step is another page."""
    with st.container(horizontal=True, horizontal_alignment="distribute"):
        st.button("Back", icon=":material/arrow_back:", key="back", disabled=number == 1, on_click=go, args=(number - 1,))
        if number < len(LESSONS):
            words, icon = f"On: {LESSONS[number].title}", ":material/arrow_forward:"
            st.button(words, icon=icon, key="on", type="primary", on_click=go, args=(number + 1,))


page.opening(
    "MAML in eight steps",
    "Each step asks a question. **Answer it in the picture**, with your hands; the page checks the real numbers. Then read "
    "what happened. Ten minutes in all.",
)
step = st.pills("Step", NUMBERS, default=OWN[session.LESSON], required=True, key=session.LESSON, wrap=True, bind="query-params")
show(step)
show_way(step)
page.finish(OWN)
