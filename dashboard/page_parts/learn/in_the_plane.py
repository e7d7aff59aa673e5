"""Lessons in the parameter plane: two loops, the meta-objective, the Jacobian, the variants."""

from dataclasses import replace

import numpy as np

from dashboard.components.parameter_plane import META_LR, PlaneScene, parameter_plane, put, scene_now
from dashboard.engine_calls import plane
from dashboard.figures import style
from dashboard.method_names import NAMES, PAPERS, TUTORIAL
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
    matrix,
    number,
    unchanged,
    vector,
)
from dashboard.results import spell_angle, spell_loss
from maml_engine import FOMAML, Reptile, tutorial
from maml_engine.analysis.toy_landscape import STEEP

FIRST_ORDER = style.method_colour("fomaml")
NEAR_ENOUGH = 1.5  # times the least meta-loss
ONE_POINT = 0.1  # units of the plane
AGREES = 10.0  # degrees
TURNS = 0.506  # the step size of the fifth lesson at which first order begins to point the wrong way
NEAREST, RULE_LEAVES = 0.4, 29.0  # the pull of the seventh with which iMAML is nearest to MAML; degrees at 1 / (alpha K)

LOOPS = PlaneScene.opening("valleys", shown=("maml",))
OBJECTIVE = PlaneScene.opening("valleys", shown=(), theta=(0.0, -1.0))
JACOBIAN = PlaneScene(
    "valleys", tasks=((1.0, 0.5, 0.6),), theta=(-2.5, -2.0), inner_lr=0.3, inner_steps=1, shown=("maml", "fomaml")
)
VARIANTS = PlaneScene.opening("rivers", proximal=5.0)


def asked_of_loops(share: float) -> tuple[Asked, ...]:
    """What the third question asks for; `share` is the meta-loss at theta over the least."""
    return (Asked(share <= NEAR_ENOUGH, f"It is {share:.2f} times the least, and at most {NEAR_ENOUGH:g} times is asked."),)


def _loops() -> Outcome:
    scene = parameter_plane("learn_loops", LOOPS, ("theta", "losses", "best"))
    seen, best = plane.view(scene.landscape, scene.theta), plane.optima(scene.landscape).best
    share = seen.meta_loss / max(best.meta_loss, 1e-12)
    gradient = seen.direction["maml"].gradient
    equation = Equation(
        r"@0 \;\leftarrow\; \theta - @1 \, @2 \\[1ex] @3",
        (
            Term("θ", r"\theta", vector(scene.theta), "where all tasks start: what the outer loop moves", BEFORE),
            Term("β", r"\beta", number(META_LR[scene.surface]), "the outer step size, `meta_lr`"),
            Term(
                "Slope",
                r"\nabla_\theta \tfrac1T \textstyle\sum_i L_i(\theta'_i)",
                vector(gradient),
                "the slope of the mean loss *after* the inner loop, by the start",
                OTHER,
            ),
            Term(
                "Meta-loss",
                r"\tfrac1T \textstyle\sum_i L_i(\theta'_i)",
                number(seen.meta_loss),
                f"the meta-loss: the mean over {len(scene.tasks)} tasks, each at its own θ′",
                AFTER,
            ),
        ),
    )
    message = f"The meta-loss at θ is **{spell_loss(seen.meta_loss)}**; the least, at ★, is {spell_loss(best.meta_loss)}."
    return Outcome(message, asked_of_loops(share), equation)


def asked_of_objective(scene: PlaneScene, apart: float) -> tuple[Asked, ...]:
    """What the fourth question asks for; `apart` is how far the two optima are."""
    return (
        *unchanged(scene, OBJECTIVE, {"tasks": "tasks"}),
        Asked(apart < ONE_POINT, f"They are {apart:.2f} apart, and less than {ONE_POINT:g} is asked."),
    )


def _objective() -> Outcome:
    scene = parameter_plane("learn_objective", OBJECTIVE, ("inner_steps", "losses", "table", "best", "joint"))
    found = plane.optima(scene.landscape)
    best = found.best
    apart = float(np.linalg.norm(best.theta - found.joint.theta))
    equation = Equation(
        r"@0 = \arg\min_\theta \; \frac{1}{@1} \sum_i L_i\bigl(\theta^{(@2)}_i\bigr) \\[1ex] @3 \;\le\; @4",
        (
            Term("θ*", r"\theta^\ast", vector(best.theta), "the meta-optimum, the star", AFTER),
            Term("T", "T", str(len(scene.tasks)), "how many tasks there are"),
            Term("K", "K", str(scene.inner_steps), "how many inner steps each task takes before it is judged"),
            Term("Meta-loss at ★", r"\text{meta-loss}(\bigstar)", number(best.meta_loss), "the least that there is", AFTER),
            Term(
                "Meta-loss at □",
                r"\text{meta-loss}(\square)",
                number(found.joint_meta_loss),
                "at the optimum of the loss before adapting",
                TRUTH,
            ),
        ),
    )
    distances = ", ".join(f"{distance:.1f}" for distance in best.distance)
    message = f"★ and □ are **{apart:.2f}** apart at K = {scene.inner_steps}; from ★ to the tasks it is {distances}."
    return Outcome(message, asked_of_objective(scene, apart), equation)


