"""The tutorial's functions against the engine, and against what the tutorial itself had wrong."""

import ast
import inspect
import os
import re
import subprocess
import sys
from functools import partial
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from flax import nnx

from maml_engine import FOMAML, MAML, Batch, Episode, adapt, meta_value_and_grad, tutorial

TASKS, K_SHOT, K_QUERY, INNER_LR = 4, 5, 7, 0.02
REPORT = re.compile(
    r"MODEL-AGNOSTIC META-LEARNING \(MAML\)\n"
    r"Training for 3 iterations\.\.\.\n"
    r"(Iteration \d+ \| Meta Loss: \d+\.\d{4}\n)+"
    r"EVALUATING FEW-SHOT ADAPTATION\n"
    r"(Task \d+ \| Before: \d+\.\d{4} → After 1 step: \d+\.\d{4}\n){10}"
)


@pytest.fixture
def x64():
    with jax.enable_x64(True):
        yield


@pytest.fixture
def model(x64):
    """A network in 64 bits, so that agreement is tested to the last digits."""
    model = tutorial.MAMLRegressor(hidden_dim=8, rngs=nnx.Rngs(0))
    nnx.update(model, jax.tree.map(lambda leaf: leaf.astype(jnp.float64), nnx.state(model, nnx.Param)))
    return model


@pytest.fixture
def batches():
    """A support and a query batch in 64 bits."""
    batches = tutorial.sample_task_batch(TASKS, K_SHOT, K_QUERY, rng=np.random.default_rng(0))
    return jax.tree.map(lambda leaf: leaf.astype(np.float64), batches)


def as_episode(support_batch, query_batch):
    return Episode(Batch(support_batch["x"], support_batch["y"]), Batch(query_batch["x"], query_batch["y"]))


def flat(tree):
    return jax.flatten_util.ravel_pytree(tree)[0]


def snapshot(model):
    return jax.tree.map(np.array, nnx.to_pure_dict(nnx.state(model)))


@partial(nnx.jit, static_argnames=("inner_steps", "first_order"))
def tutorial_value_and_grad(model, batches, inner_steps, first_order=False):
    def meta_loss(model):
        return tutorial.maml_meta_loss(model, *batches, INNER_LR, inner_steps, first_order=first_order)

    return nnx.value_and_grad(meta_loss)(model)


def in_order(order, batches):
    return jax.tree.map(lambda leaf: leaf[order], batches)


# The same answers as the engine's.


@pytest.mark.parametrize(
    ("method", "first_order", "inner_steps"), [(MAML, False, 0), (MAML, False, 1), (MAML, False, 3), (FOMAML, True, 3)]
)
def test_meta_loss_and_its_gradient_are_the_engines(model, batches, method, first_order, inner_steps):
    loss, gradient = tutorial_value_and_grad(model, batches, inner_steps, first_order=first_order)
    expected_loss, expected = meta_value_and_grad(method(INNER_LR, inner_steps), model, as_episode(*batches))
    np.testing.assert_allclose(loss, expected_loss, rtol=1e-12)
    np.testing.assert_allclose(flat(gradient), flat(expected.init), rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("inner_steps", [0, 1, 3])
def test_inner_loop_is_the_engines_adapt(model, batches, inner_steps):
    support = batches[0]
    adapted = tutorial.inner_loop(model, support["x"][0], support["y"][0], INNER_LR, inner_steps)
    expected = adapt(MAML(INNER_LR), model, Batch(support["x"][0], support["y"][0]), inner_steps)
    assert isinstance(adapted, nnx.State)
    np.testing.assert_allclose(flat(adapted), flat(nnx.state(expected, nnx.Param)), rtol=1e-12, atol=1e-14)


def test_train_steps_are_optax_steps_on_the_engines_gradient(model, batches):
    tx = optax.adam(1e-3)
    params = nnx.state(nnx.clone(model), nnx.Param)
    opt_state = tx.init(params)
    optimizer = nnx.Optimizer(model, tx, wrt=nnx.Param)
    for _ in range(3):
        at = nnx.clone(model)
        nnx.update(at, params)
        expected_loss, gradient = meta_value_and_grad(MAML(INNER_LR, 2), at, as_episode(*batches))
        updates, opt_state = tx.update(gradient.init, opt_state, params)
        params = optax.apply_updates(params, updates)
        report = tutorial.maml_train_step(model, optimizer, *batches, INNER_LR, 2)
        np.testing.assert_allclose(report["loss"], expected_loss, rtol=1e-10)
        np.testing.assert_allclose(flat(nnx.state(model, nnx.Param)), flat(params), rtol=1e-9)


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        (tutorial.MAMLRegressor, "hidden_dim=40"),
        (tutorial.inner_loop, "model, support_x, support_y, inner_lr=0.01, inner_steps=1"),
        (tutorial.maml_meta_loss, "model, support_batch, query_batch, inner_lr=0.01, inner_steps=1"),
        (tutorial.maml_train_step, "model, optimizer, support_batch, query_batch, inner_lr=0.01, inner_steps=1"),
        (tutorial.generate_sinusoid_task, f"amplitude_range=(0.1, 5.0), phase_range=(0, {np.pi})"),
        (tutorial.sample_task_data, "task_fn, n_samples=10"),
        (tutorial.sample_task_batch, "batch_size, k_shot, k_query=10"),
        (
            tutorial.train_maml,
            "num_iterations=10000, meta_batch_size=25, meta_lr=0.001, inner_lr=0.01, inner_steps=1, k_shot=10",
        ),
        (tutorial.evaluate_adaptation, "model, n_test_tasks=10"),
        (tutorial.sample_tasks, "n, offset=0"),
        (tutorial.evaluate_on_new_tasks, "model, tasks"),
    ],
)
def test_arguments_and_defaults_are_the_tutorials(function, expected):
    parameters = inspect.signature(function.__init__ if inspect.isclass(function) else function).parameters.values()
    positional = [p.replace(annotation=p.empty) for p in parameters if p.kind is not p.KEYWORD_ONLY and p.name != "self"]
    assert ", ".join(map(str, positional)) == expected


