"""What the learner that is shown says of a pitfall: its losses over step sizes, points and steps."""

import numpy as np
import streamlit as st

from dashboard.figures import pitfalls as figures
from dashboard.method_names import TUTORIAL
from dashboard.page_parts.pitfalls import step_sizes
from dashboard.page_parts.pitfalls.step_sizes import INNER_LRS, STEPS, SUMMARIES, Shown
from dashboard.results import spell_loss
from dashboard.widgets import page


def show_sizes(name: str, shown: Shown) -> None:
    """Its loss against the step size."""
    loss = shown.found.summary(SUMMARIES[shown.summary])
    best = {steps: INNER_LRS[int(np.argmin(loss[:, steps]))] for steps in (1, STEPS)}
    page.chart(
        figures.sizes_figure(INNER_LRS, loss, (1, 2, 5, STEPS), claimed=(0.01, 0.05)),
        f"sizes_{name}",
        f"{shown.summary.capitalize()} loss against the inner step size; best at {best[1]:g} after one step, at "
        f"{best[STEPS]:g} after ten.",
    )
    st.caption(
        f"The shown learner with {shown.shots} support points: best at α = {best[1]:g} for one step, at {best[STEPS]:g} "
        f"for ten. The grey band is what {TUTORIAL} calls good, 0.01 to 0.05."
    )


def show_support(name: str, shown: Shown) -> None:
    """Support and query loss over fifty steps, with noise."""
    inner_lr = step_sizes.nearest(min(shown.learner.experiment.inner_lr, 0.002))
    path = step_sizes.long_path(shown.learner, 5, 1.0, inner_lr)
    query, support = path.summary()[0], path.summary(of_support=True)[0]
    least = int(np.argmin(query))
    page.chart(
        figures.path_figure({"support (noisy)": support, "query": query}),
        f"overfit_{name}",
        f"Support loss {spell_loss(support[0])} to {spell_loss(support[-1])} over fifty steps; query loss least after {least}.",
    )
    st.caption(
        f"The shown learner with 5 support points, noise of standard deviation 1 on them, α = {inner_lr:g}: the query loss is "
        f"least after {least} steps ({spell_loss(query[least])}) and {spell_loss(query[-1])} after fifty; the support loss "
        f"ends at {spell_loss(support[-1])}."
    )


def show_leak(name: str, shown: Shown) -> None:
    """What would be reported, and what is true."""
    inner_lr = step_sizes.nearest(min(shown.learner.experiment.inner_lr, 0.002))
    path = step_sizes.long_path(shown.learner, 5, 0.0, inner_lr)
    query, support = path.summary()[0], path.summary(of_support=True)[0]
    cells = st.columns(2)
    cells[0].metric("On the support: optimistic", spell_loss(support[STEPS]))
    cells[1].metric("On new points: true", spell_loss(query[STEPS]))
    ratio = query[STEPS] / support[STEPS] if support[STEPS] > 0 else np.inf
    page.chart(
        figures.path_figure({"support": support[: STEPS + 1], "query": query[: STEPS + 1]}),
        f"leak_{name}",
        f"After ten steps {spell_loss(support[STEPS])} on the support and {spell_loss(query[STEPS])} on new points.",
    )
    st.caption(f"The shown learner, 5 support points, ten steps of {inner_lr:g}: the true loss is {ratio:.1f} times the other.")


def show_steps(name: str, shown: Shown) -> None:
    """Loss over more steps than were trained."""
    inner_lr, trained = step_sizes.nearest(shown.learner.experiment.inner_lr), shown.learner.experiment.inner_steps
    path = step_sizes.long_path(shown.learner, shown.shots, 0.0, inner_lr)
    curves = {which: path.summary(quantile)[0] for which, quantile in SUMMARIES.items()}
    page.chart(
        figures.path_figure(curves, trained_steps=trained),
        f"beyond_{name}",
        f"Loss over fifty steps of a learner trained with {trained}: mean {spell_loss(curves['mean'][-1])} at the end.",
    )
    worse = path.share_worse()[0]
    st.caption(
        f"The shown learner was trained with {trained} step{'' if trained == 1 else 's'}; with {shown.shots} support points "
        f"and α = {inner_lr:g}, fifty steps leave {worse[-1]:.0%} of the tasks worse than not adapting."
    )


PICTURES = {"sizes": show_sizes, "support": show_support, "leak": show_leak, "steps": show_steps}
