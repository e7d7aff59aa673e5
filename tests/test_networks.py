"""Other people's networks through the whole engine: train, evaluate, adapt, predict, save, load."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx

from maml_engine import FOMAML, MAML, Episode, Learner, adapt, evaluate, meta_value_and_grad, train
from maml_engine.io.arrays import StorageError
from maml_engine.models import Network
from tests import networks
from tests.networks import SHORT, Rows, descended, rows_of
from tests.quadratics import flat, relative_error

# The network, tasks of its rows, and whether it looks at one row at a time.
BROUGHT = {
    "embedding": (networks.Words, Rows((3,), levels=7), True),
    "recurrent": (networks.Series, Rows((4, 2)), True),
    "images": (networks.Images, Rows((6, 6, 1)), True),
    "attention over rows": (networks.AcrossRows, Rows((1,)), False),
}


@pytest.mark.parametrize("name", BROUGHT)
def test_rows_of_any_shape_adapt_as_plain_steps_do(name):
    build, tasks, independent = BROUGHT[name]
    learner = Learner.untrained(SHORT, model=build(nnx.Rngs(0)), tasks=tasks)
    support, query = rows_of(tasks)
    twin = descended(build(nnx.Rngs(0)), support, SHORT.inner_lr, SHORT.inner_steps)
    adapted = learner.adapt(support.x, support.y)
    np.testing.assert_allclose(adapted(query.x), twin(jnp.asarray(query.x)), rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(adapted.model(jnp.asarray(query.x)), adapted(query.x), rtol=1e-4, atol=1e-5)
    assert adapted.statistics == ("" if independent else "rows predicted together")


@pytest.mark.parametrize("name", BROUGHT)
def test_they_train_are_evaluated_saved_and_opened(name, tmp_path):
    build, tasks, _ = BROUGHT[name]
    *_, report = train(SHORT, model=build(nnx.Rngs(0)), tasks=tasks)
    assert np.isfinite(report.meta_loss).all()
    curves = evaluate(report.learner, jax.random.key(0), num_tasks=3, k_shot=5, k_query=6, inner_steps=2)
    support, query = rows_of(tasks)
    report.learner.save(tmp_path)
    again = Learner.load(tmp_path, model=build(nnx.Rngs(1)))
    np.testing.assert_array_equal(again.adapt(*support[:2])(query.x), report.learner.adapt(*support[:2])(query.x))
    # What `evaluate` measures is what adapting and predicting give.
    episode = tasks.sample(jax.random.key(0), 3, 5, 6)
    for task, loss in enumerate(curves.loss[:, 2]):
        x, y, _ = (None if part is None else np.asarray(part[task]) for part in episode.support)
        predicted = again.adapt(x, y)(np.asarray(episode.query.x[task]))
        np.testing.assert_allclose(np.mean((predicted - episode.query.y[task]) ** 2), loss, rtol=1e-4)


def test_whole_numbers_stay_whole_and_others_are_refused():
    learner = Learner.untrained(SHORT, model=networks.Words(nnx.Rngs(0)), tasks=Rows((3,), levels=7))
    adapted = learner.adapt([[0, 1, 2], [6, 5, 4.0]], [1, 2])
    assert adapted([[3, 3, 3]]).shape == (1, 1)
    with pytest.raises(ValueError, match=r"`x` must hold whole numbers, got 1\.5 in row 2"):
        learner.adapt([[0, 1, 2], [1.5, 2, 3]], [1, 2])
    with pytest.raises(ValueError, match=r"`x` must have the shape \[rows, 3\], got \[1, 2\]"):
        adapted([[3, 3]])


# Normalisation layers with running statistics.


def by_support_statistics(model, x, support_x):
    """The twin of a prediction: the layers by hand, mean and variance those of the support rows."""
    hidden, of_support = model.first(jnp.asarray(x)), model.first(jnp.asarray(support_x))
    normal = (hidden - of_support.mean(0)) / jnp.sqrt(of_support.var(0) + model.norm.epsilon)
    return model.head(jnp.tanh(normal * model.norm.scale[...] + model.norm.bias[...]))


def test_a_row_predicts_the_same_whatever_is_predicted_beside_it():
    tasks = Rows((1,))
    learner = Learner.untrained(SHORT, model=networks.Normalised(nnx.Rngs(0)), tasks=tasks)
    support, _ = rows_of(tasks)
    adapted = learner.adapt(support.x, support.y)
    twin = descended(networks.Normalised(nnx.Rngs(0)), support, SHORT.inner_lr, SHORT.inner_steps)
    for rows in (1, 5, 64):
        x = np.concatenate([[[0.3]], np.random.default_rng(rows).normal(size=(rows - 1, 1))])
        np.testing.assert_allclose(adapted(x), by_support_statistics(twin, x, support.x), rtol=1e-4, atol=1e-5)
    assert adapted.statistics == "support"
    curves = evaluate(learner, jax.random.key(1), num_tasks=1, k_shot=5, k_query=6, inner_steps=2)
    support, query = rows_of(tasks, seed=1)
    error = np.mean((learner.adapt(*support[:2])(query.x) - query.y) ** 2)
    np.testing.assert_allclose(curves.loss[0, 2], error, rtol=1e-4)


def test_running_statistics_that_a_module_brings_are_kept():
    model = networks.Normalised(nnx.Rngs(0), use_running_average=True)
    model.norm.mean[...] = jnp.full(6, 0.3)
    learner = Learner.untrained(SHORT, model=model, tasks=Rows((1,)))
    support, query = rows_of(Rows((1,)))
    adapted = learner.adapt(support.x, support.y)
    twin = descended(model, support, SHORT.inner_lr, SHORT.inner_steps)
    np.testing.assert_allclose(adapted(query.x), twin(jnp.asarray(query.x)), rtol=1e-4, atol=1e-5)
    assert learner.statistics == "running"


@pytest.mark.parametrize("use_running_average", [False, True])
def test_a_meta_step_hangs_on_no_order_of_tasks_and_writes_no_statistics_back(use_running_average):
    """T7."""
    model, episode = networks.Normalised(nnx.Rngs(0), use_running_average), Rows((1,)).sample(jax.random.key(0), 3, 5, 6)
    before = flat(nnx.state(model))
    loss, gradient = meta_value_and_grad(MAML(0.05, 2), model, episode)
    turned = jax.tree.map(lambda leaf: leaf[::-1], episode)
    other_loss, other = meta_value_and_grad(MAML(0.05, 2), model, turned)
    np.testing.assert_allclose(other_loss, loss, rtol=1e-6)
    assert relative_error(other, gradient) < 1e-5
    np.testing.assert_array_equal(flat(nnx.state(model)), before)


@pytest.mark.parametrize("method", [MAML, FOMAML])
def test_queries_are_trained_on_as_they_are_predicted(method):
    model = networks.Normalised(nnx.Rngs(0))
    episode = Rows((1,)).sample(jax.random.key(0), 3, 5, 6)
    graphdef, params, rest = nnx.split(model, nnx.Param, ...)

    def loss(params, support, query):
        def support_loss(at):
            return jnp.mean((nnx.merge(graphdef, at, rest, copy=True)(support.x) - support.y) ** 2)

        at = params
        for _ in range(2):
            slope = jax.grad(support_loss)(at)
            slope = jax.lax.stop_gradient(slope) if method is FOMAML else slope
            at = jax.tree.map(lambda leaf, slope: leaf - 0.05 * slope, at, slope)
        twin = nnx.merge(graphdef, at, rest, copy=True)
        return jnp.mean((by_support_statistics(twin, query.x, support.x) - query.y) ** 2)

    expected = jax.grad(lambda params: jnp.mean(jax.vmap(loss, (None, 0, 0))(params, *episode)))(params)
    _, gradient = meta_value_and_grad(method(0.05, 2), model, episode)
    assert relative_error(gradient.init, expected) < 1e-4


# Dropout.


@pytest.mark.parametrize("mode", ["plain", "mixed", "checkpointed"])
def test_every_task_and_step_of_training_draws_a_mask_of_its_own(mode):
    model, key = networks.Dropped(nnx.Rngs(0)), jax.random.key(3)
    one = Rows((1,)).sample(jax.random.key(0), 1, 5, 6)
    episode = jax.tree.map(lambda leaf: jnp.concatenate([leaf] * 3), one)  # three times the same task
    network, params = Network.split(model)

    def loss(params, key, support, query):
        def loss_of(at, batch, place):
            drawn = network.drawing(jax.random.fold_in(key, place))
            return jnp.mean((drawn.predict(at, batch.x) - batch.y) ** 2)

        at = params
        for step in range(2):
            at = jax.tree.map(lambda leaf, slope: leaf - 0.05 * slope, at, jax.grad(loss_of)(at, support, step))
        return loss_of(at, query, 2)

    keys = jax.random.split(key, 3)
    losses = [loss(params, keys[task], *(jax.tree.map(lambda leaf: leaf[0], part) for part in one)) for task in range(3)]
    assert len(set(map(float, losses))) == 3
    expected = jax.grad(lambda params: jnp.mean(jax.vmap(loss, (None, 0, 0, 0))(params, keys, *episode)))(params)
    got, gradient = meta_value_and_grad(MAML(0.05, 2), model, episode, key=key, mode=mode)
    np.testing.assert_allclose(got, np.mean(losses), rtol=1e-5)
    assert relative_error(gradient.init, expected) < 1e-4


def test_dropout_is_off_in_use(tmp_path):
    *_, report = train(SHORT, model=networks.Dropped(nnx.Rngs(0)), tasks=Rows((1,)))
    support, query = rows_of(Rows((1,)))
    adapted = report.learner.adapt(support.x, support.y)
    still = networks.Dropped(nnx.Rngs(0), rate=0.0)
    nnx.update(still, report.learner.meta.init)
    twin = descended(still, support, SHORT.inner_lr, SHORT.inner_steps)
    np.testing.assert_allclose(adapted(query.x), twin(jnp.asarray(query.x)), rtol=1e-4, atol=1e-5)
    assert adapted.statistics == ""
    brought = networks.Dropped(nnx.Rngs(0))
    nnx.update(brought, report.learner.meta.init)
    by_hand = adapt(MAML(SHORT.inner_lr, 2), brought, jax.tree.map(jnp.asarray, support))
    np.testing.assert_allclose(by_hand(jnp.asarray(query.x)), adapted(query.x), rtol=1e-4, atol=1e-5)
    report.learner.save(tmp_path)
    again = Learner.load(tmp_path, model=networks.Dropped(nnx.Rngs(5)))
    np.testing.assert_array_equal(again.adapt(*support[:2])(query.x), adapted(query.x))


# State beside the parameters.


class Centred(nnx.Module):
    """Subtracts a number that is no parameter."""

    def __init__(self, rngs, centre=0.0, **more):
        self.centre = nnx.Variable(jnp.zeros(1) + centre)
        self.head = nnx.Linear(1, 1, rngs=rngs)
        for name, value in more.items():
            setattr(self, name, nnx.Variable(value))

    def __call__(self, x):
        return self.head(x - self.centre[...])


def test_state_beside_the_parameters_is_saved_and_checked(tmp_path):
    learner = Learner.untrained(SHORT, model=Centred(nnx.Rngs(0), 0.7), tasks=Rows((1,)))
    learner.save(tmp_path)
    again = Learner.load(tmp_path, model=Centred(nnx.Rngs(1), -3.0))
    support, query = rows_of(Rows((1,)))
    np.testing.assert_array_equal(again.adapt(*support[:2])(query.x), learner.adapt(*support[:2])(query.x))
    twin = descended(Centred(nnx.Rngs(0), 0.7), support, SHORT.inner_lr, SHORT.inner_steps)
    np.testing.assert_allclose(again.adapt(*support[:2])(query.x), twin(jnp.asarray(query.x)), rtol=1e-4, atol=1e-5)
    with pytest.raises(StorageError, match="another model: beside parameters it alone holds nothing, this model state/scale"):
        Learner.load(tmp_path, model=Centred(nnx.Rngs(1), scale=jnp.ones(2)))
    with pytest.raises(StorageError, match=r"state/centre.* as float32\[1\] where"):
        Learner.load(tmp_path, model=Centred(nnx.Rngs(1), centre=jnp.zeros(2)))


# What cannot work says so in one sentence.


def test_padded_rows_would_take_part_in_attention_over_rows():
    class Padded(Rows):
        def sample(self, *args):
            support, query = super().sample(*args)
            return Episode(support, query._replace(weight=jnp.ones(query.y.shape[:2])))

    Learner.untrained(SHORT, model=networks.Normalised(nnx.Rngs(0)), tasks=Padded((1,)))
    with pytest.raises(ValueError, match="depends on the other rows, and these tasks pad rows"):
        Learner.untrained(SHORT, model=networks.AcrossRows(nnx.Rngs(0)), tasks=Padded((1,)))


def test_several_inputs_or_outputs_are_refused_in_one_sentence():
    class Two(Rows):
        def sample(self, *args):
            episode = super().sample(*args)
            return Episode(*(batch._replace(x={"left": batch.x, "right": batch.x}) for batch in episode))

    class TwoHeads(nnx.Linear):
        def __call__(self, x):
            return super().__call__(x), super().__call__(x)

    linear, two = nnx.Linear(1, 1, rngs=nnx.Rngs(0)), Two((1,)).sample(jax.random.key(0), 2, 3, 3)
    one = Rows((1,)).sample(jax.random.key(0), 2, 3, 3)
    first = jax.tree.map(lambda leaf: leaf[0], two.support)
    for call in (
        lambda: train(SHORT, model=linear, tasks=Two((1,))),
        lambda: meta_value_and_grad(MAML(), linear, two),
        lambda: adapt(MAML(), linear, first),
    ):
        with pytest.raises(ValueError, match=r"`(support\.)?x` must be one array of rows, got dict: join several inputs"):
            call()
    heads = TwoHeads(1, 1, rngs=nnx.Rngs(0))
    with pytest.raises(ValueError, match=r"The network must give one array, .* got tuple: join several outputs"):
        meta_value_and_grad(MAML(), heads, one)
    with pytest.raises(ValueError, match="The network must give one array"):
        list(train(SHORT, model=heads, tasks=Rows((1,))))