def asked_of_jacobian(angle: float) -> tuple[Asked, ...]:
    """What the fifth question asks for; `angle` is in degrees, NaN where there is none."""
    return (Asked(angle > 90, f"{_spelled(angle)}, and more than 90° is asked."),)


def _spelled(angle: float) -> str:
    return f"The angle is {angle:.1f}°" if np.isfinite(angle) else "There is no angle, since a gradient is 0"


def _jacobian() -> Outcome:
    scene = parameter_plane("learn_jacobian", JACOBIAN, ("inner_lr",))
    seen = plane.view(scene.landscape, scene.theta)
    exact, first = (seen.direction[name] for name in ("maml", "fomaml"))
    equation = Equation(
        r"@0 = @1 \; @2 \\[1ex] @3",
        (
            Term("Exact gradient", r"\nabla_\theta L(\theta')", vector(exact.gradient), "the exact meta-gradient", AFTER),
            Term(
                "I − αH",
                r"(I - \alpha H)" if scene.inner_steps == 1 else r"\textstyle\prod_k (I - \alpha H_k)",
                matrix(seen.jacobian[0]),
                "how θ′ moves when θ moves: the derivative of the inner loop",
            ),
            Term(
                "First-order gradient",
                r"\nabla L(\theta')",
                vector(first.gradient),
                "the gradient at the adapted parameters: the first-order meta-gradient takes this alone",
                FIRST_ORDER,
            ),
            Term(
                "1 − αh",
                rf"1 - \alpha h = 1 - {number(scene.inner_lr)} \cdot {STEEP:g}",
                number(1 - scene.inner_lr * STEEP),
                "the same across the valley, where the curvature h is 2: a real number",
                BEFORE,
            ),
        ),
    )
    message = f"At α = {scene.inner_lr:.3g} the first-order gradient is **{spell_angle(first.angle)}** from the exact one."
    return Outcome(message, asked_of_jacobian(first.angle), equation)


def asked_of_variants(scene: PlaneScene, angle: float) -> tuple[Asked, ...]:
    """What the seventh question asks for; `angle` is iMAML's from MAML's, in degrees."""
    words = {"tasks": "tasks", "theta": "θ", "inner_lr": "α", "inner_steps": "K"}
    return (
        *unchanged(scene, VARIANTS, words),
        Asked(angle <= AGREES, f"{_spelled(angle)}, and at most {AGREES:g}° is asked."),
    )


def _variants() -> Outcome:
    scene = parameter_plane("learn_variants", VARIANTS, ("proximal", "methods"))
    seen = plane.view(scene.landscape, scene.theta)
    others = " and ".join(f"{NAMES[name]} {spell_angle(seen.direction[name].angle)}" for name in ("fomaml", "reptile"))
    angle = seen.direction["imaml"].angle
    equation = Equation(
        r"@0 = \Bigl(I + \tfrac{H}{@1}\Bigr)^{-1} \nabla L(\varphi^\ast) \\[1ex] @2 \\[1ex] @3",
        (
            Term(
                "iMAML’s gradient",
                r"g_{\text{iMAML}}",
                vector(seen.direction["imaml"].gradient),
                "iMAML's meta-gradient",
                OTHER,
            ),
            Term("λ", r"\lambda", number(scene.proximal), "how strongly iMAML's inner problem is pulled back to θ"),
            Term(
                "MAML’s gradient",
                r"g_{\text{MAML}}",
                vector(seen.direction["maml"].gradient),
                "the exact one, through the K steps",
                AFTER,
            ),
            Term(
                "FOMAML’s gradient",
                r"g_{\text{FOMAML}}",
                vector(seen.direction["fomaml"].gradient),
                "without the Jacobians",
                FIRST_ORDER,
            ),
        ),
    )
    message = f"iMAML’s update is **{spell_angle(angle)}** from MAML’s at λ = {scene.proximal:.3g}; of {others}."
    return Outcome(message, asked_of_variants(scene, angle), equation)


def _to_the_star() -> None:
    """A callback: θ moves, and whatever else was changed stays."""
    scene = scene_now("learn_loops", LOOPS)
    put("learn_loops", LOOPS, replace(scene, theta=tuple(plane.optima(scene.landscape).best.theta)))


TWO_LOOPS = Lesson(
    title="Two loops",
    question="Three tasks, each a narrow valley. The blue steps are the **inner loop**: every task walks down from θ by "
    "itself. You are the **outer loop**: **drag θ to where the meta-loss is at most one and a half times the least.**",
    explained="The inner loop makes θ′ from θ, separately for each task, and forgets it again. The outer loop looks at how "
    "good the θ′ are, and moves the one θ that they all start from. You followed the number; MAML follows its slope, the "
    "arrow. In training each outer step sees new tasks, so θ becomes good for tasks in general.\n\n"
    "The loss that counts in the outer loop is measured on the *query* points, which the inner loop did not see. Judging "
    "on the support points instead rewards learning them by heart.",
    show=_loops,
    do_it=_to_the_star,
    code=(tutorial.maml_train_step,),
    own={"learn_loops": ""},
    mistaken=f"In {TUTORIAL} the adapted parameters are written into the shared model (`nnx.update`). Then one task’s θ′ is "
    "the next task’s start, and the order of the tasks changes the loss. Here every task gets a copy.",
)

