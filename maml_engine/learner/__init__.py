"""What training leaves behind, and what becomes of it for one task."""

from maml_engine.learner.adapted import Adapted, Prediction
from maml_engine.learner.learner import EXPERIMENT_FILE, LEARNER_FILE, OPENERS, Learner

__all__ = ["EXPERIMENT_FILE", "LEARNER_FILE", "OPENERS", "Adapted", "Learner", "Prediction"]
