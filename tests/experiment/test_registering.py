"""Names for what is one's own: by a call, by an installed package, and on the command line."""

import json
import os
import subprocess
import sys

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx

from maml_engine import (
    MAML,
    METHODS,
    Experiment,
    Learner,
    Method,
    Sinusoid,
    evaluate,
    mean_squared_error,
    pytree,
    register,
    static_field,
    train,
)
from maml_engine.core.losses import LOSSES
from maml_engine.experiment.registering import KINDS
from maml_engine.io.arrays import StorageError
from maml_engine.models import MODELS
from maml_engine.runtime.registry import Registry
from maml_engine.tasks import FAMILIES
from tests.blocks import ROOT

SHORT = {"num_iterations": 4, "meta_batch_size": 2, "k_shot": 3, "k_query": 3, "inner_lr": 0.05}


@pytest.fixture(autouse=True)
def forgotten():
    """Names of a test are gone after it."""
    yield
    for registry in KINDS.values():
        for name in set(registry) - set(registry.built_in):
            del registry[name]


@pytree
class Scaled(Method):
    """MAML with a factor: numbers that the experiment has, and one that it has not."""

    factor: float = static_field(default=0.5)

    def descend(self, rule, moving, direction, step):
        return super().descend(rule, moving, jax.tree.map(lambda slope: slope * self.factor, direction), step)


class Network(nnx.Module):
    """Whose rows look at each other, so that it must not be padded as the engine's own are."""

    def __init__(self, hidden_dim=3, *, in_dim, out_dim, rngs):
        self.first = nnx.Linear(in_dim, hidden_dim, rngs=rngs)
        self.last = nnx.Linear(hidden_dim, out_dim, rngs=rngs)

    def __call__(self, x):
        hidden = self.first(x)
        return self.last(jnp.tanh(hidden - hidden.mean(axis=0)))


def absolute_error(prediction, y):
    return jnp.abs(prediction - y).mean(-1)


def test_what_is_registered_is_named_trained_saved_and_opened(tmp_path):
    register("method", "scaled", Scaled)
    register("model", "network", Network)
    register("tasks", "small_waves", Sinusoid(amplitude=(0.1, 0.2)))
    register("loss", "absolute", absolute_error)
    experiment = Experiment(method="scaled", model="network", tasks="small_waves", loss="absolute", hidden_dim=7, **SHORT)
    assert experiment.build_method() == Scaled(inner_lr=0.05)
    assert experiment.build_model(1, 1).first.kernel.shape == (1, 7)
    assert experiment.loss_fn is absolute_error
    *_, report = train(experiment)
    assert report.learner.statistics == "rows predicted together"
    report.learner.save(tmp_path)
    again = Learner.load(tmp_path)
    loss = evaluate(again, jax.random.key(0), num_tasks=4, k_shot=3, inner_steps=1).loss
    assert loss.shape == (4, 2) and loss.max() < 1.0
    predictions = [learner.adapt([0.0, 1.0], [0.0, 0.1])([2.0]) for learner in (again, report.learner)]
    np.testing.assert_array_equal(*predictions)
    del METHODS["scaled"]
    with pytest.raises(
        StorageError, match=r"`method` must be one of .*, got 'scaled'\. A name of one's own is registered first"
    ):
        Learner.load(tmp_path)


def test_a_class_of_tasks_gets_the_experiments_numbers():
    register("tasks", "waves", lambda amplitude, noise: Sinusoid(amplitude=amplitude, noise=noise))
    assert Experiment(tasks="waves", amplitude=(1.0, 2.0), noise=0.1).build_tasks() == Sinusoid(amplitude=(1.0, 2.0), noise=0.1)


def test_ones_own_object_of_a_registered_class_is_described_by_its_name():
    register("method", "scaled", Scaled)
    told = Learner.untrained(Experiment(**SHORT), method=Scaled(inner_lr=0.2))
    assert (told.experiment.method, told.experiment.inner_lr, told.own.names()) == ("scaled", 0.2, {})
    untold = Learner.untrained(Experiment(**SHORT), method=Scaled(inner_lr=0.2, factor=0.1))  # an experiment has no such field
    assert untold.own.names() == {"method": "Scaled"}