META_OBJECTIVE = Lesson(
    title="The meta-objective",
    question="★ is the best start: least loss *after* K steps, averaged over the tasks. □ is the best single answer: least "
    "loss *before* any step. **Bring ★ onto □ without moving a task.**",
    explained="With K = 0 nothing adapts, and the meta-objective is the plain mean loss: ★ is □, and MAML is ordinary "
    "training on all tasks at once. With every further step the inner loop repairs more by itself, above all where its "
    "steps are long against the curvature, and θ is free to care about the rest. That is the whole difference between MAML "
    "and pretraining: when the loss is measured.",
    show=_objective,
    do_it=lambda: put("learn_objective", OBJECTIVE, replace(OBJECTIVE, inner_steps=0)),
    code=(tutorial.query_losses, tutorial.maml_meta_loss),
    own={"learn_objective": ""},
    mistaken=f"θ\\* is often drawn equally far from all tasks, in {TUTORIAL} too. The objective does not ask for that, and "
    "★ is not: the distances stand in the verdict, and in the table’s last column.",
)

THE_JACOBIAN = Lesson(
    title="Through the inner loop",
    question="Where you end, θ′, depends on where you start, θ. The exact meta-gradient (solid) asks how much; first order "
    "(dashed) pretends that θ′ moves one for one with θ. **Raise α until the dashed arrow points the wrong way**, more than "
    "90° from the solid one. At which α?",
    explained="θ′ = θ − α∇L(θ) contains θ twice. Its derivative by θ is the Jacobian **I − αH**, with H the Hessian: the "
    "curvature. Across the valley the curvature is 2, so moving θ by 1 moves θ′ by 1 − 2α there. At α = ½ that is 0: the "
    "step lands in the bed wherever it starts, and moving θ across does not matter any more. Beyond ½ it is negative: the "
    "step jumps over the bed, and moving θ to the left moves θ′ to the right. The first-order gradient takes the Jacobian "
    f"as I ({PAPERS['fomaml'].link}, section 5.2). It does not see the jump: from α = {TURNS:g} on it points the wrong way "
    "here, hardly later than ½, since along the valley the two still agree.\n\n"
    "No Hessian is ever formed for this: going back one step takes one Hessian-vector product.",
    show=_jacobian,
    do_it=lambda: put("learn_jacobian", JACOBIAN, replace(JACOBIAN, inner_lr=0.7)),
    code=(tutorial.inner_loop,),
    own={"learn_jacobian": ""},
    mistaken=f"First order is often written by stopping the gradient at the adapted parameters, in {TUTORIAL} too. That "
    "cuts θ′ off from θ, and the meta-gradient is zero. What is to be stopped is the *inner gradient*, as in the code beside "
    "this.",
)

THE_VARIANTS = Lesson(
    title="The variants",
    question="iMAML does not differentiate through steps. It adapts to the minimum of L + λ/2 ‖φ − θ‖² (the diamonds), so "
    "λ takes the place of α and K. **Find a λ with which iMAML’s arrow agrees with MAML’s within 10°.** Move nothing else.",
    explained="λ pulls the adapted parameters back to θ: a strong pull is like few short steps, a weak one like many. In "
    f"between lies one that does nearly what K steps of α do: here λ = {NEAREST:g}. The rule of thumb, 1/(αK) = "
    f"{1 / (VARIANTS.inner_lr * VARIANTS.inner_steps):.2g}, is of the same order and leaves {RULE_LEAVES:g}°.\n\n"
    f"- **FOMAML** ({PAPERS['fomaml'].link}) drops the Jacobians. **Reptile** ({PAPERS['reptile'].link}) walks to θ′ and "
    "moves θ part of the way there; it needs no query points.\n"
    f"- **Meta-SGD** ({PAPERS['metasgd'].link}) learns a step size for each parameter, **MAML++** "
    f"({PAPERS['mamlplusplus'].link}) one for each layer and step, and adds the losses of all steps.\n"
    f"- **ANIL** ({PAPERS['anil'].link}) adapts the last layer only, **BOIL** ({PAPERS['boil'].link}) all but the last; "
    f"**CAVIA** ({PAPERS['cavia'].link}) adapts a small context vector and leaves the network alone.\n"
    f"- **iMAML** ({PAPERS['imaml'].link}) differentiates the solution, so its memory does not grow with the steps.\n\n"
    "On **Compare** all of them are trained at equal budget.",
    show=_variants,
    do_it=lambda: put("learn_variants", VARIANTS, replace(VARIANTS, proximal=0.4)),
    code=(FOMAML, Reptile),
    own={"learn_variants": ""},
    mistaken="For more than one inner step the Jacobian is a product, one factor a step, each at its own point. A "
    "well-known interactive article ([Müller et al., 2021](https://interactive-maml.github.io)) takes it at θ once; its MAML "
    "arrow is wrong from the second step on.",
)
