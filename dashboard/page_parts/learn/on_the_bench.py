"""Lessons on the sine bench: few shots, one gradient step, and where it fails."""

from dataclasses import replace
from functools import partial

import numpy as np
import streamlit as st

from dashboard.components.sine_bench import CURVE_POINTS, Answer, Scene, sine_bench
from dashboard.components.sine_bench.scene import spell
from dashboard.engine_calls import sine_bench as bench_engine
from dashboard.engine_calls.first_pictures import INNER_LR, X_RANGE
from dashboard.method_names import PAPERS, TUTORIAL
from dashboard.page_parts.learn.engine_calls import OneStep, one_step
from dashboard.page_parts.learn.lesson import (
    AFTER,
    BEFORE,
    OTHER,
    TRUTH,
    Asked,
    Equation,
    Lesson,
    Outcome,
    Term,
    number,
    unchanged,
)
from dashboard.results import ZERO_SHOT, spell_loss
from maml_engine import tutorial

GOOD, ENOUGH_SHOTS = 0.1, 5
FAILED, FIVE, ON_THE_WAVE = 0.5, 5, 0.5  # the last in units of y: a hand is not exact
PARAMETERS = 1761  # of the shipped networks
WIDER = 8.0  # an amplitude from outside the training range
WAVE = {"amplitude": "The wave’s amplitude", "phase": "The wave’s phase"}
WAVE_AND_RATE = WAVE | {"inner_lr": "α"}

FEWEST = ((-3.6, 0.0), (3.6, 0.0))
GOOD_POINTS = tuple((x, 0.0) for x in (-4.2, -1.5, 0.3, 2.2, 4.5))
ONE_SIDE = tuple((x, 0.0) for x in (-4.9, -4.8, -4.7, -4.6, -4.5))
SHOTS = Scene(amplitude=3.0, phase=0.8, points=((0.5, 0.0),), steps=10)
STEP = Scene(amplitude=3.0, phase=0.8, points=GOOD_POINTS, steps=1, hidden=("pretrained", "random"))
LIMITS = Scene(amplitude=3.0, phase=0.8, points=GOOD_POINTS, steps=10, hidden=("pretrained", "random"))


def _bench(key: str, base: Scene, *uses: str) -> tuple[Scene, dict[str, Answer]]:
    """The bench with the shipped learners that `base` shows; what stands on it, and the engine's numbers.

    The bench stands before the engine has computed anything; its numbers come beside it.
    """
    entrants = [entrant for entrant in bench_engine.shipped_entrants() if entrant.name not in base.hidden]
    scene = sine_bench(key, base, entrants, uses=uses)
    return scene, bench_engine.answers(scene, bench_engine.shipped())


def _points(count: int) -> str:
    return f"{count} point{'' if count == 1 else 's'}"


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


def asked_of_shots(scene: Scene, loss: float) -> tuple[Asked, ...]:
    """What the first question asks for; `loss` is MAML's after the bench's steps."""
    count = len(scene.points)
    return (
        *unchanged(scene, SHOTS, WAVE_AND_RATE | {"steps": "k"}),
        Asked(count <= ENOUGH_SHOTS, f"{_points(count)} are more than the {ENOUGH_SHOTS} that are allowed: remove some."),
        Asked(loss < GOOD, f"MAML’s error is {spell_loss(loss)}, and below {GOOD:g} is asked."),
    )


def _shots() -> Outcome:
    scene, answers = _bench("learn_shots", SHOTS, "points")
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
        f"After {scene.steps} steps from {_points(points)} the error is **{spell_loss(loss['maml'])}** with MAML, "
        f"{spell_loss(loss['pretrained'])} pretrained, {spell_loss(loss['random'])} from a random start."
    )
    return Outcome(message, asked_of_shots(scene, loss["maml"]), equation)


def asked_of_step(scene: Scene, loss: np.ndarray) -> tuple[Asked, ...]:
    """What the second question asks for; `loss` is MAML's after each step, `[steps + 1]`."""
    return (
        *unchanged(scene, STEP, WAVE | {"points": "points"}),
        Asked(
            bool(not loss[1] <= loss[0]),
            f"The error after the step, {spell_loss(loss[1])}, is not above the one before it, {spell_loss(loss[0])}; that is "
            "asked.",
        ),
    )


def _step() -> Outcome:
    scene, answers = _bench("learn_step", STEP, "rate")
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
                "θ",
                r"\theta",
                rf"\lVert\theta\rVert = {number(norms.theta)}",
                f"the start, {PARAMETERS:,} numbers; their length",
                BEFORE,
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
        f"One step of α = {scene.inner_lr:.3g} takes the error over the whole wave from {spell_loss(loss[0])} to "
        f"**{spell_loss(loss[1])}**{'' if scene.steps == 1 else f', {scene.steps} steps to {spell_loss(loss[scene.steps])}'}."
    )
    return Outcome(message, asked_of_step(scene, loss), equation)


