"""Rows of PyTorch, each written as its documentation shows: an autograd loop, torch.func, torch.compile, higher, TorchOpt.

torch.compile is given the whole meta-step, Adam included, and its best setting: a row for each of three.
"""

import os
from collections.abc import Callable
from functools import partial

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from benchmarks.problem import META_LR, WEIGHTS, Problem
from benchmarks.row import Prepared, serve

Weights = dict[str, torch.Tensor]
COMPILED = {
    "torch.compile": {},
    "torch.compile, cpp_wrapper": {"options": {"cpp_wrapper": True}},
    "torch.compile, max-autotune": {"mode": "max-autotune"},
}


def predict_sine(weights: Weights, x: torch.Tensor) -> torch.Tensor:
    """1 - width - width - 1, ReLU."""
    x = torch.relu(x @ weights["w1"] + weights["b1"])
    x = torch.relu(x @ weights["w2"] + weights["b2"])
    return x @ weights["w3"] + weights["b3"]


def predict_conv4(weights: Weights, x: torch.Tensor, batch_norm: Callable[..., torch.Tensor] = F.batch_norm) -> torch.Tensor:
    """Four blocks; `x` is `[images, 1, 28, 28]`, kernels `[out, in, 3, 3]`. Even sizes are padded at the end alone ("SAME")."""
    for block in range(1, 5):
        first = x.shape[-1] % 2
        x = F.conv2d(F.pad(x, (first, 1, first, 1)), weights[f"w{block}"], stride=2)
        x = batch_norm(x, None, None, weights[f"scale{block}"], weights[f"bias{block}"], training=True)
        x = torch.relu(x)
    return x.mean((2, 3)) @ weights["w5"] + weights["b5"]


def written_out_batch_norm(  # positional: stands in for `F.batch_norm`
    x, running_mean, running_var, scale, bias, training, eps: float = 1e-5
) -> torch.Tensor:
    """`F.batch_norm` by the batch's own statistics, in plain operations.

    Under `torch.func.vmap` the second derivative of `F.batch_norm` is wrong (torch 2.13.0, by 1 % in float64 as in float32;
    right without vmap), so a second-order meta-gradient has to be had without it.

    Args:
      x: `[images, channels, height, width]`.
      running_mean, running_var, training: not used.
      scale: `[channels]`, by which what is normalised is multiplied.
      bias: `[channels]`, which is added to it.
      eps: keeps the division finite.
    """
    del running_mean, running_var, training
    centred = x - x.mean((0, 2, 3), keepdim=True)
    factor = torch.rsqrt(centred.square().mean((0, 2, 3), keepdim=True) + eps)
    return centred * factor * scale[:, None, None] + bias[:, None, None]


def loss_of(
    problem: Problem, batch_norm: Callable[..., torch.Tensor] = F.batch_norm
) -> Callable[[Weights, torch.Tensor, torch.Tensor], torch.Tensor]:
    """The mean loss of one task's examples."""
    if problem.kind == "sine":
        return lambda weights, x, y: F.mse_loss(predict_sine(weights, x), y)
    return lambda weights, x, y: F.cross_entropy(predict_conv4(weights, x, batch_norm), y)


def prepare(row: str, problem: Problem) -> Prepared:
    """A row by its name."""
    torch.set_num_threads(int(os.environ.get("ROW_THREADS", os.cpu_count())))
    torch.set_flush_denormal(True)  # as XLA does
    arrays = problem.arrays()
    weights = {name: torch.from_numpy(_to_torch(arrays[name])) for name in WEIGHTS[problem.kind]}
    data = [torch.from_numpy(_to_torch(arrays[name])) for name in ("support_x", "support_y", "query_x", "query_y")]
    builder = {
        "autograd loop": autograd_loop,
        "torch.func": torch_func,
        "torch.func, norm written out": partial(torch_func, batch_norm=written_out_batch_norm),
        "higher": with_higher,
        "TorchOpt": with_torchopt,
    }
    build = builder.get(row) or (lambda *args: compiled(COMPILED[row], *args))
    step, loss, gradient = build(problem, weights, data)
    facts = {"version": f"torch {torch.__version__}", "device": "cpu", "threads": torch.get_num_threads()}
    named = {name: _from_torch(tensor.detach().numpy()) for name, tensor in zip(weights, gradient, strict=True)}
    return Prepared(step, float(loss), named, facts)


