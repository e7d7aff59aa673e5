"""A learner of pictures as numbers that the browser can adapt by itself, or why it cannot."""

import base64
import hashlib
import json
from typing import Any

import numpy as np
from flax import nnx

from dashboard.components.drawing_pad.strokes import SIZE
from maml_engine import FOMAML, MAML, UNICORN, Conv4, Learner, ProtoMAML, ProtoNet, Reptile, softmax_cross_entropy
from maml_engine.models.normalisation import PictureNorm

# What each method begins with in the last layer. All but ProtoNet then take plain gradient steps on all parameters.
STARTS = {MAML: "head", FOMAML: "head", Reptile: "head", UNICORN: "zero", ProtoMAML: "prototypes", ProtoNet: "prototypes"}
MAX_PARAMETERS = 150_000  # beyond, ranking takes longer than a screen's refresh, and a drawing longer than a second to learn


def weights(learner: Learner) -> dict[str, Any]:
    """The network and the inner rule of `learner`, to be sent to the browser.

    Arrays are float32, little-endian, base64: each block's kernel `[3, 3, in, out]`, scale and bias, then the head's kernel
    `[features, ways]` and bias.

    Returns:
      What `adapting.js` calls Weights; `digest` is what the browser knows it by.

    Raises:
      ValueError: the browser cannot compute this learner; says why, in one sentence.
    """
    module, method = learner.network.merge(learner.meta.init), learner.method
    if type(method) not in STARTS:
        raise ValueError(f"the inner loop of {type(method).__name__} is more than gradient steps or class means.")
    if method.inner_optimizer != "sgd":
        raise ValueError("its inner optimiser is not plain gradient descent.")
    if learner.loss_fn is not softmax_cross_entropy:
        raise ValueError("its loss is not the softmax cross-entropy.")
    arrays, groups, epsilon = _blocks(module, learner)
    arrays += [module.head.kernel[...], module.head.bias[...]]
    if sum(array.size for array in arrays) > MAX_PARAMETERS:
        raise ValueError(f"its network has more than {MAX_PARAMETERS:,} parameters.")
    flat = np.concatenate([np.ravel(array) for array in arrays]).astype("<f4")
    sent = {
        "layout": {
            "features": [1, *(block.norm.scale[...].size for block in module.blocks)],
            "groups": groups,
            "epsilon": epsilon,
        },
        "params": base64.b64encode(flat.tobytes()).decode(),
        "ways": module.head.kernel[...].shape[1],
        "start": STARTS[type(method)],
        "solves": type(method) is ProtoNet,
        "inner_lr": float(method.inner_lr),
        "steps": int(method.inner_steps),
    }
    return {**sent, "digest": hashlib.sha256(json.dumps(sent).encode()).hexdigest()[:16]}


def _blocks(module: nnx.Module, learner: Learner) -> tuple[list[Any], int, float]:
    """The arrays of the blocks, groups of features and epsilon of their normalisation."""
    if type(module) is not Conv4 or module.downsampling != "stride":
        raise ValueError(f"its network ({type(module).__name__}) is not a Conv4 with strides.")
    if learner.x_rows.shape != (SIZE, SIZE, 1):
        raise ValueError(f"its pictures are not {SIZE} x {SIZE} in grey.")
    norms = [block.norm for block in module.blocks]
    if not all(type(norm) is PictureNorm for norm in norms):
        raise ValueError("it normalises a picture by others, and the pad judges each drawing by itself.")
    arrays = [array[...] for block in module.blocks for array in (block.conv.kernel, block.norm.scale, block.norm.bias)]
    return arrays, int(norms[0].groups), float(norms[0].epsilon)
