"""What every row computes on: the same weights and the same tasks, as plain arrays. Needs numpy alone."""

import dataclasses
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

META_LR = 1e-3


@dataclass(frozen=True)
class Problem:
    """One meta-step, wholly described.

    kind: "sine" (1 - width - width - 1, ReLU, squared error) or "conv4" (28 x 28 images, `width` features, cross-entropy).
    tasks: of the meta-batch.
    shots: support examples of a task, and as many queries ("conv4": per class, 5 classes).
    width: units of a hidden layer, or features of a block.
    inner_steps: gradient steps on the support set.
    inner_lr: their step size.
    second_order: the exact meta-gradient, or the first-order one.
    """

    kind: str = "sine"
    tasks: int = 25
    shots: int = 10
    width: int = 40
    inner_steps: int = 1
    inner_lr: float = 0.01
    second_order: bool = True

    @property
    def name(self) -> str:
        """For tables."""
        size = f"{self.tasks} tasks, {self.shots} shots, K = {self.inner_steps}, width {self.width}"
        order = "second order" if self.second_order else "first order"
        return f"{size}, {order}" if self.kind == "sine" else f"Conv4, 5-way, {size}, {order}"

    def arrays(self) -> dict[str, np.ndarray]:
        """Weights by name in the order of the layers, kernels as `[in, out]` (`[3, 3, in, out]`), and the four data arrays."""
        rng = np.random.default_rng(0)
        return _sine(self, rng) if self.kind == "sine" else _conv4(self, rng)

    def to_json(self) -> str:
        """One line."""
        return json.dumps(dataclasses.asdict(self))

    @classmethod
    def from_json(cls, text: str) -> "Problem":
        """The inverse of `to_json`."""
        return cls(**json.loads(text))

    def flops(self) -> float:
        """Multiplications and additions of the products in one plain second-order meta-step, counted by hand.

        Per row of data and dense layer, a forward pass is 2 * in * out, a gradient three times that (forward, weights, inputs;
        no gradient of the data). A reverse pass over a gradient is twice the gradient. Recomputing counts nothing.
        """
        if self.kind != "sine":
            raise ValueError(f"FLOPs are counted for 'sine' problems, got {self.kind!r}.")
        dims = [1, self.width, self.width, 1]
        forward = sum(2 * a * b for a, b in zip(dims, dims[1:], strict=False))
        gradient = 3 * forward - 2 * dims[0] * dims[1]
        back_through_steps = 2 * gradient if self.second_order else 0
        return self.tasks * self.shots * (self.inner_steps * (gradient + back_through_steps) + gradient)


WEIGHTS = {"sine": ("w1", "b1", "w2", "b2", "w3", "b3")}
WEIGHTS["conv4"] = tuple(f"{part}{block}" for block in range(1, 5) for part in ("w", "scale", "bias")) + ("w5", "b5")
DATA = ("support_x", "support_y", "query_x", "query_y")


def _sine(problem: Problem, rng: np.random.Generator) -> dict[str, np.ndarray]:
    dims = [1, problem.width, problem.width, 1]
    arrays = {}
    for layer, (a, b) in enumerate(zip(dims, dims[1:], strict=False), start=1):
        arrays[f"w{layer}"] = rng.normal(0, np.sqrt(1 / a), (a, b))
        arrays[f"b{layer}"] = rng.normal(0, 0.1, b)
    amplitude, phase = (rng.uniform(*ends, (problem.tasks, 1, 1)) for ends in ((0.1, 5.0), (0.0, np.pi)))
    for part in ("support", "query"):
        x = rng.uniform(-5, 5, (problem.tasks, problem.shots, 1))
        arrays |= {f"{part}_x": x, f"{part}_y": amplitude * np.sin(x + phase)}
    return {name: array.astype(np.float32) for name, array in arrays.items()}


def _conv4(problem: Problem, rng: np.random.Generator) -> dict[str, np.ndarray]:
    widths, arrays = [1] + [problem.width] * 4, {}
    for block, (a, b) in enumerate(zip(widths, widths[1:], strict=False), start=1):
        arrays[f"w{block}"] = rng.normal(0, np.sqrt(1 / (9 * a)), (3, 3, a, b))
        arrays |= {f"scale{block}": rng.uniform(0.5, 1.5, b), f"bias{block}": rng.normal(0, 0.1, b)}
    arrays |= {"w5": rng.normal(0, np.sqrt(1 / problem.width), (problem.width, 5)), "b5": np.zeros(5)}
    # Each task's classes have a pattern of their own, so that there is something to learn.
    patterns = rng.normal(0, 1, (problem.tasks, 5, 1, 28, 28, 1))
    labels = np.repeat(np.arange(5), problem.shots)
    for part in ("support", "query"):
        noisy = patterns + rng.normal(0, 0.5, (problem.tasks, 5, problem.shots, 28, 28, 1))
        arrays[f"{part}_x"] = noisy.reshape(problem.tasks, 5 * problem.shots, 28, 28, 1)
        arrays[f"{part}_y"] = np.broadcast_to(labels, (problem.tasks, len(labels)))
    return {name: array.astype(np.int64 if name.endswith("_y") else np.float32) for name, array in arrays.items()}


def save_gradient(path: str | Path, loss: float, gradient: dict[str, np.ndarray]) -> None:
    """Writes a row's meta-loss and meta-gradient, for the comparison before anything is timed.

    Args:
      path: of the `.npz` file.
      loss: the meta-loss.
      gradient: `[...]` by the names of `WEIGHTS`.
    """
    np.savez(path, loss=loss, **gradient)


def gradient_error(path: str | Path, reference: str | Path, kind: str) -> float:
    """Relative difference of two meta-gradients, by the Euclidean norm over all weights."""
    with np.load(path, allow_pickle=False) as mine, np.load(reference, allow_pickle=False) as theirs:
        a, b = (np.concatenate([np.ravel(file[name]) for name in WEIGHTS[kind]]).astype(np.float64) for file in (mine, theirs))
    return float(np.linalg.norm(a - b) / np.linalg.norm(b))
