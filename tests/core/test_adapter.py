"""The one value that adapting takes: what it holds, what of it is static, and how parameters fall into two halves."""

import jax
import numpy as np
import pytest
from flax import nnx

from maml_engine import ANIL, CAVIA, MAML, Experiment, Learner, MAMLPlusPlus, adapt, mean_squared_error, softmax_cross_entropy
from maml_engine.core.adapter import Adapter, merge, partition
from maml_engine.core.inner_loop import adapted_params
from maml_engine.models import ContextMLP
from tests.core.problems import sines, tanh_model, task_of


@pytest.mark.parametrize(("method", "model"), [(MAML(), tanh_model), (ANIL(), tanh_model), (CAVIA(), ContextMLP)])
def test_merging_undoes_partitioning(method, model):
    params = nnx.state(model(rngs=nnx.Rngs(0)) if model is ContextMLP else model(np.float32), nnx.Param)
    moving, fixed = partition(method, params)
    assert bool(fixed) is not isinstance(method, MAML)
    assert len(jax.tree.leaves(moving)) + len(jax.tree.leaves(fixed)) == len(jax.tree.leaves(params))
    again = merge(moving, fixed)
    assert jax.tree.structure(again) == jax.tree.structure(params)
    jax.tree.map(np.testing.assert_array_equal, again, params)


def test_numbers_are_leaves_and_what_shapes_the_program_is_not():
    model = tanh_model(np.float32)
    one = Adapter.of_model(MAML(0.01, 2), model)
    same = [Adapter.of_model(MAML(0.5, 2), model), Adapter.of_model(MAML(0.01, 2), model, iteration=7)]
    other = [Adapter.of_model(MAML(0.01, 3), model), Adapter.of_model(MAML(0.01, 2), model, softmax_cross_entropy)]
    assert all(jax.tree.structure(adapter) == jax.tree.structure(one) for adapter in same)
    assert all(jax.tree.structure(adapter) != jax.tree.structure(one) for adapter in other)


def test_a_module_gives_its_parameters_and_the_methods_start():
    method, model = MAMLPlusPlus(0.03, 2), tanh_model(np.float32)
    adapter = Adapter.of_model(method, model)
    jax.tree.map(np.testing.assert_array_equal, adapter.meta.init, nnx.state(model, nnx.Param))
    assert all(np.all(leaf == np.float32(0.03)) for leaf in jax.tree.leaves(adapter.meta.rule))
    assert adapter.loss_fn is mean_squared_error


def test_a_learners_adapter_adapts_as_its_method_does_with_another_step_size():
    learner = Learner.untrained(Experiment(hidden_dim=8))
    support = task_of(sines(dtype=np.float32).support, 0)
    found = adapted_params(learner.adapter(inner_lr=0.2), support, inner_steps=2)
    expected = adapt(MAML(0.2), learner.network.merge(learner.meta.init), support, 2)
    jax.tree.map(np.testing.assert_array_equal, found, nnx.state(expected, nnx.Param))
    assert learner.adapter().method.inner_lr == learner.experiment.inner_lr
