"""Structures of different classes differ: a compiled function looks its programs up by them."""

import ast
import itertools
from pathlib import Path

import jax
import jax.numpy as jnp
import pytest

from maml_engine.methods import METHODS
from maml_engine.pytrees import pytree, static_field
from maml_engine.tasks import FAMILIES


@pytree
class Doubler:
    number: float
    times: int = static_field(default=2)

    def __call__(self):
        return self.times * self.number


@pytree
class Adder:
    number: float
    times: int = static_field(default=2)

    def __call__(self):
        return self.times + self.number


def test_two_classes_with_the_same_fields_have_different_structures():
    assert jax.tree.structure(Doubler(1.0)) != jax.tree.structure(Adder(1.0))
    assert jax.tree.structure(Doubler(1.0)) == jax.tree.structure(Doubler(3.0))
    assert jax.tree.structure(Doubler(1.0)) != jax.tree.structure(Doubler(1.0, times=3))


@pytest.mark.parametrize("classes", [METHODS, FAMILIES], ids=["methods", "families"])
def test_no_two_of_the_engines_have_one_structure(classes):
    for a, b in itertools.combinations({id(cls): cls for cls in classes.values()}.values(), 2):
        assert jax.tree.structure(a()) != jax.tree.structure(b()), (a, b)


def test_fields_keep_their_names_and_places():
    paths, structure = jax.tree_util.tree_flatten_with_path(Doubler(1.0, times=5))
    assert [(jax.tree_util.keystr(path), leaf) for path, leaf in paths] == [(".number", 1.0)]
    assert jax.tree.unflatten(structure, [7.0]) == Doubler(7.0, times=5)
    assert Doubler(1.0).replace(number=2.0) == Doubler(2.0)
    assert jax.tree.map(jnp.square, Doubler(3.0))() == 18.0
    with pytest.raises(AttributeError):
        Doubler(1.0).number = 2.0


def test_no_class_of_the_project_is_registered_by_fields_alone():
    root = Path(__file__).resolve().parents[1]
    for path in (path for folder in ("maml_engine", "dashboard", "pages", "tests") for path in (root / folder).rglob("*.py")):
        decorators = [
            ast.unparse(decorator)
            for node in ast.walk(ast.parse(path.read_text()))
            if isinstance(node, ast.ClassDef)
            for decorator in node.decorator_list
        ]
        assert not [name for name in decorators if "flax.struct" in name or "register_dataclass" in name], path
