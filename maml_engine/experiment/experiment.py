"""One frozen description of a run: what the sidebar makes, a link carries, the command line reads, a checkpoint stores."""

import dataclasses
import hashlib
import json
import math
from collections import ChainMap
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import jax
from flax import nnx

from maml_engine.checks import NamedFields, near
from maml_engine.core.adapter import MetaParams
from maml_engine.core.losses import LOSSES, LossFn
from maml_engine.core.meta_optimizer import META_OPTIMIZERS, SCHEDULES, MetaOptimizer
from maml_engine.experiment.fields import checked, choice, interval, names, number, parse_value, spell, switch, text, whole
from maml_engine.io.pictures.ink import INKS
from maml_engine.io.pictures.layouts import LAYOUTS
from maml_engine.methods import INNER_OPTIMIZERS, METHODS, Method
from maml_engine.models import ACTIVATIONS, DOWNSAMPLING, IMAGE_MODELS, MODEL_OPTIONS, MODELS, NORMS, Network
from maml_engine.runtime.registry import parameters_of
from maml_engine.tasks import CLASS_SPLITS, FAMILIES, PICTURES

# Raised when a field changes its meaning or its default, since links and files leave defaults out.
VERSION = 1

IMAGE_COLOURS, IMAGE_INKS = (dict.fromkeys(("auto", *names)) for names in (("grey", "colour"), INKS))
IMAGE_LAYOUTS = dict.fromkeys(("auto", *(name for name in LAYOUTS if name != "unlabelled")))

# Beyond any use; the compiler aborts the process on arrays of 2^31 and more, where it should refuse them.
MAX_SIZE = 100_000


