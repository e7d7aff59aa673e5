"""Lessons on the sine bench: few shots, one gradient step, and where it fails."""

from dataclasses import replace
from functools import partial

import numpy as np
import streamlit as st

from dashboard.components.sine_bench import CURVE_POINTS, Answer, Scene, sine_bench
from dashboard.components.sine_bench.scene import spell
from dashboard.engine_calls import sine_bench as bench_engine
from dashboard.engine_calls.first_pictures import X_RANGE
from dashboard.page_parts.learn.engine_calls import OneStep, one_step
from dashboard.page_parts.learn.lesson import AFTER, BEFORE, OTHER, TRUTH, Equation, Lesson, Outcome, Term, number
from dashboard.results import spell_loss
from maml_engine import tutorial

GOOD, ENOUGH_SHOTS = 0.1, 5
FAILED, FIVE, ON_THE_WAVE = 0.5, 5, 0.5  # the last in units of y: a hand is not exact

GOOD_POINTS = tuple((x, 0.0) for x in (-4.2, -1.5, 0.3, 2.2, 4.5))
ONE_SIDE = tuple((x, 0.0) for x in (-4.9, -4.8, -4.7, -4.6, -4.5))
SHOTS = Scene(amplitude=3.0, phase=0.8, points=((0.5, 0.0),), steps=10)
STEP = Scene(amplitude=3.0, phase=0.8, points=GOOD_POINTS, steps=1, hidden=("pretrained", "random"))
LIMITS = Scene(amplitude=3.0, phase=0.8, points=GOOD_POINTS, steps=10, hidden=("pretrained", "random"))


def _bench(key: str, base: Scene) -> tuple[Scene, dict[str, Answer]]:
    """The bench with the shipped learners; what stands on it, and the engine's numbers.

    The bench stands before the engine has computed anything; its numbers come beside it.
    """
    scene = sine_bench(key, base, bench_engine.shipped_entrants())
    return scene, bench_engine.answers(scene, bench_engine.shipped())


def _put(key: str, base: Scene, **changes) -> None:
    """A callback: the bench shows an answer."""
    st.session_state[key] = spell(replace(base, **changes).edits(base))


def _at_points(scene: Scene, answer: Answer) -> np.ndarray:
    """What MAML predicts at the support points after the bench's steps, `[points]`."""
    grid = np.linspace(*X_RANGE, CURVE_POINTS)
    return np.interp(scene.support[0], grid, answer.path[scene.steps])


def _support_loss(scene: Scene, answer: Answer) -> float:
    if not scene.points:
        return float("nan")
    return float(np.mean((_at_points(scene, answer) - scene.support[1]) ** 2))


def _shots() -> Outcome:
    scene, answers = _bench("learn_shots", SHOTS)
    loss = {name: float(answer.loss[scene.steps]) for name, answer in answers.items()}
    points = len(scene.points)
    predicted = _at_points(scene, answers["maml"])
    first = (number(predicted[0]), number(scene.support[1][0])) if points else ("-", "-")
    equation = Equation(
        r"@0 = \frac{1}{@1}\sum_{j=1}^{n}\bigl(@2 - @3\bigr)^2",
        (
            Term(
                "Support loss",
                r"L_{\text{support}}(\theta)",
                number(_support_loss(scene, answers["maml"])),
                "the loss that the network can see: its mean squared error on the support points",
                AFTER,
            ),
            Term("n", "n", str(points), "how many support points there are: the shots"),
            Term("Prediction", "f_\\theta(x_j)", first[0], "what MAML predicts at a point; shown for the first", AFTER),
            Term("Truth", "y_j", first[1], "what was seen there; shown for the first", TRUTH),
        ),
    )
    message = (
        f"{points} point{'' if points == 1 else 's'}, {scene.steps} steps: the error over the whole wave is "
        f"{spell_loss(loss['maml'])} with MAML, {spell_loss(loss['pretrained'])} with a network pretrained on all waves, "
        f"{spell_loss(loss['random'])} from a random start."
    )
    is_same_wave = (scene.amplitude, scene.phase) == (SHOTS.amplitude, SHOTS.phase)
    return Outcome(loss["maml"] < GOOD and points <= ENOUGH_SHOTS and is_same_wave, message, equation)


def _step() -> Outcome:
    scene, answers = _bench("learn_step", STEP)
    loss = answers["maml"].loss
    x, y = scene.support
    norms = OneStep(float("nan"), float("nan"), float("nan"))
    if scene.points:
        norms = one_step(bench_engine.shipped()["maml"], tuple(zip(x.tolist(), y.tolist(), strict=True)), scene.inner_lr)
    equation = Equation(
        r"@0 = @1 - @2 \, @3",
        (
            Term(
                "θ′",
                r"\theta'",
                rf"{number(norms.move)}\text{{ away}}",
                "the adapted parameters, and how far they are from θ",
                AFTER,
            ),
            Term(
                "θ", r"\theta", rf"\lVert\theta\rVert = {number(norms.theta)}", "the start, 1,761 numbers; their length", BEFORE
            ),
            Term("α", r"\alpha", number(scene.inner_lr), "the inner step size, `inner_lr`", OTHER),
            Term(
                "Gradient",
                r"\nabla L(\theta)",
                rf"\lVert\nabla L\rVert = {number(norms.gradient)}",
                "which way each parameter raises the support loss; its length",
                TRUTH,
            ),
        ),
    )
    message = (
        f"One step of α = {scene.inner_lr:.3g} takes the error from {spell_loss(loss[0])} to {spell_loss(loss[1])}"
        f"{'' if scene.steps == 1 else f', {scene.steps} steps to {spell_loss(loss[scene.steps])}'}."
    )
    return Outcome(bool(not loss[1] <= loss[0]) and len(scene.points) > 0, message, equation)