def test_the_tutorial_stands_apart():
    nodes = ast.walk(ast.parse(inspect.getsource(tutorial)))
    imports = [node for node in nodes if isinstance(node, ast.Import | ast.ImportFrom)]
    names = {node.module if isinstance(node, ast.ImportFrom) else alias.name for node in imports for alias in node.names}
    assert not any(name.startswith("maml_engine") for name in names)


# What the tutorial had wrong.


def test_stopping_the_adapted_parameters_gives_no_meta_gradient(model, batches):
    """The tutorial's own first-order snippet against the one that stops the inner gradient."""
    graphdef, params = nnx.split(model)

    def as_the_tutorial_wrote_it(params):
        def one_task(support, query):
            adapted = tutorial.inner_loop(nnx.merge(graphdef, params, copy=True), support["x"], support["y"], INNER_LR)
            adapted = jax.lax.stop_gradient(adapted)
            return jnp.mean((nnx.merge(graphdef, adapted, copy=True)(query["x"]) - query["y"]) ** 2)

        return jnp.mean(jax.vmap(one_task)(*batches))

    loss, gradient = jax.value_and_grad(as_the_tutorial_wrote_it)(params)
    our_loss, ours = tutorial_value_and_grad(model, batches, 1, first_order=True)
    np.testing.assert_allclose(our_loss, loss, rtol=1e-12)
    assert jnp.all(flat(gradient) == 0)
    assert jnp.linalg.norm(flat(ours)) > 0.1


def test_first_order_has_the_same_loss_and_another_gradient(model, batches):
    loss, exact = tutorial_value_and_grad(model, batches, 1)
    first_order_loss, first_order = tutorial_value_and_grad(model, batches, 1, first_order=True)
    assert loss == first_order_loss
    assert jnp.linalg.norm(flat(exact) - flat(first_order)) > 1e-3 * jnp.linalg.norm(flat(exact))


def test_no_task_leaks_into_the_next(model, batches):
    order = np.random.default_rng(1).permutation(TASKS)
    losses = tutorial.compiled_query_losses(model, *batches, inner_lr=INNER_LR, inner_steps=2)
    shuffled = tutorial.compiled_query_losses(model, *in_order(order, batches), inner_lr=INNER_LR, inner_steps=2)
    one_by_one = [
        tutorial.compiled_query_losses(model, *in_order([task], batches), inner_lr=INNER_LR, inner_steps=2)[0]
        for task in range(TASKS)
    ]
    np.testing.assert_allclose(shuffled, losses[order], rtol=1e-12)
    np.testing.assert_allclose(losses, one_by_one, rtol=1e-12)


