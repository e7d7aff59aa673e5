"""Model-agnostic meta-learning (MAML) in the plainest Flax NNX that is correct, to be read from top to bottom.

It uses nothing of the engine, which is faster and does more; the tests hold the two against each other.
`python -m maml_engine.tutorial` trains, and shows ten new tasks before and after one step.

Where something is drawn at random, `rng` is a `numpy.random.Generator`; None draws anew at every call.
"""

import argparse
import math
from collections.abc import Callable, Sequence
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import optax
from flax import nnx

TaskFn = Callable[[np.ndarray], np.ndarray]
Data = dict[str, np.ndarray]  # {"x": [tasks, k, in], "y": [tasks, k, out]}

# Streams of random numbers of their own, so that no task of one is ever seen in another.
TRAINING, NEW_TASKS, NUMBERED_TASKS, POINTS = range(4)


class MAMLRegressor(nnx.Module):
    """Three dense layers with ReLU between, 1 - hidden_dim - hidden_dim - 1 (Finn et al., 2017, sec. 5.1)."""

    def __init__(self, hidden_dim: int = 40, *, rngs: nnx.Rngs):
        self.fc1 = nnx.Linear(1, hidden_dim, rngs=rngs)
        self.fc2 = nnx.Linear(hidden_dim, hidden_dim, rngs=rngs)
        self.fc3 = nnx.Linear(hidden_dim, 1, rngs=rngs)

    def __call__(self, x):
        """`[..., 1] -> [..., 1]`."""
        x = nnx.relu(self.fc1(x))
        x = nnx.relu(self.fc2(x))
        return self.fc3(x)


# The two loops.


def as_function(model):
    """A module as a pure function `predict(params, x)`, and its parameters.

    Writing adapted parameters into the shared model (`nnx.update`) would hand one task's parameters on to the next, so each
    prediction merges a copy that is its own.
    """
    graphdef, params, rest = nnx.split(model, nnx.Param, ...)

    def predict(params, x):
        return nnx.merge(graphdef, params, rest, copy=True)(x)

    return predict, jax.tree.map(jnp.asarray, params)  # new variables: `params` is not tied to the model's


def mean_squared_error(prediction, y):
    """Mean over examples and outputs; shapes that would only broadcast are refused."""
    return jnp.mean(optax.squared_error(prediction, y))


def inner_loop(model, support_x, support_y, inner_lr=0.01, inner_steps=1, *, first_order=False):  # positional: the tutorial's
    """Gradient descent on one task: theta' = theta - alpha * gradient of the support loss (Finn et al., 2017, eq. 1).

    Args:
      model: where the descent starts; untouched.
      support_x, support_y: `[k_shot, in]`, `[k_shot, out]`.
      inner_lr, inner_steps: alpha, and how many steps; 0 leaves the parameters as they are.
      first_order: let the derivative of this loop take its gradients as constants.

    Returns:
      The adapted parameters, an `nnx.State` shaped like `nnx.state(model, nnx.Param)`.
    """
    predict, params = as_function(model)

    def support_loss(params):
        return mean_squared_error(predict(params, support_x), support_y)

    for _ in range(inner_steps):
        grads = jax.grad(support_loss)(params)
        if first_order:
            # The inner gradient is what to stop: theta' then moves one to one with theta, and the Hessian drops out.
            # Stopping theta' itself would cut it off from theta, and the meta-gradient would be zero.
            grads = jax.lax.stop_gradient(grads)
        params = jax.tree.map(lambda param, grad: param - inner_lr * grad, params, grads)
    return params


def query_losses(model, support_batch, query_batch, *, inner_lr=0.01, inner_steps=1, first_order=False):
    """Each task's query loss after adapting to its support set, `[tasks]`.

    Args:
      model: where each task's descent starts; untouched.
      support_batch, query_batch: `{"x": [tasks, k, in], "y": [tasks, k, out]}`, the same tasks in both.
      inner_lr, inner_steps: alpha, and how many steps.
      first_order: let the derivative of this take the inner gradients as constants.
    """
    predict, _ = as_function(model)

    def one_task(support, query):
        adapted_params = inner_loop(model, support["x"], support["y"], inner_lr, inner_steps, first_order=first_order)
        return mean_squared_error(predict(adapted_params, query["x"]), query["y"])

    # A Python loop over the tasks would be compiled once a task; `vmap` writes the program once for all of them.
    return jax.vmap(one_task)(support_batch, query_batch)


