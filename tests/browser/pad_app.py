"""A page with nothing but a drawing pad, for `test_drawing_pad.py`."""

import streamlit as st

from dashboard.components.drawing_pad import Subject, drawing_pad
from dashboard.components.drawing_pad.weights import weights
from tests.drawn import pad_learner


@st.cache_resource
def made():
    return weights(pad_learner("protonet"))


drawn = drawing_pad("pad", Subject("ProtoNet", made()))
st.text("nothing yet" if drawn is None else f"{[len(each) for each in drawn.drawings]} and {len(drawn.query)}")
st.markdown("A tall page. " * 2000)
