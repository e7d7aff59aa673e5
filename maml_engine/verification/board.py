"""The board of checks: claims about the engine's numbers, each measured against something that is not the engine.

A check is a pure function that gives an error; it holds where the error is at most the tolerance. Each takes about a second,
most of it compiling, which a second run finds done.
"""

from collections.abc import Callable
from typing import Any

from maml_engine.analysis.finite_differences import TOLERANCE
from maml_engine.runtime.xla_guard import MAX_ERROR
from maml_engine.verification import agreement_checks, gradient_checks, task_checks, time_checks
from maml_engine.verification.check import Check

GRADIENTS, AGREEMENT, TASKS, TIMES = "Gradients", "Agreement", "Tasks and the compiler", "Times"


def _check(measure: Callable[[], float], group: str, title: str, claim: str, *, tolerance: float, **more: Any) -> Check:
    """A check that has its measure's name."""
    return Check(measure.__name__, group, title, claim, tolerance, measure, **more)


_IN_ORDER = (
    _check(
        gradient_checks.maml_closed_form,
        GRADIENTS,
        "MAML against its closed form, 1 and 5 steps, 64 bits",
        "The exact meta-gradient carries one Jacobian I − αH for each inner step, in the right order.",
        tolerance=1e-10,
    ),
    _check(
        gradient_checks.maml_32_bits,
        GRADIENTS,
        "The same in 32 bits, in which training runs",
        "Single precision costs digits, not correctness.",
        tolerance=1e-4,
    ),
    _check(
        gradient_checks.fomaml_closed_form,
        GRADIENTS,
        "First-order MAML against its closed form, 1 and 5 steps",
        "It is the query gradient at the adapted parameters, and not zero, as it is where the wrong thing is held constant.",
        tolerance=1e-10,
    ),
    _check(
        gradient_checks.reptile_closed_form,
        GRADIENTS,
        "Reptile's direction against θ − θ_K, 5 steps",
        "It points from the adapted parameters back to the start, and is not divided by the step size.",
        tolerance=1e-10,
    ),
    _check(
        gradient_checks.imaml_closed_form,
        GRADIENTS,
        "Implicit MAML against (I + H/λ)⁻¹ times the query gradient",
        "Conjugate gradients solve the system, and the inner loop reaches the proximal solution that it is taken at.",
        tolerance=1e-8,
    ),
    _check(
        gradient_checks.meta_sgd_closed_form,
        GRADIENTS,
        "Meta-SGD's gradient by its step sizes, 1 step",
        "What the inner loop learns gets its own gradient: minus support gradient times query gradient.",
        tolerance=1e-10,
    ),
    _check(
        gradient_checks.finite_differences,
        GRADIENTS,
        "MAML through a network against central differences, 5 steps",
        "The computed gradient is the slope of the meta-loss itself, which two values of the loss are enough to measure.",
        tolerance=TOLERANCE,
    ),
    _check(
        agreement_checks.tutorial_code,
        AGREEMENT,
        "The engine against the tutorial's code, exact and first-order, 3 steps",
        "The fast engine computes what the plain code to be read computes; they share no line.",
        tolerance=1e-10,
    ),
    _check(
        agreement_checks.plain_and_mixed,
        AGREEMENT,
        "The two ways to the exact gradient, 5 steps",
        "Saving memory, by Hessian-vector products taken forward over reverse, changes no number.",
        tolerance=1e-10,
    ),
    _check(
        agreement_checks.batch_and_tasks,
        AGREEMENT,
        "A batch of tasks against its tasks one by one",
        "No task leaks into another, and the meta-gradient is the mean over tasks, not the sum.",
        tolerance=1e-12,
    ),
    _check(
        agreement_checks.padding,
        AGREEMENT,
        "Support sets with padding against those without",
        "Rows of weight 0, however wild, change nothing; the live pages pad so that no slider compiles anything.",
        tolerance=1e-12,
    ),
    _check(
        agreement_checks.resumed_run,
        AGREEMENT,
        "A run that was stopped and resumed against one that was not",
        "A checkpoint holds all there is: stopping changes no bit of the result.",
        tolerance=0.0,
        unit="largest change",
    ),
    _check(
        task_checks.sine_waves,
        TASKS,
        "Mean square of 400 000 sampled waves against E[A²]/2 = 4.252",
        "The waves have the paper's amplitudes, up to 5. With 0.5, a slip in several copies, every error looks "
        "80 times better.",
        tolerance=0.01,
    ),
    _check(
        task_checks.zero_shot_floor,
        TASKS,
        "Error of the best prediction before seeing any point, against 3.006",
        "Whoever reports less than 3.006 before adapting, on average over many waves, has seen the answer; our own baseline "
        "reaches it, and not less.",
        tolerance=0.01,
    ),
    _check(
        task_checks.compiled_sums,
        TASKS,
        "Two sums that some versions of the compiler get wrong, against numpy",
        "The flag that mends them is in force in this process; without it they come out wrong by any factor, silently.",
        tolerance=MAX_ERROR,
    ),
    _check(
        task_checks.compiled_gradient,
        TASKS,
        "The compiled meta-gradient against the same program operation by operation",
        "What the compiler fuses and reorders is still the same computation.",
        tolerance=1e-4,
    ),
    _check(
        time_checks.meta_iteration,
        TIMES,
        "One meta-iteration of the tutorial's run",
        "10 000 of them take at most five seconds on two cores, once compiled; a machine that works on other things takes "
        "longer.",
        tolerance=5e-4,
        unit="seconds",
        decides=False,
    ),
    _check(
        time_checks.adapting_twelve,
        TIMES,
        "The shipped learner on twelve tasks, ten steps, once compiled",
        "Adapting is answered faster than a screen draws, so a page can do it at every move of a slider.",
        tolerance=0.016,
        unit="seconds",
        decides=False,
    ),
)

CHECKS: dict[str, Check] = {check.name: check for check in _IN_ORDER}
