"""Every method with every normalisation on small pictures: no NaN, and a loss that falls."""

import dataclasses
import itertools

import pytest

from maml_engine.models import NORMS
from tests.small_images import SMALL
from tests.test_few_shot_images import PAIRS, losses

pytestmark = pytest.mark.acceptance

# iMAML's gradient is that of a solved inner problem, and where nothing is normalised two steps of 0.4 lead away from it. (Where
# something is, these networks curve so much that the pull towards the initialisation solves it in no number of steps.)
SOLVED = {("imaml", "none"): {"inner_lr": 0.1, "inner_steps": 16}}


@pytest.mark.parametrize("downsampling", ["stride", "max_pool"])
@pytest.mark.parametrize(("method", "norm"), list(itertools.product(PAIRS, NORMS)))
def test_each_method_learns_with_each_normalisation(method, norm, downsampling):
    if norm == "per_step" and method != "mamlplusplus":
        pytest.skip("norms for each step are MAML++'s")
    fields = {"method": method, "norm": norm, "downsampling": downsampling, "filters": 8, **SOLVED.get((method, norm), {})}
    first, *later = losses(dataclasses.replace(SMALL, **fields))
    assert min(later[-3:]) < first


@pytest.mark.parametrize("model", ["resnet", "image_mlp"])
@pytest.mark.parametrize("method", PAIRS)
def test_each_method_learns_with_the_other_networks(method, model):
    # Past steps of 0.4 a residual network's loss is so rough that no step down is small enough (its gradient is exact).
    inner_lr = 0.05 if model == "resnet" else SMALL.inner_lr
    first, *later = losses(dataclasses.replace(SMALL, method=method, norm=PAIRS[method], model=model, inner_lr=inner_lr))
    assert min(later[-3:]) < first