@dataclass(frozen=True)
class Experiment(NamedFields):
    """One run, wholly described. `Experiment()` is the tutorial's own.

    Each field's meaning and allowed values stand beside it; the command line prints them.

    Raises:
      ValueError: a value that cannot work, with the field, the value and what is allowed.
    """

    method: str = choice("maml", "how the learner adapts and is trained", METHODS)
    num_iterations: int = whole(10_000, "meta-training steps", low=1, high=2**31 - 1)
    meta_batch_size: int = whole(25, "tasks in a meta-step", low=1, high=MAX_SIZE)
    meta_lr: float = number(1e-3, "step size of the outer loop (beta)", above=0)
    inner_lr: float = number(0.01, "step size of the inner loop (alpha)", above=0)
    inner_steps: int = whole(1, "gradient steps on the support set; 0 trains one network for all tasks", low=0, high=10_000)
    k_shot: int = whole(10, "support examples of a task; of pictures, of each class", low=1, high=MAX_SIZE)
    k_query: int = whole(10, "query examples, likewise; a table's queries are all its other rows", low=1, high=MAX_SIZE)
    seed: int = whole(0, "of the initialisation, the tasks and the split", low=0, high=2**32 - 1)

    inner_optimizer: str = choice("sgd", "what turns an inner gradient into a direction", INNER_OPTIMIZERS)
    learn_step_sizes: bool = switch(True, "mamlplusplus: a learned step size for each array and step")
    per_step_norms: bool = switch(False, "mamlplusplus: normalisation layers of their own for each step")
    multi_step_iterations: int = whole(0, "mamlplusplus: meta-steps over which the loss moves to the last step", low=0)
    first_order_iterations: int = whole(0, "mamlplusplus: meta-steps with the first-order gradient, at the start", low=0)
    inner_lr_decay: float = number(1.0, "mamlplusplus: each inner step's size over the one before", above=0, high=1)
    proximal: float = number(2.0, "imaml: strength of the pull towards the initialisation (lambda)", above=0)
    inner_tolerance: float = number(1e-6, "imaml: gradient norm at which the inner loop stands still", low=0)
    cg_steps: int = whole(5, "imaml: conjugate-gradient iterations", low=1, high=1000)

    tasks: str = choice("sinusoid", "where tasks come from", ChainMap({"table": None}, PICTURES, FAMILIES))
    amplitude: tuple[float, float] = interval((0.1, 5.0), "sinusoid: range of the amplitude", low=0)
    phase: tuple[float, float] = interval((0.0, math.pi), "sinusoid: range of the phase, radians")
    x_range: tuple[float, float] = interval((-5.0, 5.0), "range of the inputs of a function family")
    frequency: tuple[float, float] = interval((0.8, 1.2), "frequency_sinusoid: range of the frequency, radians per unit of x")
    degree: int = whole(3, "polynomials: highest order", low=0, high=20)
    length_scale: float = number(1.0, "gaussian_process: length scale of the kernel", above=0)
    pool: int = whole(0, "number of training tasks in a function family; 0 draws endlessly new ones", low=0)
    noise: float = number(0.0, "standard deviation of the noise on support targets, in units of y", low=0)
    data: str = text("table: the SHA-256 of the file; images: of the pictures")
    task: str = text("table: the column that says which task a row belongs to")
    inputs: tuple[str, ...] = names("table: the input columns")
    target: str = text("table: the column to predict")
    log: tuple[str, ...] = names("table: columns to take the logarithm of")
    n_way: int = whole(5, "pictures: classes of a task", low=2, high=1000)
    class_split: str = choice("vinyals", "omniglot: which characters are for training and which for test", CLASS_SPLITS)
    rotations: bool = switch(True, "omniglot: turned characters are classes too")
    distortion: float = number(0.0, "omniglot, images: how much training pictures are turned, stretched, moved", low=0, high=4)
    same_group: bool = switch(False, "omniglot, images: the classes of a task are of one alphabet")
    variation: float = number(1.0, "glyphs: how far the pictures of a character differ", low=0)
    image_size: int = whole(0, "images: side in pixels; 0: 28 for drawings, 84 for others or what they have", low=0, high=1024)
    colour: str = choice("auto", "images: whether to keep colours; auto: as they are", IMAGE_COLOURS)
    layout: str = choice("auto", "images: how they are laid out; auto: guessed", IMAGE_LAYOUTS)
    ink: str = choice("auto", "images: of drawings; auto: looked at", IMAGE_INKS)

    model: str = choice("maml_regressor", "the network", MODELS)
    hidden_dim: int = whole(40, "units of a hidden layer", low=1, high=16_384)
    num_layers: int = whole(2, "mlp: hidden layers", low=0, high=100)
    activation: str = choice("relu", "mlp: activation", ACTIVATIONS)
    layer_norm: bool = switch(False, "mlp: normalise each hidden layer")
    context_dim: int = whole(4, "context_mlp: size of the context vector", low=1)
    fourier_features: int = whole(16, "fourier_mlp: random frequencies", low=1)
    fourier_scale: float = number(1.0, "fourier_mlp: spread of the frequencies, radians per unit of x", above=0)
    filters: int = whole(64, "conv4, resnet: features of each convolution", low=1, high=4096)
    downsampling: str = choice("stride", "conv4, resnet: how a block halves height and width", DOWNSAMPLING)
    norm: str = choice("batch", "conv4, resnet, image_mlp: what pictures are normalised by", NORMS)
    loss: str = choice("mean_squared_error", "the loss", LOSSES)

    meta_optimizer: str = choice("adam", "optimiser of the outer loop", META_OPTIMIZERS)
    meta_schedule: str = choice("constant", "how the outer step size changes over the run", SCHEDULES)
    clip_norm: float = number(0.0, "largest norm of the meta-gradient; 0 does not clip", low=0)
    weight_decay: float = number(0.0, "adamw: decay of the parameters", low=0)
    keep: str = choice("last", "which snapshot is the result", {"last": None, "best": None})

    def __post_init__(self):
        for spec in dataclasses.fields(self):
            object.__setattr__(self, spec.name, checked(spec, getattr(self, spec.name)))
        if self.tasks == "table":
            self._check_columns()
        if self.tasks == "images" and not self.data:
            raise ValueError("`data` must be given where `tasks` is 'images', got ''.")

    def _check_columns(self) -> None:
        for name in ("data", "task", "inputs", "target"):
            if not getattr(self, name):
                raise ValueError(f"`{name}` must be given where `tasks` is 'table', got {getattr(self, name)!r}.")
        columns = [self.task, *self.inputs, self.target]
        if len(set(columns)) < len(columns):
            raise ValueError(f"`task`, `inputs` and `target` must be different columns, got {', '.join(columns)}.")
        if unknown := set(self.log) - set(columns[1:]):
            raise ValueError(f"`log` must name inputs or the target, got {', '.join(sorted(unknown))}.")

    # What the description describes.

    def build_method(self) -> Method:
        """The method with its hyperparameters; each of its fields is the field of the same name here.

        Raises:
          ValueError: the network's norms for each step are learned by another method.
        """
        method = METHODS[self.method]
        if self._has_step_norms and "per_step_norms" not in method.__dataclass_fields__:
            raise ValueError(
                f"`norm` 'per_step', a scale and bias for each inner step, is learned by `method` 'mamlplusplus' alone, got "
                f"{self.method!r}: take `norm` 'batch'."
            )
        mine = {spec.name: getattr(self, spec.name) for spec in dataclasses.fields(self)}
        mine["per_step_norms"] = self.per_step_norms or self._has_step_norms
        return method(**{spec.name: mine[spec.name] for spec in dataclasses.fields(method) if spec.name in mine})

    @property
    def _has_step_norms(self) -> bool:
        """Whether the network's own field asks for what is MAML++'s."""
        return self.norm == "per_step" and "norm" in MODEL_OPTIONS.get(self.model, ())

    def build_tasks(self) -> Any:
        """The task distribution, where it needs nothing but this description.

        Raises:
          ValueError: the tasks are a table or somebody's pictures, which are not part of the description.
        """
        if self.tasks == "table":
            raise ValueError(
                f"This run reads its tasks from a table: hand over the file whose SHA-256 begins with {self.data[:12]} "
                f"(task column {self.task!r}, inputs {', '.join(map(repr, self.inputs))}, target {self.target!r})."
            )
        if self.tasks == "images":
            raise ValueError(
                f"This run reads its tasks from pictures: hand over those whose SHA-256 begins with {self.data[:12]}, a folder "
                "or a zip archive of them."
            )
        pictures = PICTURES.get(self.tasks)
        family = FAMILIES[self.tasks] if pictures is None else getattr(pictures, "read", pictures)
        if not isinstance(family, type) and hasattr(family, "sample"):  # registered as they are
            return family
        mine: dict[str, Any] = dataclasses.asdict(self) | {"x": self.x_range}
        names = set(parameters_of(family)) & set(mine)
        if self.tasks == "lines":
            names.discard("degree")  # a line's is 1
        return family(**{name: mine[name] for name in names})

    def build_model(self, in_dim: int = 1, out_dim: int = 1, in_shape: tuple[int, ...] | None = None) -> nnx.Module:
        """The network at its random start, for rows of `in_dim` numbers, or of the shape `in_shape` (pictures)."""
        return _create(self.seed, MODELS[self.model], self._model_options(in_dim, out_dim, in_shape))

    def build_template(
        self,
        in_dim: int = 1,
        out_dim: int = 1,
        in_shape: tuple[int, ...] | None = None,
        *,
        check: Callable[[Any], object] = lambda template: None,
    ) -> tuple[Network, MetaParams]:
        """The network, and meta-parameters that may be shapes alone: what a saved run is read into, without compiling.

        Args:
          in_dim, out_dim: numbers of a row.
          in_shape: of a row, where it is no vector.
          check: is handed the shapes of the saved parameters before anything of their size is made; refuses by raising.
        """
        options = dict(self._model_options(in_dim, out_dim, in_shape))
        start = nnx.eval_shape(lambda: MODELS[self.model](**options, rngs=nnx.Rngs(jax.random.key(self.seed))))
        network, params = Network.split(start)
        check({"meta": MetaParams(params, ())})
        if jax.tree.leaves(network.rest):  # numbers beside the parameters, which the seed says
            network, params = Network.split(self.build_model(in_dim, out_dim, in_shape))
        return network, MetaParams(params, jax.eval_shape(self.build_method().init_rule, params))

    def check_model(self, row: tuple[int, ...]) -> None:
        """Refuses a network of vectors for rows that are pictures, `row` being `[height, width, channels]`."""
        if len(row) == 3 and self.model in MODELS.built_in and self.model not in IMAGE_MODELS:
            raise ValueError(
                f"`model` must be one for pictures ({', '.join(IMAGE_MODELS)}) where the tasks are, got {self.model!r}."
            )

    def _model_options(self, in_dim: int, out_dim: int, in_shape: tuple[int, ...] | None) -> tuple[tuple[str, Any], ...]:
        options = {spec.name: getattr(self, spec.name) for spec in dataclasses.fields(self)}
        options |= {"in_dim": in_dim, "out_dim": out_dim, "in_shape": in_shape or (in_dim,)}
        names = MODEL_OPTIONS.get(self.model) or parameters_of(MODELS[self.model])  # the latter of what is registered
        return tuple((name, options[name]) for name in names if name in options)

    def build_meta_optimizer(self) -> MetaOptimizer:
        """The optimiser of the outer loop."""
        decay_over = None if self.meta_schedule == "constant" else self.num_iterations
        clip_norm = self.clip_norm or None
        return MetaOptimizer(self.meta_lr, clip_norm, self.weight_decay, self.meta_optimizer, self.meta_schedule, decay_over)

    @property
    def loss_fn(self) -> LossFn:
        """The loss."""
        return LOSSES[self.loss]

    # As text.

    def changes(self) -> dict[str, Any]:
        """The fields that differ from the tutorial's run, ready for JSON."""
        values = {spec.name: (getattr(self, spec.name), spec.default) for spec in dataclasses.fields(self)}
        return {name: value for name, (value, default) in values.items() if value != default}

    def to_json(self) -> str:
        """All fields, one a line, with the version."""
        return json.dumps({"version": VERSION, **dataclasses.asdict(self)}, indent=2)

    @classmethod
    def from_json(cls, content: str) -> "Experiment":
        """The inverse of `to_json`; fields that are missing take their defaults.

        Raises:
          ValueError: not JSON, a newer version, an unknown key, or a value that cannot work.
        """
        try:
            values = json.loads(content)
        except (json.JSONDecodeError, RecursionError) as error:
            raise ValueError(f"An experiment must be JSON, got {content[:40]!r}: {error}.") from None
        if not isinstance(values, dict):
            raise ValueError(f"An experiment must be a JSON object, got {content[:40]!r}.")
        version = values.pop("version", VERSION)
        if not isinstance(version, int) or version > VERSION:
            raise ValueError(f"`version` must be at most {VERSION}, got {version!r}: the file is of a newer MAML Lab.")
        return cls.from_values(values)

    @classmethod
    def from_values(cls, values: Mapping[str, Any]) -> "Experiment":
        """From plain values by field name.

        Raises:
          ValueError: an unknown key, named, or a value that cannot work.
        """
        known = {spec.name for spec in dataclasses.fields(cls)}
        if unknown := sorted(set(values) - known):
            named = ", ".join(f"{name!r}{near(name, known)}" for name in unknown)
            raise ValueError(f"Unknown field {named}; the fields are {', '.join(sorted(known))}.")
        return cls(**values)

    @classmethod
    def parse(cls, name: str, content: str) -> Any:
        """The value that `content` spells for the field `name`, in a link or behind a flag; judged by the field alone."""
        return parse_value(next(spec for spec in dataclasses.fields(cls) if spec.name == name), content)

    @staticmethod
    def spell(value: Any) -> str:
        """The inverse of `parse`."""
        return spell(value)

    @property
    def digest(self) -> str:
        """Sixteen hexadecimal digits that name this run; a field added later with its default does not change them."""
        content = json.dumps({"version": VERSION, **self.changes()}, sort_keys=True)
        return hashlib.sha256(content.encode()).hexdigest()[:16]


@partial(nnx.jit, static_argnums=(1, 2))
def _create(seed: int, model: Callable[..., nnx.Module], options: tuple[tuple[str, Any], ...]) -> nnx.Module:
    # One compiled program instead of a dozen: a cold start waits for each.
    return model(**dict(options), rngs=nnx.Rngs(jax.random.key(seed)))
