"""Characters: draw symbols of your own, and a network tells them apart; then play against it."""

import streamlit as st

from dashboard.page_parts.characters import choices, drawing, episodes, learner_choice, standing, your_pictures
from dashboard.widgets import page, session

OWN = {session.PICTURE_LEARNER: choices.DEFAULT, session.PICTURE_RUNS: "", **episodes.OWN}


page.opening(
    "Characters",
    "**Draw five symbols of your own, once each, then one of them again:** the network has never seen them, and tells them "
    "apart. Press “Draw my own”, or first draw over the question that is there.",
)
learner = learner_choice.choose()
drawing.show_pad(learner)
source, task = episodes.choose()
episodes.show(learner, source, task)
accuracy = st.container()
your_pictures.show(learner)
with accuracy:  # a learner that was brought is measured anew: what stands below does not wait for it
    standing.show(choices.learners(), source, task)
page.equation(
    r"c_k = \frac{1}{|S_k|} \sum_{x \in S_k} f_\theta(x), \qquad "
    r"p(k \mid x) \propto \exp\bigl(2 c_k^\top f_\theta(x) - |c_k|^2\bigr), \qquad "
    r"\theta' = \theta - \alpha\, \nabla_\theta L^{\text{support}}(\theta)",
    "The network **f** turns a drawing into features. The head begins at the class means **c** of your drawings (ProtoNet); "
    "ProtoMAML then takes gradient steps of size **α** on them with everything it has. UNICORN begins with a head of zeros "
    "instead, and knows nothing before its first step.",
)
page.finish(OWN)