compiled_query_losses = nnx.jit(query_losses, static_argnames=("inner_steps", "first_order"))


def maml_meta_loss(  # positional: the tutorial's
    model, support_batch, query_batch, inner_lr=0.01, inner_steps=1, *, first_order=False
):
    """The mean over tasks of the query loss after adaptation. Its gradient by `model` goes through the inner loop.

    Args:
      model: the initialisation, by which the loss is differentiated.
      support_batch, query_batch: `{"x": [tasks, k, in], "y": [tasks, k, out]}`, the same tasks in both.
      inner_lr, inner_steps: alpha, and how many steps.
      first_order: give the first-order gradient; the loss is the same.
    """
    setting = {"inner_lr": inner_lr, "inner_steps": inner_steps, "first_order": first_order}
    return jnp.mean(query_losses(model, support_batch, query_batch, **setting))


@partial(nnx.jit, static_argnames=("inner_steps", "first_order"))
def maml_train_step(  # positional: the tutorial's
    model, optimizer, support_batch, query_batch, inner_lr=0.01, inner_steps=1, *, first_order=False
):
    """One outer step on the exact meta-gradient.

    Args:
      model: the initialisation; updated.
      optimizer: an `nnx.Optimizer` of `model`; updated.
      support_batch, query_batch: `{"x": [tasks, k, in], "y": [tasks, k, out]}`, the same tasks in both.
      inner_lr, inner_steps: alpha, and how many steps.
      first_order: step on the first-order gradient instead.

    Returns:
      `{"loss": []}`, the meta-loss before the step.
    """

    def meta_loss(model):
        return maml_meta_loss(model, support_batch, query_batch, inner_lr, inner_steps, first_order=first_order)

    loss, grads = nnx.value_and_grad(meta_loss)(model)
    optimizer.update(model, grads)
    return {"loss": loss}


# The tasks: sine waves.


def generate_sinusoid_task(amplitude_range=(0.1, 5.0), phase_range=(0, math.pi), *, rng=None) -> TaskFn:
    """A random wave x -> A sin(x + phase), phase in radians."""
    rng = rng or np.random.default_rng()
    amplitude, phase = rng.uniform(*amplitude_range), rng.uniform(*phase_range)
    return lambda x: amplitude * np.sin(x + phase)


def sample_task_data(task_fn: TaskFn, n_samples=10, *, rng=None) -> tuple[np.ndarray, np.ndarray]:
    """Points of one task: `x [n_samples, 1]`, uniform in [-5, 5], and `y = task_fn(x)`; float32."""
    rng = rng or np.random.default_rng()
    x = rng.uniform(-5.0, 5.0, (n_samples, 1)).astype(np.float32)
    return x, np.asarray(task_fn(x), np.float32)


def sample_batch_of(tasks: Sequence[TaskFn], k_shot, k_query=10, *, rng=None) -> tuple[Data, Data]:
    """A support and a query batch of these tasks; their points are drawn apart, so no query is known from the support.

    Args:
      tasks: functions from x to y.
      k_shot: support points of each.
      k_query: query points of each.
      rng: draws the points.

    Returns:
      Support and query, each `{"x": [tasks, k, 1], "y": [tasks, k, 1]}`.
    """

    def stack(n_samples) -> Data:
        x, y = zip(*(sample_task_data(task, n_samples, rng=rng) for task in tasks), strict=True)
        return {"x": np.stack(x), "y": np.stack(y)}

    return stack(k_shot), stack(k_query)


