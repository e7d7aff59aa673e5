"""Image networks by the names that an experiment gives them."""

import jax
import jax.numpy as jnp
import pytest

from maml_engine import Experiment

SHAPES = [(8, 8, 1), (5, 12, 3), (28, 28, 1)]


@pytest.mark.parametrize("in_shape", SHAPES)
@pytest.mark.parametrize("downsampling", ["stride", "max_pool"])
@pytest.mark.parametrize("model", ["conv4", "resnet", "image_mlp"])
def test_any_size_and_number_of_channels(model, downsampling, in_shape):
    experiment = Experiment(model=model, downsampling=downsampling, filters=3)
    made = experiment.build_model(in_shape[-1], 4, in_shape)
    assert made(jnp.zeros((2, *in_shape))).shape == (2, 4)
    _, meta = experiment.build_template(in_shape[-1], 4, in_shape)
    shapes = {jax.tree_util.keystr(path): leaf.shape for path, leaf in jax.tree_util.tree_leaves_with_path(meta.init)}
    assert all("head" in path or "beside" in path or "linear" in path or "kernel" not in path or shape[-1] == 3
               for path, shape in shapes.items())  # fmt: skip


def test_the_head_sees_what_the_papers_have_it_see():
    def head(downsampling, side, filters=64):
        model = Experiment(model="conv4", downsampling=downsampling, filters=filters).build_model(1, 5, (side, side, 1))
        return model.head.kernel.shape[0]

    assert head("stride", 28) == 64  # Finn et al., Omniglot: the mean over 2 x 2
    assert head("max_pool", 28) == 64  # Antoniou et al.: 1 x 1
    assert head("max_pool", 84, 32) == 800  # Finn et al., mini-ImageNet: 5 x 5 x 32


@pytest.mark.parametrize("model", ["conv4", "resnet"])
def test_rows_that_are_no_pictures_are_refused(model):
    with pytest.raises(ValueError, match=rf"`model` '{model}' takes pictures.*have the shape \[1\]"):
        Experiment(model=model).build_model()


def test_norms_for_each_step_need_the_method_that_learns_them():
    with pytest.raises(ValueError, match=r"`norm` 'per_step'.*'mamlplusplus' alone, got 'maml'"):
        Experiment(model="conv4", norm="per_step").build_method()
    assert Experiment(model="conv4", norm="per_step", method="mamlplusplus").build_method().per_step_norms
    assert not Experiment(model="conv4", method="mamlplusplus").build_method().per_step_norms
    assert not Experiment(norm="per_step").changes().get("per_step_norms")  # a network that has no such choice