def _limits() -> Outcome:
    scene, answers = _bench("learn_limits", LIMITS)
    after = float(answers["maml"].loss[scene.steps])
    seen = _support_loss(scene, answers["maml"])
    equation = Equation(
        r"@0 \quad \text{against} \quad @1, \quad @2",
        (
            Term("Support loss", r"L_{\text{support}}(\theta')", number(seen), "the error at the points that were seen", AFTER),
            Term("Query loss", r"L_{\text{query}}(\theta')", number(after), "the error over the whole wave", TRUTH),
            Term("K", "K", str(scene.steps), "gradient steps"),
        ),
    )
    message = f"{len(scene.points)} points: the error over the wave is {spell_loss(after)}, at the points {spell_loss(seen)}."
    is_same = (scene.inner_lr, scene.amplitude, scene.phase) == (LIMITS.inner_lr, LIMITS.amplitude, LIMITS.phase)
    is_fair = is_same and all(abs(off) < ON_THE_WAVE for _, off in scene.points)
    if not is_fair:
        message += " You changed more than where the points lie: press “Set it back”, and keep them on the wave."
    return Outcome(len(scene.points) == FIVE and bool(not after <= FAILED) and is_fair, message, equation)


FEW_SHOTS = Lesson(
    title="Few-shot learning",
    question="The network has seen many sine waves, but never this one, and of this one a single point. **Add points in "
    "the picture until MAML’s error after ten steps is below 0.1.** Five are allowed. How few do you need?",
    explained="One wave is a **task**. The points that you see of it are its **support set**; five points are *five "
    "shots*. The network is judged on other points of the same wave, its **query set**, so that learning the five by heart "
    "is not enough.\n\n"
    "A network from a random start would need many more points and steps. MAML’s start has been chosen, "
    "over many other waves, so that a few points and a few steps suffice. The pretrained network has seen the same waves, "
    "but was trained to answer *before* any step, and the best single answer to all waves is their average.",
    show=_shots,
    do_it=partial(_put, "learn_shots", SHOTS, points=GOOD_POINTS),
    code=(tutorial.generate_sinusoid_task, tutorial.sample_task_data),
    own={"learn_shots": ""},
    mistaken="Reports of few-shot learning often show a loss “before” below 3. Over these waves no network can do better "
    "than 3.006 before it has seen a point; whatever reports less has seen the answer.",
)

ONE_GRADIENT_STEP = Lesson(
    title="One gradient step",
    question="Five points, one gradient step of α = 0.001: it helps. **Find an α with which one step makes the error "
    "larger than it was before.**",
    explained="The gradient says for each of the network’s 1,761 parameters how the support loss changes with it. The step "
    "goes the other way, α times as far. That is all of the adapting: θ′ = θ − α∇L(θ), again and again.\n\n"
    "The slope holds only nearby. Step too far, and the parameters land beyond the valley, where the loss is higher than "
    "at the start. How far is too far depends on the curvature: a step helps across curvature h while α < 2/h.",
    show=_step,
    do_it=partial(_put, "learn_step", STEP, inner_lr=0.01),
    code=(tutorial.inner_loop,),
    own={"learn_step": ""},
    mistaken="“α = 0.001 is slow, 0.01 to 0.05 is good, 0.1 is unstable” holds for no network but the one it was tried on. "
    "This one was trained to adapt with 0.001. On **Pitfalls** the frontier is measured.",
)

LIMITS_AND_PITFALLS = Lesson(
    title="Limits and pitfalls",
    question="MAML is no magic. **Place exactly five points on the wave so that it fails**: the error after ten steps "
    "stays above 0.5. Move the points along the wave (← and → slide the chosen one), "
    "and leave the rest alone.",
    explained="MAML learns *from* the support set. Points that say nothing about a part of the wave leave that part to "
    "what was learned before, and the support loss is small all the same. So:\n\n"
    "- **Judge on query points.** The support loss cannot tell you that it failed: compare the two numbers above.\n"
    "- **Adapt as you trained.** Other α, more steps, noisier or other points than in training are another task "
    "distribution.\n"
    "- **Few training tasks are learned by heart**; keep whole tasks apart for testing, not only points.\n"
    "- **Similar training tasks** teach their average: vary amplitude and phase widely.\n"
    "- **Waves from outside the training range** are fitted far worse. Set it back, and drag the amplitude to 8.",
    show=_limits,
    do_it=partial(_put, "learn_limits", LIMITS, points=ONE_SIDE),
    code=(tutorial.evaluate_on_new_tasks,),
    own={"learn_limits": ""},
    mistaken="“Use one to five steps, more overfit the support set” depends on the start: with this "
    "one the error hardly changes from step 10 to step 20. Scrub k and see.",
)
