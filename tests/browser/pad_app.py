"""A page with nothing but a drawing pad, for `test_drawing_pad.py`; `?learner=` names one of `pad_learners`."""

import streamlit as st

from dashboard.components.drawing_pad import Subject, drawing_pad
from dashboard.components.drawing_pad.weights import weights
from tests.drawn import pad_learners


@st.cache_resource
def made():
    return {name: weights(learner) for name, learner in pad_learners().items()}


name = st.query_params.get("learner", "means")
drawn = drawing_pad("pad", Subject(name, made()[name]))
st.text("nothing yet" if drawn is None else f"{[len(each) for each in drawn.drawings]} and {len(drawn.query)}")
st.markdown("A tall page. " * 2000)
