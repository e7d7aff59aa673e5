"""A page with nothing but a bench, for `test_sine_bench.py`."""

from functools import partial

import streamlit as st

from dashboard import benching
from dashboard.components.sine_bench import sine_bench
from tests.browser.bench_learners import SCENE, learners


@st.cache_resource
def made():
    return learners()


entrants = [benching.entrant(name, name, learner) for name, learner in made().items()]
sine_bench("bench", SCENE, entrants, answer=partial(benching.answers, learners=made()))
