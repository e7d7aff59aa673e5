"""What is peculiar to each method, as numbers: its learned steps, its path, its gradient, its context."""

from maml_engine.analysis.method_diagnostics.contexts import ContextMap, context_map, principal_map
from maml_engine.analysis.method_diagnostics.first_order import task_angles
from maml_engine.analysis.method_diagnostics.implicit import ImplicitError, implicit_error
from maml_engine.analysis.method_diagnostics.inner_paths import LayerChange, PathAgainstChord, layer_change, path_against_chord
from maml_engine.analysis.method_diagnostics.learned_steps import (
    PlusPlusSchedule,
    StepField,
    plus_plus_schedule,
    step_field,
)

__all__ = [
    "ContextMap",
    "ImplicitError",
    "LayerChange",
    "PathAgainstChord",
    "PlusPlusSchedule",
    "StepField",
    "context_map",
    "implicit_error",
    "layer_change",
    "path_against_chord",
    "plus_plus_schedule",
    "principal_map",
    "step_field",
    "task_angles",
]
