"""A page with nothing but a bench, for `test_sine_bench.py`."""

from functools import partial

import streamlit as st

from dashboard.components.sine_bench import sine_bench
from dashboard.engine_calls import sine_bench as bench_engine
from tests.browser.bench_learners import SCENE, learners


@st.cache_resource
def made():
    return learners()


entrants = [bench_engine.entrant(name, name, learner) for name, learner in made().items()]
sine_bench("bench", SCENE, entrants, answer=partial(bench_engine.answers, learners=made()))
