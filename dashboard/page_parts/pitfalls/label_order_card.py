"""The card about the order of the class labels: in words, and with what was measured beforehand."""

import streamlit as st

from dashboard.figures import pitfalls as figures
from dashboard.method_names import NAMES
from dashboard.page_parts.pitfalls import label_orders
from dashboard.widgets import page

NAME, TITLE = "label_order", "The order of the class labels changes the answer"
PROBLEM = (
    "A MAML classifier has learned a start for each of its outputs, though which class of a new task gets which output is "
    "drawn by lot. So the same pictures get other answers when the classes come in another order (Ye and Chao, 2022)."
)
FIX = (
    "A head that starts equal for all classes: UNICORN copies one vector to every output; ProtoNet and ProtoMAML make the "
    "head from the support itself. Or average the answers over several orders, at the cost of adapting once for each."
)


def show() -> None:
    """Words and the picture."""
    st.markdown(f"**What goes wrong.** {PROBLEM}\n\n**What mends it.** {FIX}")
    found = label_orders.load()
    curves = {name: found.ranked(name) for name in found.accuracy}
    num_orders, num_tasks = next(iter(found.accuracy.values())).shape
    spans = "; ".join(f"{NAMES[name]} {100 * curve[0]:.1f} % to {100 * curve[-1]:.1f} %" for name, curve in curves.items())
    alt = f"Accuracy with each task's worst to best order of its labels: {spans}."
    page.chart(figures.orders_figure(curves), f"live_{NAME}", alt)
    apart = "; ".join(f"{NAMES[name]} {100 * value:.2g}" for name, value in found.apart.items())
    means = 100 * found.accuracy["maml"].mean(axis=1)
    run = label_orders.RUN
    st.caption(
        f"From each task's worst order to its best: {spans}. Averaged over tasks, all orders do alike: MAML's means lie "
        f"between {means.min():.1f} % and {means.max():.1f} %. The most by which an order moves a class's probability, in "
        f"percentage points: {apart}. {num_tasks} tasks of invented characters, {run.n_way}-way {run.k_shot}-shot, "
        f"{found.queries} queries each, the same pictures under {num_orders} orders; Conv4 with {run.filters} filters, "
        f"{found.num_iterations} meta-iterations for either, one step of {run.inner_lr:g}; measured beforehand."
    )