def _to_torch(array: np.ndarray) -> np.ndarray:
    """Images `[..., channels, height, width]` and kernels `[out, in, height, width]`."""
    if array.ndim == 5:
        array = np.moveaxis(array, -1, -3)
    elif array.ndim == 4:
        array = array.transpose(3, 2, 0, 1)
    return np.ascontiguousarray(array)


def _from_torch(array: np.ndarray) -> np.ndarray:
    return array.transpose(2, 3, 1, 0) if array.ndim == 4 else array


def _stepping(weights: Weights, backward: Callable[[], torch.Tensor]):
    """A step of `backward` (which leaves gradients in `weights`) and Adam; the first gradient is taken before any step."""
    for tensor in weights.values():
        tensor.requires_grad_()
    loss = backward()
    if any(tensor.grad is None for tensor in weights.values()):
        raise RuntimeError("no gradient reaches the weights that the inner loop starts from")
    gradient = [tensor.grad.clone() for tensor in weights.values()]
    optimizer = torch.optim.Adam(weights.values(), lr=META_LR, foreach=True)

    def step() -> None:
        optimizer.zero_grad()
        backward()
        optimizer.step()

    return step, loss.detach(), gradient


def autograd_loop(problem: Problem, weights: Weights, data: list[torch.Tensor]):
    """A Python loop over tasks and steps."""
    loss_fn = loss_of(problem)

    def backward() -> torch.Tensor:
        total = 0.0
        for support_x, support_y, query_x, query_y in zip(*data, strict=True):
            fast = weights
            for _ in range(problem.inner_steps):
                loss = loss_fn(fast, support_x, support_y)
                slopes = torch.autograd.grad(loss, list(fast.values()), create_graph=problem.second_order)
                fast = {name: w - problem.inner_lr * s for (name, w), s in zip(fast.items(), slopes, strict=True)}
            total = total + loss_fn(fast, query_x, query_y)
        mean = total / problem.tasks
        mean.backward()
        return mean

    return _stepping(weights, backward)


def functional_meta_loss(problem: Problem, **setting) -> Callable[..., torch.Tensor]:
    """`(weights, *data) -> meta-loss`, by torch.func's grad and vmap."""
    loss_fn = loss_of(problem, **setting)

    def one_task(weights: Weights, support_x, support_y, query_x, query_y) -> torch.Tensor:  # positional: for `vmap`
        for _ in range(problem.inner_steps):
            slopes = torch.func.grad(loss_fn)(weights, support_x, support_y)
            slopes = slopes if problem.second_order else {name: s.detach() for name, s in slopes.items()}
            weights = {name: w - problem.inner_lr * slopes[name] for name, w in weights.items()}
        return loss_fn(weights, query_x, query_y)

    def meta_loss(weights: Weights, *data) -> torch.Tensor:
        return torch.func.vmap(one_task, in_dims=(None, 0, 0, 0, 0))(weights, *data).mean()

    return meta_loss


def torch_func(problem: Problem, weights: Weights, data: list[torch.Tensor], **setting):
    """Eager `torch.func`, and PyTorch's Adam."""
    gradient_of = torch.func.grad_and_value(functional_meta_loss(problem, **setting))

    def backward() -> torch.Tensor:
        gradient, loss = gradient_of({name: w.detach() for name, w in weights.items()}, *data)
        for name, tensor in weights.items():
            tensor.grad = gradient[name]
        return loss

    return _stepping(weights, backward)


