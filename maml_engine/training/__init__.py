"""The outer loop: one run, or several runs side by side; its reports in a tracker."""

from maml_engine.training.checkpoint import Checkpoint
from maml_engine.training.loop import Diverged, Report, train
from maml_engine.training.tracking import track

__all__ = ["Checkpoint", "Diverged", "Report", "track", "train"]
