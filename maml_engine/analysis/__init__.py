"""Looking into a learner: its gradients, checked and taken apart, and what they cost."""

from maml_engine.analysis.compiled_steps import MAX_STEPS
from maml_engine.analysis.cost import Cost, default_sizes, growth, measure_costs
from maml_engine.analysis.finite_differences import FiniteDifferenceCheck, finite_difference_check
from maml_engine.analysis.gradients import (
    Agreement,
    GradientComparison,
    GradientSweep,
    compare_gradients,
    sweep_gradients,
)

__all__ = [
    "MAX_STEPS",
    "Agreement",
    "Cost",
    "FiniteDifferenceCheck",
    "GradientComparison",
    "GradientSweep",
    "compare_gradients",
    "default_sizes",
    "finite_difference_check",
    "growth",
    "measure_costs",
    "sweep_gradients",
]
