"""Learn: MAML in eight steps, each a question that is answered by acting in a real picture."""

import inspect

import streamlit as st

from dashboard.method_names import PAPERS
from dashboard.page_parts.learn import progress
from dashboard.page_parts.learn.lessons import LESSONS, STYLE, Equation, Lesson, Outcome
from dashboard.page_parts.learn.progress import NUMBERS
from dashboard.page_parts.learn.two_loops import two_loops
from dashboard.widgets import page, session

# The step, how far the visitor has come ("1.3"), and what the lessons themselves put into the link.
OWN = {session.LESSON: 1, session.ANSWERED: "", session.DONE_FOR_ME: ""} | {
    name: default for lesson in LESSONS for name, default in lesson.own.items()
}
NEXT_PAGES = {
    "pages/gradients.py": ("The Jacobians, on the real network", ":material/north_east:"),
    "pages/parameter_space.py": ("Where θ wants to be", ":material/explore:"),
    "pages/pitfalls.py": ("What breaks, and where", ":material/warning:"),
    "pages/train.py": ("Train one yourself", ":material/model_training:"),
}


def go(number: int) -> None:
    """A callback: another step."""
    st.session_state[session.LESSON] = number


def do_it(number: int) -> None:
    """A callback: an answer, which does not count as the visitor's."""
    LESSONS[number - 1].do_it()
    progress.do_for_me(number)


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


def show_verdict(number: int, outcome: Outcome) -> None:
    """Whether the question is answered; if not, what stands there and what is asked, and if so, by whom."""
    standing = progress.judge(number, outcome.is_solved)
    if standing == "answered" and outcome.is_solved:
        st.success(f"**Answered.** {outcome.message}", icon=":material/check_circle:")
    elif not outcome.is_solved:
        st.info(f"{outcome.message} **Not there yet.** {outcome.refusal}", icon=":material/touch_app:")
    else:
        by = "**Done for you**" if standing == "done for you" else "**Solved by the link**"
        words = "which does not count: press “Reset this step”, and do it yourself."
        st.info(f"{outcome.message} {by}, {words}", icon=":material/auto_fix_high:")


def show_loops(place: str) -> None:
    """The whole of MAML in one picture; where it stands, the width of the window says."""
    with st.container(key=f"loops_{place}"):
        two_loops(f"two_loops_{place}")
        st.markdown(  # in a caption, which is pale, a link could not be read
            f":small[Model-agnostic meta-learning (MAML; {PAPERS['maml'].link}) learns a *start* from which a few gradient "
            "steps reach any task of a kind. Each step here asks a question: answer it in the picture, and the page checks the "
            "real numbers.]"
        )


@st.fragment
def show(number: int) -> None:
    """One step: the question, what stands there, the picture; then the explanation, the equation and the code."""
    lesson = LESSONS[number - 1]
    words, picture = st.columns([2, 3], gap="medium")
    with words:
        st.subheader(f"{number}. {lesson.title}", anchor=False)
        st.markdown(lesson.question)
        verdict = st.container()
        with st.container(horizontal=True, gap="small"):
            st.button("Do it for me", icon=":material/auto_fix_high:", key=f"do_{number}", on_click=do_it, args=(number,))
            st.button("Reset this step", icon=":material/restart_alt:", key=f"back_{number}", on_click=set_back, args=(lesson,))
        if number == 1:
            show_loops("beside")
    with picture:
        outcome = lesson.show()
    with verdict:
        show_verdict(number, outcome)
    if number == 1:
        show_loops("below")
    st.caption(f"{progress.spell()}. The link keeps your place.")
    show_equation(outcome.equation, number)
    left, right = st.columns(2, gap="medium")
    with left, st.expander("What happened", icon=":material/lightbulb:", expanded=number in progress.answered()):
        st.markdown(lesson.explained)
        if lesson.mistaken:
            st.markdown(f"**Often told otherwise.** {lesson.mistaken}")
    with right, st.expander("The code of this step", icon=":material/code:", expanded=True):
        show_code(lesson)
    if number == len(LESSONS):
        show_further()


def show_further() -> None:
    """After the last step."""
    done = [str(number) for number in sorted(progress.done_for_me())]
    instead = f" The page did {'step' if len(done) == 1 else 'steps'} {', '.join(done)} for you." if done else ""
    st.markdown(f"**You answered {len(progress.answered())} of {len(LESSONS)}.**{instead} Go on:")
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


def begin_at_the_top(number: int) -> None:
    """Scrolls there when another step comes; who has pressed On or Back with a key goes on from there."""
    st.html(
        f"""<i id="top-of-step"></i><script>{{
  const main = document.querySelector('[data-testid="stMain"]');
  const isWay = document.activeElement?.closest(".st-key-on, .st-key-back");
  main?.scrollTo({{ top: 0, behavior: "instant" }});  // step {number}
  if (isWay) main?.focus({{ preventScroll: true }});
}}</script>""",
        unsafe_allow_javascript=True,
    )


page.opening("MAML in eight steps", "")
st.html(STYLE)
session.hand_back(session.LESSON)
step = st.pills(
    "Step",
    NUMBERS,
    default=OWN[session.LESSON],
    required=True,
    key=session.LESSON,
    wrap=True,
    bind="query-params",
    label_visibility="collapsed",
)
session.hold(session.LESSON)
begin_at_the_top(step)
with st.container(key="step"):
    show(step)
show_way(step)
page.finish(OWN)