def sample_task_batch(batch_size, k_shot, k_query=10, *, rng=None) -> tuple[Data, Data]:
    """A support and a query batch of new tasks.

    Args:
      batch_size: how many tasks.
      k_shot: support points of each.
      k_query: query points of each.
      rng: draws tasks and points.

    Returns:
      Support and query, each `{"x": [tasks, k, 1], "y": [tasks, k, 1]}`.
    """
    tasks = [generate_sinusoid_task(rng=rng) for _ in range(batch_size)]
    return sample_batch_of(tasks, k_shot, k_query, rng=rng)


def sample_tasks(n, offset=0) -> list[TaskFn]:
    """The tasks numbered offset + 1 .. offset + n: a number always means the same wave, and each number another one."""
    numbers = range(offset + 1, offset + n + 1)
    return [generate_sinusoid_task(rng=np.random.default_rng([NUMBERED_TASKS, number])) for number in numbers]


# Training and evaluation.


def train_maml(  # positional: the tutorial's
    num_iterations=10000, meta_batch_size=25, meta_lr=1e-3, inner_lr=0.01, inner_steps=1, k_shot=10, *, seed=0
) -> MAMLRegressor:
    """Meta-trains a new network with Adam; prints the mean meta-loss since the last line, every 1000 iterations.

    Args:
      num_iterations: outer steps.
      meta_batch_size: new tasks in each.
      meta_lr: Adam's step size, beta.
      inner_lr, inner_steps: alpha, and how many steps.
      k_shot: support points of a task; queries are ten.
      seed: of the initialisation and the tasks.
    """
    print(f"Training for {num_iterations} iterations...")
    rng = np.random.default_rng([TRAINING, seed])
    model = MAMLRegressor(rngs=nnx.Rngs(seed))
    optimizer = nnx.Optimizer(model, optax.adam(meta_lr), wrt=nnx.Param)
    losses = []
    for iteration in range(1, num_iterations + 1):
        support_batch, query_batch = sample_task_batch(meta_batch_size, k_shot, rng=rng)
        losses.append(maml_train_step(model, optimizer, support_batch, query_batch, inner_lr, inner_steps)["loss"])
        if iteration % 1000 == 0 or iteration == num_iterations:
            print(f"Iteration {iteration} | Meta Loss: {np.mean(losses):.4f}")
            losses.clear()
    return model


def evaluate_on_new_tasks(model, tasks: Sequence[TaskFn]) -> dict[str, np.ndarray]:
    """Each task's loss on 50 query points before and after one step on 10 support points (alpha = 0.01).

    Returns:
      `{"before": [tasks], "after": [tasks]}`; the same tasks in the same order get the same points each time.
    """
    support_batch, query_batch = sample_batch_of(tasks, k_shot=10, k_query=50, rng=np.random.default_rng(POINTS))
    before, after = (compiled_query_losses(model, support_batch, query_batch, inner_steps=steps) for steps in (0, 1))
    return {"before": np.asarray(before), "after": np.asarray(after)}


def evaluate_adaptation(model, n_test_tasks=10, *, seed=0) -> dict[str, np.ndarray]:
    """Prints and returns what one step does on new tasks, `[n_test_tasks]` each way, as `evaluate_on_new_tasks` measures it."""
    print("EVALUATING FEW-SHOT ADAPTATION")
    rng = np.random.default_rng([NEW_TASKS, seed])
    losses = evaluate_on_new_tasks(model, [generate_sinusoid_task(rng=rng) for _ in range(n_test_tasks)])
    for number, (before, after) in enumerate(zip(losses["before"], losses["after"], strict=True), start=1):
        print(f"Task {number} | Before: {before:.4f} → After 1 step: {after:.4f}")
    return losses


def main(arguments: Sequence[str] | None = None) -> None:
    """The tutorial's report: training, then ten new tasks before and after one step."""
    parser = argparse.ArgumentParser(prog="python -m maml_engine.tutorial", description=main.__doc__)
    parser.add_argument("--num-iterations", type=int, default=10000)
    options = parser.parse_args(arguments)
    print("MODEL-AGNOSTIC META-LEARNING (MAML)")
    evaluate_adaptation(train_maml(options.num_iterations))


if __name__ == "__main__":
    main()