def test_shuffling_the_tasks_changes_no_meta_loss_or_gradient(model, batches):
    order = np.random.default_rng(1).permutation(TASKS)
    loss, gradient = tutorial_value_and_grad(model, batches, 2)
    shuffled_loss, shuffled = tutorial_value_and_grad(model, in_order(order, batches), 2)
    np.testing.assert_allclose(shuffled_loss, loss, rtol=1e-12)
    np.testing.assert_allclose(flat(shuffled), flat(gradient), rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize(
    "use",
    [
        lambda model, support, query: tutorial.inner_loop(model, support["x"][0], support["y"][0]),
        lambda model, support, query: tutorial.maml_meta_loss(model, support, query),
        lambda model, support, query: tutorial.evaluate_adaptation(model, 3),
        lambda model, support, query: tutorial.evaluate_on_new_tasks(model, tutorial.sample_tasks(3)),
    ],
    ids=["inner_loop", "maml_meta_loss", "evaluate_adaptation", "evaluate_on_new_tasks"],
)
def test_the_model_is_untouched(model, batches, use):
    before = snapshot(model)
    use(model, *batches)
    jax.tree.map(np.testing.assert_array_equal, snapshot(model), before)


def test_adapted_parameters_are_not_tied_to_the_model(model, batches):
    before = snapshot(model)
    adapted = tutorial.inner_loop(model, batches[0]["x"][0], batches[0]["y"][0], inner_steps=0)
    adapted["fc1"]["kernel"][...] = 0.0
    jax.tree.map(np.testing.assert_array_equal, snapshot(model), before)


def test_shapes_that_would_broadcast_are_refused(model, batches):
    with pytest.raises(ValueError, match="Shape mismatch"):
        tutorial.inner_loop(model, batches[0]["x"][0], batches[0]["y"][0, :, 0])


def test_nothing_leaks_out_of_the_transformations(model, batches):
    with jax.checking_leaks():
        tutorial_value_and_grad(model, batches, 2)


def test_a_model_from_outside_may_be_read_inside_any_transformation(model, batches):
    def meta_loss(inner_lr):
        return tutorial.maml_meta_loss(model, *batches, inner_lr)

    step = 1e-6
    slope = (meta_loss(INNER_LR + step) - meta_loss(INNER_LR - step)) / (2 * step)
    np.testing.assert_allclose(jax.jit(jax.grad(meta_loss))(INNER_LR), slope, rtol=1e-6)
    both = jax.jit(jax.vmap(meta_loss))(jnp.array([INNER_LR, 2 * INNER_LR]))
    np.testing.assert_allclose(both, [meta_loss(INNER_LR), meta_loss(2 * INNER_LR)], rtol=1e-12)


# The tasks.


def test_waves_have_the_papers_ranges():
    """The ranges are the paper's. A wave A sin(x + phase) is A sin(phase) at 0 and A cos(phase) at pi / 2."""
    rng = np.random.default_rng(0)
    waves = [tutorial.generate_sinusoid_task(rng=rng)(np.array([0.0, np.pi / 2])) for _ in range(4000)]
    sine, cosine = np.array(waves).T
    amplitude, phase = np.hypot(sine, cosine), np.arctan2(sine, cosine)
    for values, low, high in ((amplitude, 0.1, 5.0), (phase, 0.0, np.pi)):
        assert low <= values.min() < low + 0.01 * (high - low)
        assert high - 0.01 * (high - low) < values.max() <= high
    assert np.corrcoef(amplitude, phase)[0, 1] == pytest.approx(0, abs=0.05)


def test_points_are_single_precision_columns_in_the_papers_interval():
    x, y = tutorial.sample_task_data(np.cos, 5000, rng=np.random.default_rng(0))
    assert (x.shape, x.dtype, y.shape, y.dtype) == ((5000, 1), np.float32, (5000, 1), np.float32)
    assert -5 <= x.min() < -4.99 < 4.99 < x.max() <= 5
    np.testing.assert_array_equal(y, np.cos(x))


def test_the_mean_square_of_a_task_is_the_known_one():
    """4.252, the loss of predicting 0: half of the mean of A² for A from 0.1 to 5; 20000 tasks give it to about 0.03."""
    _, query = tutorial.sample_task_batch(20_000, 1, 1, rng=np.random.default_rng(0))
    assert np.mean(np.square(query["y"])) == pytest.approx(4.252, abs=0.15)


def test_support_and_query_show_the_same_waves_at_other_points():
    support, query = tutorial.sample_task_batch(3, K_SHOT, K_QUERY, rng=np.random.default_rng(0))
    assert support["x"].shape == support["y"].shape == (3, K_SHOT, 1)
    assert query["x"].shape == query["y"].shape == (3, K_QUERY, 1)
    for task in range(3):
        assert not set(support["x"][task].ravel()) & set(query["x"][task].ravel())
        x, y = (np.concatenate([support[name][task], query[name][task]]).ravel() for name in "xy")
        basis = np.stack([np.sin(x), np.cos(x)], axis=1)  # every wave is a combination of these two, and only one fits
        np.testing.assert_allclose(basis @ np.linalg.lstsq(basis, y)[0], y, atol=1e-5)


def test_without_a_generator_every_call_draws_anew():
    x = np.linspace(-5, 5, 20)
    assert not np.allclose(tutorial.generate_sinusoid_task()(x), tutorial.generate_sinusoid_task()(x))
    assert not np.allclose(tutorial.sample_task_data(np.sin)[0], tutorial.sample_task_data(np.sin)[0])
    assert not np.allclose(tutorial.sample_task_batch(1, 5)[0]["x"], tutorial.sample_task_batch(1, 5)[0]["x"])


def test_numbered_tasks_are_the_same_each_time_and_never_meet():
    x = np.array([0.0, 1.0])

    def waves(*numbered):
        return [tuple(task(x)) for task in tutorial.sample_tasks(*numbered)]

    training, test = waves(1000), waves(100, 1000)
    assert len(set(training)) == 1000
    assert len(set(test)) == 100
    assert not set(training) & set(test)
    assert waves(1000) == training
    assert waves(1100)[1000:] == test


# Training, evaluation and the report.


def test_evaluation_is_one_step_of_the_inner_loop_on_ten_points(model):
    tasks = tutorial.sample_tasks(3, offset=5)
    losses = tutorial.evaluate_on_new_tasks(model, tasks)
    assert losses["before"].shape == losses["after"].shape == (3,)
    jax.tree.map(np.testing.assert_array_equal, tutorial.evaluate_on_new_tasks(model, tasks), losses)

    rng = np.random.default_rng(tutorial.POINTS)
    support = [tutorial.sample_task_data(task, 10, rng=rng) for task in tasks]
    query = [tutorial.sample_task_data(task, 50, rng=rng) for task in tasks]
    for i, ((support_x, support_y), (query_x, query_y)) in enumerate(zip(support, query, strict=True)):
        adapted = adapt(MAML(0.01), model, Batch(support_x, support_y), 1)
        np.testing.assert_allclose(losses["before"][i], np.mean((model(query_x) - query_y) ** 2), rtol=1e-10)
        np.testing.assert_allclose(losses["after"][i], np.mean((adapted(query_x) - query_y) ** 2), rtol=1e-10)


def test_training_repeats_itself_bit_for_bit_and_starts_elsewhere_by_seed(capsys):
    def trained(**how):
        return flat(nnx.state(tutorial.train_maml(meta_batch_size=2, **how), nnx.Param))

    np.testing.assert_array_equal(trained(num_iterations=3), trained(num_iterations=3))
    assert not np.allclose(trained(num_iterations=0, seed=0), trained(num_iterations=0, seed=1))


def test_training_lowers_the_loss_after_one_step(capsys):
    """300 iterations leave the plateau of about 4.25 behind, where predicting 0 stands."""
    model = tutorial.train_maml(300, meta_lr=1e-2)
    losses = tutorial.evaluate_on_new_tasks(model, tutorial.sample_tasks(200))
    assert losses["after"].mean() < losses["before"].mean() - 0.3
    assert losses["after"].mean() < 3.4


def test_a_line_every_thousand_iterations_holds_the_mean_since_the_last(monkeypatch, capsys):
    losses = iter(range(2500))
    monkeypatch.setattr(tutorial, "maml_train_step", lambda *args: {"loss": next(losses)})
    monkeypatch.setattr(tutorial, "sample_task_batch", lambda *args, **kwargs: (None, None))
    tutorial.train_maml(2500)
    assert capsys.readouterr().out.splitlines()[1:] == [
        "Iteration 1000 | Meta Loss: 499.5000",
        "Iteration 2000 | Meta Loss: 1499.5000",
        "Iteration 2500 | Meta Loss: 2249.5000",
    ]


def test_the_printed_evaluation_is_the_returned_one(model, capsys):
    losses = tutorial.evaluate_adaptation(model, n_test_tasks=3)
    title, *lines = capsys.readouterr().out.splitlines()
    assert title == "EVALUATING FEW-SHOT ADAPTATION"
    pairs = zip(losses["before"], losses["after"], strict=True)
    assert lines == [f"Task {i} | Before: {b:.4f} → After 1 step: {a:.4f}" for i, (b, a) in enumerate(pairs, 1)]


def test_running_the_module_prints_the_report():
    command = [sys.executable, "-W", "error", "-m", "maml_engine.tutorial", "--num-iterations", "3"]
    folder = Path(__file__).parents[1]
    environment = os.environ | {"PYTHONIOENCODING": "utf-8"}
    run = subprocess.run(command, capture_output=True, encoding="utf-8", cwd=folder, env=environment, timeout=300, check=False)
    assert run.returncode == 0, run.stderr
    assert REPORT.fullmatch(run.stdout), run.stdout
