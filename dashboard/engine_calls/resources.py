"""What all visitors share: the shipped learners and the job registry. Nothing here is ever changed by a page."""

from pathlib import Path

import streamlit as st

from dashboard.jobs import POOL, JobRegistry
from maml_engine import Learner
from maml_engine.runtime.compilation_cache import enable_compilation_cache

PRETRAINED = Path(__file__).resolve().parents[2] / "maml_engine" / "pretrained"

enable_compilation_cache()  # before anything is compiled


@st.cache_resource(show_spinner=False)
def shipped_learners() -> dict[str, Learner]:
    """The learners that come with the app: `sinusoid_maml`, `sinusoid_joint` (one network for all tasks), and `random`."""
    learners = {
        folder.name: Learner.load(folder) for folder in sorted(PRETRAINED.iterdir()) if (folder / "experiment.json").is_file()
    }
    return learners | {"random": Learner.untrained(learners["sinusoid_maml"].experiment)}


_JOBS = JobRegistry(pool=POOL)


def jobs() -> JobRegistry:
    """The runs of this server. No cache of Streamlit's holds them, which any visitor may ask it to clear."""
    return _JOBS
