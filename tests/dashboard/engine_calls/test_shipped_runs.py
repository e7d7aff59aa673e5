"""What Home says of the shipped learners before the engine is loaded is what their folders hold."""

from dashboard.engine_calls import shipped_runs, sine_bench
from tests.dashboard.figures.test_purity import chain_to


def test_they_are_the_runs_of_the_learners_on_the_bench():
    runs, learners = shipped_runs.runs(), sine_bench.shipped()
    assert runs.keys() == learners.keys()
    for name, (run, iteration) in runs.items():
        experiment = learners[name].experiment
        assert iteration == learners[name].iteration
        for field in ("method", "num_iterations", "inner_lr", "inner_steps", "seed"):
            assert getattr(run, field) == getattr(experiment, field)


def test_reading_them_loads_no_engine():
    for heavy in ("maml_engine", "jax", "streamlit"):
        assert chain_to(heavy, "dashboard.engine_calls.shipped_runs") is None