def asked_of_limits(scene: Scene, loss: float) -> tuple[Asked, ...]:
    """What the last question asks for; `loss` is MAML's after ten steps."""
    count, off = len(scene.points), max((abs(off) for _, off in scene.points), default=0.0)
    return (
        *unchanged(scene, LIMITS, WAVE_AND_RATE),
        Asked(
            count == FIVE, f"{_points(count)} {'lies' if count == 1 else 'lie'} in the picture, and exactly {FIVE} are asked."
        ),
        Asked(off < ON_THE_WAVE, f"A point lies {off:.2f} off the wave, and less than {ON_THE_WAVE:g} is asked."),
        Asked(bool(not loss <= FAILED), f"The error over the wave is {spell_loss(loss)}, and above {FAILED:g} is asked."),
    )


def _limits() -> Outcome:
    scene, answers = _bench("learn_limits", LIMITS, "points", "wave", "steps")
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
    message = (
        f"{_points(len(scene.points))}, {scene.steps} steps: the error over the whole wave is **{spell_loss(after)}**, at the "
        f"points {spell_loss(seen)}."
    )
    return Outcome(message, asked_of_limits(scene, float(answers["maml"].loss[LIMITS.steps])), equation)


FEW_SHOTS = Lesson(
    title="Few-shot learning",
    question="The network has seen many sine waves, but never this one, and of this one a single point. **Add points in "
    f"the picture until MAML’s error after ten steps is below {GOOD:g}.** Five are allowed. How few do you need?",
    explained="One wave is a **task**. The points that you see of it are its **support set**; five points are *five "
    "shots*. The network is judged on other points of the same wave, its **query set**, so that learning the five by heart "
    "is not enough. The error is the mean squared difference between network and wave, in squared units of y.\n\n"
    f"Two points can be enough for MAML here, at x = −{FEWEST[1][0]:g} and {FEWEST[1][0]:g}; one is not, wherever it lies. "
    "The network from a random start, with the same points and steps, stays far away. MAML’s start has been chosen, "
    "over many other waves, so that a few points and a few steps suffice "
    f"({PAPERS['maml'].link}). The pretrained network has seen the same waves, "
    "but was trained to answer *before* any step, and the best single answer to all waves is their average.",
    show=_shots,
    do_it=partial(_put, "learn_shots", SHOTS, points=GOOD_POINTS),
    code=(tutorial.generate_sinusoid_task, tutorial.sample_task_data),
    own={"learn_shots": ""},
    mistaken="Reports of few-shot learning often show a loss “before” adapting below 3, among them "
    f"{TUTORIAL}. Over these waves no network can do better than {ZERO_SHOT} **on average** before it has seen a point: a "
    "single wave may well have less, but a mean over many waves that is lower has seen the answer.",
)

ONE_GRADIENT_STEP = Lesson(
    title="One gradient step",
    question=f"Five points, one gradient step of α = {STEP.inner_lr:g}: it helps. **Find an α with which one step makes the "
    "error larger than it was before.**",
    explained=f"The gradient says for each of the network’s {PARAMETERS:,} parameters how the support loss changes with it. "
    "The step goes the other way, α times as far. That is all of the adapting: θ′ = θ − α∇L(θ), again and again.\n\n"
    "The slope holds only nearby. Step too far, and the parameters land beyond the valley, where the loss is higher than "
    "at the start. How far is too far depends on the curvature: a step helps across curvature h while α < 2/h.",
    show=_step,
    do_it=partial(_put, "learn_step", STEP, inner_lr=0.01),
    code=(tutorial.inner_loop,),
    own={"learn_step": ""},
    mistaken=f"“α = 0.001 is slow, 0.01 to 0.05 is good, 0.1 is unstable”, as {TUTORIAL} has it, holds for no network but "
    f"the one it was tried on. This one was trained to adapt with {INNER_LR:g}. On **Pitfalls** the frontier is measured.",
)

LIMITS_AND_PITFALLS = Lesson(
    title="Limits and pitfalls",
    question=f"MAML is no magic. **Place exactly five points on the wave so that it fails**: the error after ten steps "
    f"stays above {FAILED:g}. Move the points along the wave (← and → slide the chosen one), "
    "and leave the rest alone.",
    explained="MAML learns *from* the support set. Points that say nothing about a part of the wave leave that part to "
    "what was learned before, and the support loss is small all the same. So:\n\n"
    "- **Judge on query points.** The support loss cannot tell you that it failed: compare the two numbers above.\n"
    "- **Adapt as you trained.** Other α, more steps, noisier or other points than in training are another task "
    "distribution.\n"
    "- **Few training tasks are learned by heart**; keep whole tasks apart for testing, not only points.\n"
    "- **Similar training tasks** teach their average: vary amplitude and phase widely.\n"
    f"- **Waves from outside the training range** are fitted far worse. Reset this step, and drag the amplitude to {WIDER:g}.",
    show=_limits,
    do_it=partial(_put, "learn_limits", LIMITS, points=ONE_SIDE),
    code=(tutorial.evaluate_on_new_tasks,),
    own={"learn_limits": ""},
    mistaken=f"“Use one to five steps, more overfit the support set”, as {TUTORIAL} has it, depends on the start: with this "
    "one the error hardly changes from step 10 to step 20. Scrub k and see.",
)
