"""What ended in an error of JAX or Python, or was accepted without a word: one sentence each."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from flax import nnx

from maml_engine import (
    MAML,
    MLP,
    Batch,
    Episode,
    Experiment,
    Learner,
    MAMLRegressor,
    MetaSGD,
    Sinusoid,
    adapt,
    evaluate,
    meta_value_and_grad,
    train,
)

MODEL = MAMLRegressor(hidden_dim=4, rngs=nnx.Rngs(0))
EPISODE = Sinusoid().sample(jax.random.key(0), 4, 5, 6)
ONE = jax.tree.map(lambda rows: rows[0], EPISODE)
WIDE = Batch(jnp.ones((4, 5, 2)), EPISODE.support.y)
KEY = jax.random.key(0)
SHORT = Experiment(num_iterations=5)


def gradient(episode=EPISODE, method=None, model=MODEL, **others):
    return meta_value_and_grad(MAML() if method is None else method, model, episode, **others)


def fresh():
    return Learner.untrained(SHORT)


MISTAKES = {
    # Of the method.
    "a class as method": (lambda: gradient(method=MAML), r"got the class MAML: call it, MAML\("),
    "a name as method": (lambda: gradient(method="maml"), r"got 'maml': names are for `Experiment\(method=\.\.\.\)`"),
    "nothing as method": (lambda: adapt(None, MODEL, ONE.support), r"`method` must be a method .*, got None\."),
    "a list as step size": (lambda: MAML(inner_lr=[0.1]), r"`inner_lr` must be a number > 0, got \[0\.1\]\."),
    "a schedule as step size": (lambda: MAML(inner_lr=optax.constant_schedule(0.1)), "`inner_lr` .*, got the function "),
    "an optimiser not called": (lambda: MAML(inner_optimizer=optax.scale_by_adam), r"call it, scale_by_adam\(\.\.\.\)\."),
    "a rule of another shape": (lambda: gradient(method=MetaSGD(), rule=0.1), "`rule` must be shaped like .* of MetaSGD"),
    # Of the model.
    "a class as model": (lambda: gradient(model=MLP), r"got the class MLP: call it, MLP\(\.\.\., rngs=nnx\.Rngs\(0\)\)\."),
    "a function as model": (lambda: adapt(MAML(), lambda x: x, ONE.support), "`model` must be an NNX module, .* the function"),
    "a name as model": (lambda: gradient(model="mlp"), r"names are for `Experiment\(model=\.\.\.\)`"),
    "an unknown activation": (lambda: MLP(activation="rleu", rngs=nnx.Rngs(0)), r"got 'rleu' \(did you mean 'relu'\?\)"),
    # Of the data.
    "a missing task axis": (
        lambda: gradient(ONE),
        r"`support\.x` must have the shape \[tasks, examples, \.\.\.\], got \[5, 1\]",
    ),
    "x of the wrong width": (
        lambda: gradient(Episode(WIDE, EPISODE.query)),
        r"does not take `support\.x`, rows of shape \[2\]",
    ),
    "queries of the wrong width": (lambda: gradient(EPISODE._replace(query=WIDE)), r"does not take `query\.x`, .* \[2\]"),
    "one task's x too wide": (
        lambda: adapt(MAML(), MODEL, Batch(jnp.ones((5, 2)), ONE.support.y)),
        r"does not take `support\.x`",
    ),
    "no query": (lambda: gradient(Episode(EPISODE.support, None)), r"`query` must be a Batch\(x, y\), got None\."),
    "a dict as episode": (lambda: gradient({"support": 1}), r"`episode` must be Episode\(.*, got \{'support': 1\}\."),
    "a tuple as episode": (lambda: gradient(tuple(EPISODE)), r"`episode` must be Episode\("),
    "lists as rows": (
        lambda: adapt(MAML(), MODEL, Batch([[1.0]], [[2.0]])),
        r"got list: jnp\.asarray\(",
    ),
    "text as rows": (lambda: adapt(MAML(), MODEL, Batch(np.array([["a"]]), ONE.support.y)), r"`support\.x` must hold numbers"),
    "text as targets": (
        lambda: adapt(MAML(), MODEL, Batch(ONE.support.x, np.full((5, 1), "a"))),
        r"`support\.y` must hold numbers",
    ),
    "an episode as support": (lambda: adapt(MAML(), MODEL, ONE), "got an Episode: hand over its `support`"),
    "x without its axis": (lambda: adapt(MAML(), MODEL, Batch(jnp.ones(3), jnp.ones(3))), r"got \[3\]: x\[:, None\]\."),
    "fewer targets than inputs": (
        lambda: adapt(MAML(), MODEL, Batch(ONE.support.x, ONE.support.y[:3])),
        r"one row of each for every example, \[examples, \.\.\.\], got x \[5, 1\], y \[3, 1\]\.",
    ),
    "weights of another shape": (
        lambda: adapt(MAML(), MODEL, Batch(*ONE.support[:2], jnp.ones((5, 1)))),
        r"weight \[5, 1\]\.",
    ),
    "many tasks for one": (
        lambda: adapt(MAML(), MODEL, EPISODE.support),
        r"one task's rows, \[examples, \.\.\.\], got \[4, 5, 1\]: support\.x\[0\] and support\.y\[0\] are the first's\.",
    ),
    "nothing as rows": (lambda: fresh().adapt(None, [1.0]), r"`x` must hold numbers, got None\."),
    # Of the rest.
    "a name as loss": (
        lambda: gradient(loss_fn="mse"),
        r"`loss_fn` must be a function .* names are for",
    ),
    "a number as key": (lambda: gradient(key=3), r"`key` must be one random key, jax\.random\.key\(3\), got 3\."),
    "evaluate(learner, 0)": (lambda: evaluate(fresh(), 0), r"`key` must be one random key, jax\.random\.key\(0\), got 0\."),
    "several keys": (lambda: evaluate(fresh(), jax.random.split(KEY)), "`key` must be one random key"),
    "a model to evaluate": (lambda: evaluate(MODEL, KEY), "`learner` must adapt and predict, as a Learner or a baseline does"),
    "a class to evaluate": (lambda: evaluate(Learner, KEY), r"got the class Learner: hand over what .*, report\.learner\."),
    "a number to draw by": (
        lambda: Sinusoid().sample(3, 4, 5, 6),
        r"`key` must be one random key, jax\.random\.key\(3\), got 3\.",
    ),
    "a class as tasks": (lambda: evaluate(fresh(), KEY, tasks=Sinusoid), r"got the class Sinusoid: call it, Sinusoid\(\)\."),
    "a name as tasks": (
        lambda: train(SHORT, tasks="lines"),
        r"`tasks` must have .* names are for",
    ),
    "an episode as tasks": (lambda: train(SHORT, tasks=EPISODE), "`tasks` must have the functions `sample` and `split`"),
    "an unknown split": (lambda: evaluate(fresh(), KEY, split="tets"), r"got 'tets' \(did you mean 'test'\?\)\."),
    "no experiment": (lambda: train({"method": "maml"}), r"`experiment` must be Experiment\(.*, got \{'method': 'maml'\}\."),
    "the class of experiments": (lambda: train(Experiment), "`experiment` must be .*, got the class Experiment"),
    "a report to start from": (lambda: train(SHORT, start="run"), r"`start` must be report\.checkpoint or .*, got 'run'\."),
    "a class to train": (lambda: train(SHORT, model=MLP), "`model` must be an NNX module"),
    "a network of other rows": (
        lambda: train(SHORT, model=nnx.Linear(2, 1, rngs=nnx.Rngs(0))),
        r"does not take `support\.x`, rows of shape \[1\]",
    ),
    "an object as a field": (lambda: Experiment(method=MAML()), r"one of your own goes into `train\(experiment, method="),
    "a loss as a field": (lambda: Experiment(loss=jnp.mean), r"goes into `train\(experiment, loss_fn="),
    "a misspelt method": (lambda: Experiment(method="MetaSGD"), r"got 'MetaSGD' \(did you mean 'metasgd'\?\)\."),
    "a list as interval": (lambda: Sinusoid(amplitude=[0.1, 1.0]), r"`amplitude` must be a pair of two numbers, \(low, high\)"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_answered_in_one_sentence_with_the_value_and_what_is_allowed(mistake):
    call, sentence = MISTAKES[mistake]
    with pytest.raises(ValueError, match=sentence) as caught:
        call()
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 400


def test_what_is_right_passes_traced_or_not():
    _, plain = gradient()
    _, traced = jax.jit(lambda episode, key: gradient(episode, key=key))(EPISODE, KEY)
    old = gradient(key=jax.random.PRNGKey(0))[1]
    for other in (traced, old):
        for got, wanted in zip(jax.tree.leaves(other), jax.tree.leaves(plain), strict=True):
            np.testing.assert_allclose(got, wanted, rtol=1e-5, atol=1e-6)


def test_errors_of_other_kinds_stay_what_they_are():
    def broken(prediction, y):
        raise ZeroDivisionError("the loss's own")

    with pytest.raises(ZeroDivisionError, match="the loss's own"):
        gradient(loss_fn=broken)
