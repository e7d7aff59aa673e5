"""One run, wholly described: the experiment, its fields, and named ones from papers."""

from maml_engine.experiment.experiment import VERSION, Experiment
from maml_engine.experiment.registering import register

__all__ = ["VERSION", "Experiment", "register"]
