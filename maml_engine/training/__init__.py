"""The outer loop: one run, or several runs side by side."""

from maml_engine.training.checkpoint import Checkpoint
from maml_engine.training.loop import Diverged, Report, train

__all__ = ["Checkpoint", "Diverged", "Report", "train"]
