"""A learner as numbers that the browser can adapt by itself, or why it cannot."""

import base64
import hashlib
import json
from typing import Any

import numpy as np
from flax import nnx

from maml_engine import (
    ANIL,
    BOIL,
    FOMAML,
    MAML,
    MLP,
    Learner,
    MAMLPlusPlus,
    MAMLRegressor,
    MetaSGD,
    Reptile,
    mean_squared_error,
)
from maml_engine.core.adapter import partition
from maml_engine.methods import Method

# What their inner loops have in common: a gradient step on the support loss, and nothing carried from step to step.
PLAIN_DESCENT = (MAML, FOMAML, Reptile, ANIL, BOIL)
MAX_PARAMETERS = 20_000  # beyond, a frame takes longer than a screen's refresh


def weights(learner: Learner) -> dict[str, Any]:
    """The network and the inner rule of `learner`, to be sent to the browser.

    Arrays are float32, little-endian, base64: each layer's kernel `[in, out]` row by row, then its bias.

    Returns:
      `sizes` (units from input to output), `activation`, `params`, `scaling` (mean and spread of x, then of y), and `rule`:
      `moves` (one flag an array), and one of `decay` (each step's size over the one before), `per_step` (`[steps]` an
      array) and `per_parameter` (like `params`); and `digest`, by which the browser knows what it has got.

    Raises:
      ValueError: the browser cannot compute this learner; says why, in one sentence.
    """
    module, method = learner.network.merge(learner.meta.init), learner.method
    if method.support_gives != "nothing":
        raise ValueError(f"{type(method).__name__} adapts by solving, and the browser takes gradient steps.")
    layers, activation = _dense_layers(module, learner)
    arrays = [array for layer in layers for array in layer]
    if sum(array.size for array in arrays) > MAX_PARAMETERS:
        raise ValueError(f"its network has more than {MAX_PARAMETERS:,} parameters.")
    if method.inner_optimizer != "sgd":
        chosen = method.inner_optimizer if isinstance(method.inner_optimizer, str) else "the caller's own"
        raise ValueError(f"its inner optimiser is {chosen}, and the browser takes plain gradient steps.")
    if learner.loss_fn is not mean_squared_error:
        raise ValueError("its loss is not the mean squared error.")
    scaling = [float(np.ravel(getattr(learner.scaling, name))[0]) for name in ("x_mean", "x_std", "y_mean", "y_std")]
    sent = {
        "sizes": [layers[0][0].shape[0], *(kernel.shape[1] for kernel, _ in layers)],
        "activation": activation,
        "params": _base64(arrays),
        "scaling": scaling,
        "rule": _rule(method, learner, module),
    }
    return {**sent, "digest": hashlib.sha256(json.dumps(sent).encode()).hexdigest()[:16]}


def _dense_layers(module: nnx.Module, learner: Learner) -> tuple[list[tuple[np.ndarray, np.ndarray]], str]:
    """Kernel and bias of each layer, and the activation between them."""
    if (learner.in_dim, learner.out_dim) != (1, 1):
        raise ValueError(f"it has {learner.in_dim} inputs and {learner.out_dim} outputs, and the bench draws one of each.")
    if type(module) is MAMLRegressor:
        linear, activation = [module.fc1, module.fc2, module.fc3], "relu"
    elif type(module) is MLP and not module.hidden_norms:
        linear, activation = list(module.layers), module.activation
    else:
        raise ValueError(f"its network ({type(module).__name__}) is more than dense layers and an activation.")
    return [(np.asarray(layer.kernel[...]), np.asarray(layer.bias[...])) for layer in linear], activation


def _rule(method: Method, learner: Learner, module: nnx.Module) -> dict[str, Any]:
    moving, _ = partition(method, learner.meta.init)
    moved = {path for path, _ in nnx.to_flat_state(moving)}
    paths = _paths(module)
    rule: dict[str, Any] = {"moves": [path in moved for path in paths]}
    if type(method) in PLAIN_DESCENT:
        return {**rule, "decay": 1.0}
    if type(method) is MetaSGD:
        sizes = dict(nnx.to_flat_state(learner.meta.rule))
        return {**rule, "per_parameter": _base64([_array(sizes[path]) for path in paths])}
    if type(method) is MAMLPlusPlus and not method.learn_step_sizes:
        return {**rule, "decay": float(method.inner_lr_decay)}
    if type(method) is MAMLPlusPlus:
        sizes = dict(nnx.to_flat_state(learner.meta.rule.step_sizes))
        return {**rule, "per_step": [_array(sizes[path]).tolist() for path in paths]}
    raise ValueError(f"the inner loop of {type(method).__name__} is more than gradient steps.")


def _paths(module: nnx.Module) -> list[tuple]:
    """Where the arrays of `_dense_layers` lie in the network's state, in the same order."""
    layers = ("fc1",), ("fc2",), ("fc3",)
    if type(module) is MLP:
        layers = tuple(("layers", index) for index in range(len(module.layers)))
    return [(*layer, name) for layer in layers for name in ("kernel", "bias")]


def _array(leaf: Any) -> np.ndarray:
    return np.asarray(leaf[...] if isinstance(leaf, nnx.Variable) else leaf)


def _base64(arrays: list[np.ndarray]) -> str:
    flat = np.concatenate([np.ravel(array) for array in arrays]).astype("<f4")
    return base64.b64encode(flat.tobytes()).decode()