class Bare(Method):
    """Without its decorator."""


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("methods", "mine", MAML), r"`kind` must be one of .*, got 'methods' \(did you mean 'method'\?\)"),
        (("method", "My method", MAML), "`name` must be of lower-case letters, digits and underscores, .* got 'My method'"),
        (("method", "maml", MAML), "`name` must be a new one, such as 'my_maml'"),
        (("tasks", "table", Sinusoid()), "`name` must be a new one"),
        (("method", "mine", MAML()), r"`thing` must be a subclass of maml_engine\.Method, got MAML\("),
        (("method", "mine", Bare), r"under the decorator @maml_engine\.pytree, got the class Bare"),
        (("model", "mine", lambda width: None), "makes an NNX module and takes `rngs`"),
        (("tasks", "mine", 3), "tasks with `sample` and `split`"),
        (("loss", "mine", "mse"), "a function .* got 'mse'"),
    ],
)
def test_what_cannot_be_registered_is_refused_in_one_sentence(arguments, sentence):
    with pytest.raises(ValueError, match=sentence):
        register(*arguments)


def test_a_method_without_its_decorator_is_refused_where_it_is_handed_over():
    with pytest.raises(ValueError, match=r"got a Bare, whose class lacks the decorator @maml_engine\.pytree"):
        train(Experiment(**SHORT), method=Bare())


MODULE = '''
import jax, jax.numpy as jnp
from flax import nnx
from maml_engine import Method, Sinusoid, pytree

@pytree
class Own(Method):
    """MAML under another name."""

class Line(nnx.Linear):
    def __init__(self, *, in_dim, out_dim, rngs):
        super().__init__(in_dim, out_dim, rngs=rngs)
'''


@pytest.fixture
def package(tmp_path, monkeypatch):
    """An installed package with entry points, one of which is broken."""
    (tmp_path / "their_package.py").write_text(MODULE)
    facts = tmp_path / "their_package-1.0.dist-info"
    facts.mkdir()
    (facts / "METADATA").write_text("Metadata-Version: 2.1\nName: their-package\nVersion: 1.0\n")
    (facts / "entry_points.txt").write_text(
        "[maml_engine.method]\ntheirs = their_package:Own\nbroken = their_package:Missing\n"
        "[maml_engine.model]\nline = their_package:Line\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    for registry in KINDS.values():
        monkeypatch.delitem(vars(registry), "_installed", raising=False)
    yield tmp_path
    for registry in KINDS.values():
        vars(registry).pop("_installed", None)


def test_an_installed_package_names_what_it_brings(package):
    assert "their_package" not in sys.modules
    experiment = Experiment(method="theirs", model="line", **SHORT)  # imports nothing yet
    assert "their_package" not in sys.modules
    assert type(experiment.build_method()).__name__ == "Own"
    *_, report = train(experiment)
    assert np.isfinite(report.meta_loss).all()
    with pytest.raises(
        ValueError, match=r"The method 'broken' of an installed package \(their_package:Missing\) could not be loaded"
    ):
        Experiment(method="broken").build_method()


def test_the_command_line_opens_what_a_package_brings_and_what_a_module_registers(package):
    """In processes of their own: nothing is registered there but by the package, or by --import."""
    (package / "mine.py").write_text(MODULE + "from maml_engine import register\nregister('method', 'mine', Own)\n")

    def maml(*arguments):
        environment = {"PYTHONPATH": f"{package}:{ROOT}"}
        return subprocess.run(
            [sys.executable, "-m", "maml_engine", *arguments],
            cwd=package,
            env=os.environ | environment,
            capture_output=True,
            text=True,
        )

    sizes = [f"--{name.replace('_', '-')}={value}" for name, value in SHORT.items()]
    flags = {"theirs": [], "mine": ["--import", "mine"]}
    for name, more in flags.items():
        done = maml("train", *sizes, "--method", name, *more, "--out", f"run_{name}")
        assert done.returncode == 0, done.stderr
        done = maml("evaluate", f"run_{name}", "--num-tasks", "3", "--inner-steps", "1", "--json", *more)
        assert done.returncode == 0, done.stderr
        assert json.loads(done.stdout)["experiment"]["method"] == name
    refused = maml("evaluate", "run_mine")
    assert refused.returncode == 2
    assert "got 'mine'" in refused.stderr and "maml --import MODULE" in refused.stderr
    refused = maml("evaluate", "run_mine", "--import", "absent")
    assert refused.returncode == 2
    assert "`--import` must name a module that can be imported, got 'absent'" in refused.stderr


def test_a_registry_is_a_dictionary_of_the_engines_own():
    for registry, name in ((METHODS, "maml"), (MODELS, "mlp"), (FAMILIES, "sinusoid"), (LOSSES, "mean_squared_error")):
        assert isinstance(registry, Registry) and name in registry and "unheard_of" not in registry
        assert registry.built_in == dict(registry)
        with pytest.raises(KeyError):
            registry["unheard_of"]
    assert LOSSES["mean_squared_error"] is mean_squared_error
