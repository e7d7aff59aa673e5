"""Home: three networks meet a new sine wave; one of them has learned to learn."""

import streamlit as st

from dashboard import fits, page
from dashboard.figures import adaptation
from dashboard.fits import MAX_SHOTS, MAX_STEPS, Fit, Wave

LEARNERS = {
    "sinusoid_maml": "MAML",
    "sinusoid_joint": "Pretrained on all tasks",
    "random": "Random initialisation",
}
STEP_SIZES = (0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02)
FIRST = Wave()
OWN = {
    "wave_amplitude": FIRST.amplitude,
    "wave_phase": FIRST.phase,
    "steps": 10,
    "shots": FIRST.shots,
    "point_noise": FIRST.noise,
    "point_seed": FIRST.seed,
    "adapt_lr": FIRST.inner_lr,
}


def wave_sliders() -> tuple[float, float, int]:
    """Amplitude, phase and steps, side by side below the picture."""
    left, middle, right = st.columns(3)
    amplitude = left.slider("Amplitude", 0.1, 10.0, FIRST.amplitude, 0.1, key="wave_amplitude", bind="query-params")
    phase = middle.slider("Phase (radians)", 0.0, 6.2, FIRST.phase, 0.1, key="wave_phase", bind="query-params")
    steps = right.slider("Gradient steps", 0, MAX_STEPS, OWN["steps"], key="steps", bind="query-params")
    return amplitude, phase, steps


def point_controls() -> dict[str, float]:
    """The sidebar: what the networks see of the wave, and how far they step."""
    side = st.sidebar
    shots = side.slider("Support points", 1, MAX_SHOTS, FIRST.shots, key="shots", bind="query-params")
    noise = side.slider("Noise on the points (units of y)", 0.0, 2.0, FIRST.noise, 0.1, key="point_noise", bind="query-params")
    inner_lr = side.select_slider(
        "Inner step size α",
        STEP_SIZES,
        FIRST.inner_lr,
        format_func="{:g}".format,
        key="adapt_lr",
        bind="query-params",
        help="The same for all three. The shipped MAML learned to adapt with steps of 0.001.",
    )
    seed = side.number_input("Seed of the points", 0, 9999, FIRST.seed, key="point_seed", bind="query-params")
    side.button("Other points", icon=":material/casino:", on_click=other_points)
    return {"shots": shots, "noise": noise, "inner_lr": inner_lr, "seed": seed}


def other_points() -> None:
    """A callback."""
    st.session_state["point_seed"] = (st.session_state["point_seed"] + 1) % 10_000


def shown_fits(wave: Wave) -> dict[str, Fit]:
    """The three networks on `wave`; the very first picture was computed beforehand, so that nobody waits for the engine."""
    return (fits.first_fits() if wave == FIRST else {}) or computed_fits(wave)


def computed_fits(wave: Wave) -> dict[str, Fit]:
    from dashboard import adapting, resources

    return {name: adapting.task_fit(learner, wave) for name, learner in resources.shipped_learners().items()}


def show(name: str, fit: Fit, steps: int, *, height: int, legend: bool) -> None:
    """One network: its losses as numbers, and the picture."""
    before, after = fits.spell_loss(fit.loss[0]), fits.spell_loss(fit.loss[steps])
    st.metric(
        LEARNERS[name],
        f"{before} → {after}",
        help=f"Mean squared error over the whole wave (units of y²), before and after {steps} steps.",
    )
    alt = (
        f"{LEARNERS[name]} on a sine wave, from {len(fit.support_x)} support points: mean squared error {before} before and "
        f"{after} after {steps} gradient steps. Truth grey, before amber, after blue."
    )
    page.chart(adaptation.fit_figure(fit, steps, height=height, legend=legend), key=f"fit_{name}", alt=alt)


page.opening(
    "Five points and a few steps",
    "**Move the phase.** From five points and a few gradient steps MAML finds every wave; the other two, with the same points "
    "and the same steps, never get there. The numbers are each network's error before → after.",
)
large, small = st.columns([5, 3], gap="medium")
picture = large.container()
with large:
    amplitude, phase, steps = wave_sliders()
wave = Wave(amplitude=amplitude, phase=phase, **point_controls())
three = shown_fits(wave)
with picture:
    show("sinusoid_maml", three["sinusoid_maml"], steps, height=400, legend=True)
with small:
    for name in ("sinusoid_joint", "random"):
        show(name, three[name], steps, height=215, legend=False)

if fits.blew_up(three["sinusoid_maml"], steps):
    st.info(
        f"Steps of {wave.inner_lr:g} are too long here: MAML's start is made for steps of {FIRST.inner_lr:g}, and from there "
        "small moves of the weights are large moves of the function. Lower the inner step size, or the number of steps.",
        icon=":material/trending_up:",
    )
if amplitude > 5 or phase > 3.15:
    st.info(
        "MAML was trained on amplitudes from 0.1 to 5 and phases from 0 to π; this wave lies outside.",
        icon=":material/explore:",
    )

page.equation(
    r"\theta_{k+1} = \theta_k - \alpha\, \nabla_{\theta}\, \frac{1}{n} \sum_{j=1}^{n} \bigl(f_{\theta_k}(x_j) - y_j\bigr)^2,"
    r"\qquad \theta^\ast = \arg\min_{\theta_0}\; \mathbb{E}_{\text{tasks}}\; L_{\text{query}}\bigl(\theta_K(\theta_0)\bigr)",
    "Left, what all three do here: gradient steps of size **α** on the **n** support points. Right, what only MAML did "
    "beforehand: it chose the start **θ₀** so that the loss *after* such steps is small, on average over many waves. The "
    "pretrained network minimised the loss *before* them, and the best single answer to all waves is their average.",
)
st.markdown("**Go on:**")
with st.container(horizontal=True):
    st.page_link("pages/train.py", label="Train one yourself", icon=":material/model_training:")
    st.page_link("pages/adapt.py", label="Try it on twelve new tasks", icon=":material/tune:")
    st.page_link("pages/gradients.py", label="What the second order adds", icon=":material/north_east:")
page.finish(OWN)
# The picture stands; the engine gets ready now, so that the first move of a slider is answered at once.
computed_fits(FIRST)
