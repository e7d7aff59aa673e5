"""Tasks of pictures: `n_way` classes, some pictures of each to learn from, and others to tell apart."""

from maml_engine.tasks.images.folder import ImageFolder
from maml_engine.tasks.images.glyphs import Glyphs
from maml_engine.tasks.images.omniglot import CLASS_SPLITS, Omniglot, OmniglotRuns
from maml_engine.tasks.images.pool import ImagePool

__all__ = ["CLASS_SPLITS", "Glyphs", "ImageFolder", "ImagePool", "Omniglot", "OmniglotRuns"]