def compiled(options: dict, problem: Problem, weights: Weights, data: list[torch.Tensor]):
    """The whole meta-step in one `torch.compile`: gradient and Adam as one function of weights, moments and tasks.

    Args:
      options: of `torch.compile`.
      problem: what to compute.
      weights: where the run starts.
      data: support x and y, query x and y, each with a leading axis `[tasks]`.
    """
    gradient_of = torch.func.grad_and_value(functional_meta_loss(problem))

    def meta_step(weights: Weights, first: Weights, second: Weights, count: torch.Tensor, *data):
        gradient, loss = gradient_of(weights, *data)
        count = count + 1
        first = {name: 0.9 * m + 0.1 * gradient[name] for name, m in first.items()}
        second = {name: 0.999 * v + 0.001 * gradient[name] ** 2 for name, v in second.items()}
        a, b = 1 - 0.9**count, 1 - 0.999**count
        weights = {name: w - META_LR * (first[name] / a) / ((second[name] / b).sqrt() + 1e-8) for name, w in weights.items()}
        return weights, first, second, count, loss

    gradient, loss = torch.compile(gradient_of, **options)(weights, *data)
    call = torch.compile(meta_step, **options)
    zeros = [{name: torch.zeros_like(w) for name, w in weights.items()} for _ in range(2)]
    state = [weights, *zeros, torch.zeros(())]

    def step() -> None:
        state[:] = call(*state, *data)[:4]

    return step, loss, [gradient[name] for name in weights]


class Sine(nn.Module):
    """The network as a module, for the libraries that patch modules; kernels as `nn.Linear` keeps them."""

    def __init__(self, weights: Weights):
        super().__init__()
        dims = [tuple(weights[f"w{layer}"].shape) for layer in (1, 2, 3)]
        self.layers = nn.ModuleList([nn.Linear(a, b) for a, b in dims])
        with torch.no_grad():
            for number, layer in enumerate(self.layers, start=1):
                layer.weight.copy_(weights[f"w{number}"].T)
                layer.bias.copy_(weights[f"b{number}"])

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """`[..., 1] -> [..., 1]`."""
        x = torch.relu(self.layers[0](x))
        return self.layers[2](torch.relu(self.layers[1](x)))


def _module_row(problem: Problem, weights: Weights, backward_of: Callable[[Sine], Callable[[], torch.Tensor]]):
    if problem.kind != "sine":
        raise ValueError(f"This row has 'sine' problems, got {problem.kind!r}.")
    model = Sine(weights)
    params = dict(zip(weights, model.parameters(), strict=True))
    step, loss, gradient = _stepping(params, backward_of(model))
    return step, loss, [g.T if g.ndim == 2 else g for g in gradient]


def with_higher(problem: Problem, weights: Weights, data: list[torch.Tensor]):
    """`higher.innerloop_ctx` for each task, as in its README."""
    import higher

    def backward_of(model: Sine):
        inner = torch.optim.SGD(model.parameters(), lr=problem.inner_lr)

        def backward() -> torch.Tensor:
            total = 0.0
            for support_x, support_y, query_x, query_y in zip(*data, strict=True):
                with higher.innerloop_ctx(
                    model, inner, copy_initial_weights=False, track_higher_grads=problem.second_order
                ) as (fast, optimizer):
                    for _ in range(problem.inner_steps):
                        optimizer.step(F.mse_loss(fast(support_x), support_y))
                    loss = F.mse_loss(fast(query_x), query_y) / problem.tasks
                    loss.backward()
                    total = total + loss.detach()
            return total

        return backward

    return _module_row(problem, weights, backward_of)


def with_torchopt(problem: Problem, weights: Weights, data: list[torch.Tensor]):
    """`torchopt.MetaSGD` with extracted and recovered states, as in its few-shot example."""
    import torchopt

    def backward_of(model: Sine):
        inner = torchopt.MetaSGD(model, lr=problem.inner_lr)

        def backward() -> torch.Tensor:
            total = 0.0
            at_start, inner_start = (torchopt.extract_state_dict(part, by="reference") for part in (model, inner))
            for support_x, support_y, query_x, query_y in zip(*data, strict=True):
                for _ in range(problem.inner_steps):
                    inner.step(F.mse_loss(model(support_x), support_y))
                loss = F.mse_loss(model(query_x), query_y) / problem.tasks
                loss.backward()
                total = total + loss.detach()
                torchopt.recover_state_dict(model, at_start)
                torchopt.recover_state_dict(inner, inner_start)
            return total

        return backward

    return _module_row(problem, weights, backward_of)


if __name__ == "__main__":
    serve(prepare)
