"""What each field of the Experiment is on a page: its group, its label, when it means something, its slider's marks."""

from collections.abc import Callable, Collection, Mapping
from typing import Any

from dashboard.widgets.links import TABLE_FIELDS
from maml_engine.methods import METHODS
from maml_engine.models import IMAGE_MODELS, MODEL_OPTIONS
from maml_engine.tasks import FAMILIES, PICTURES

GROUPS = {
    "Tasks": (
        *("tasks", "amplitude", "phase", "frequency", "degree", "length_scale", "x_range", "noise", "pool"),
        *("n_way", "variation", "class_split", "rotations", "distortion", "same_group"),
        *("image_size", "colour", "layout", "ink", "k_shot", "k_query"),
    ),
    "Inner loop": (
        *("method", "inner_lr", "inner_steps", "inner_optimizer"),
        *("learn_step_sizes", "inner_lr_decay", "per_step_norms", "multi_step_iterations", "first_order_iterations"),
        *("proximal", "inner_tolerance", "cg_steps"),
    ),
    "Outer loop": (
        *("num_iterations", "meta_batch_size", "meta_lr"),
        *("meta_optimizer", "meta_schedule", "clip_norm", "weight_decay", "keep"),
    ),
    "Network": (
        *("model", "hidden_dim", "num_layers", "activation", "layer_norm"),
        *("context_dim", "fourier_features", "fourier_scale", "filters", "downsampling", "norm", "loss"),
    ),
    "Run": ("seed",),
}

LABELS = {
    "method": "Method",
    "num_iterations": "Meta-iterations",
    "meta_batch_size": "Tasks in a meta-step",
    "meta_lr": "Meta step size β",
    "inner_lr": "Inner step size α",
    "inner_steps": "Inner steps",
    "k_shot": "Support points a task",
    "k_query": "Query points a task",
    "seed": "Seed",
    "tasks": "Tasks",
    "amplitude": "Amplitude, low and high",
    "phase": "Phase, low and high (radians)",
    "x_range": "Inputs x, low and high",
    "noise": "Noise on support targets",
    "frequency": "Frequency, low and high (radians per unit of x)",
    "degree": "Highest order",
    "length_scale": "Length scale of the kernel",
    "pool": "Training tasks (0: endlessly many)",
    "n_way": "Classes of a task",
    "variation": "How far pictures of a class differ",
    "class_split": "Which characters are for test",
    "rotations": "Turned characters are classes too",
    "distortion": "How much training pictures are distorted",
    "same_group": "A task is of one alphabet",
    "image_size": "Side of a picture (0: by the pictures)",
    "colour": "Colours",
    "layout": "How pictures are laid out",
    "ink": "Ink of drawings",
    "inner_optimizer": "Inner optimiser",
    "learn_step_sizes": "Learned step sizes",
    "inner_lr_decay": "Each inner step over the one before",
    "per_step_norms": "Normalisation of its own each step",
    "multi_step_iterations": "Meta-steps with the loss of all steps",
    "first_order_iterations": "First-order meta-steps at the start",
    "proximal": "Pull to the start λ",
    "inner_tolerance": "Gradient norm to stop at",
    "cg_steps": "Conjugate-gradient iterations",
    "model": "Network",
    "hidden_dim": "Hidden units",
    "num_layers": "Hidden layers",
    "activation": "Activation",
    "layer_norm": "Layer normalisation",
    "context_dim": "Size of the context",
    "fourier_features": "Random frequencies",
    "fourier_scale": "Spread of the frequencies",
    "filters": "Filters",
    "downsampling": "How a block halves the picture",
    "norm": "Pictures are normalised by",
    "loss": "Loss",
    "meta_optimizer": "Meta-optimiser",
    "meta_schedule": "Meta step size over the run",
    "clip_norm": "Clip the meta-gradient at (0: never)",
    "weight_decay": "Weight decay",
    "keep": "Snapshot that is the result",
}


# The same where the tasks are pictures.
PICTURE_LABELS = {
    "k_shot": "Support pictures of each class",
    "k_query": "Query pictures of each class",
}


def label(name: str, tasks: str) -> str:
    """What a field is called beside these tasks."""
    return (PICTURE_LABELS if tasks in PICTURES else {}).get(name, LABELS[name])


def _of_family(name: str) -> Callable[[Mapping[str, Any]], bool]:
    """Whether the family of functions that is chosen has a field of this name, and leaves it open (a line's order is 1)."""
    return lambda values: (
        name in getattr(FAMILIES.get(values["tasks"]), "__dataclass_fields__", ())
        and (name, values["tasks"]) != ("degree", "lines")
    )


def _of_network(name: str) -> Callable[[Mapping[str, Any]], bool]:
    return lambda values: name in MODEL_OPTIONS.get(values["model"], ("hidden_dim",))


def _of_method(method: str) -> Callable[[Mapping[str, Any]], bool]:
    return lambda values: values["method"] == method


def _makes_steps(values: Mapping[str, Any]) -> bool:
    """Whether the method is not one that adapts by solving."""
    method = METHODS.get(values.get("method", ""))
    return method is None or method.support_gives != "solution"


def _of_functions(values: Mapping[str, Any]) -> bool:
    return values["tasks"] != "table" and values["tasks"] not in PICTURES


# Fields that mean something only beside others; elsewhere they are hidden and take their default.
RELEVANT: dict[str, Callable[[Mapping[str, Any]], bool]] = {
    **{name: _of_family(name) for name in ("amplitude", "phase", "frequency", "degree", "length_scale")},
    **dict.fromkeys(("x_range", "noise", "pool"), _of_functions),
    "k_query": lambda values: values["tasks"] != "table",
    **dict.fromkeys(
        ("learn_step_sizes", "inner_lr_decay", "per_step_norms", "multi_step_iterations", "first_order_iterations"),
        _of_method("mamlplusplus"),
    ),
    **dict.fromkeys(("proximal", "inner_tolerance", "cg_steps"), _of_method("imaml")),
    **dict.fromkeys(("inner_lr", "inner_steps", "inner_optimizer"), _makes_steps),
    **{
        name: _of_network(name)
        for name in (
            *("hidden_dim", "num_layers", "activation", "layer_norm", "context_dim", "fourier_features", "fourier_scale"),
            *("filters", "downsampling", "norm"),
        )
    },
    "n_way": lambda values: values["tasks"] in PICTURES,
    "variation": lambda values: values["tasks"] == "glyphs",
    **dict.fromkeys(("class_split", "rotations"), lambda values: values["tasks"] == "omniglot"),
    **dict.fromkeys(("distortion", "same_group"), lambda values: values["tasks"] in ("omniglot", "images")),
    **{name: lambda values: values["tasks"] == "images" for name in ("image_size", "colour", "layout", "ink")},
    "weight_decay": lambda values: values["meta_optimizer"] == "adamw",
    **{name: lambda values: values["tasks"] == "table" for name in TABLE_FIELDS},
}

# What no page about functions offers, and a link may not bring there: tasks of pictures, their networks and their loss.
PICTURE_LOSS = "softmax_cross_entropy"
OF_PICTURES: dict[str, Collection[str]] = {"tasks": PICTURES, "model": IMAGE_MODELS, "loss": (PICTURE_LOSS,)}
NEEDS_CONTEXT = ("cavia", "cnp")  # methods that adapt a context, which no network of pictures has
# Where a visitor begins who turns from functions to pictures: of use after about 95 s of processor time, compiling
# included, for any number of classes, and in a network that looks at each drawing by itself.
PICTURE_START: dict[str, Any] = {
    **{"tasks": "glyphs", "k_shot": 1, "k_query": 5, "method": "protonet", "loss": PICTURE_LOSS},
    **{"model": "conv4", "filters": 32, "norm": "group"},
    **{"num_iterations": 1000, "meta_batch_size": 4, "meta_lr": 0.003, "meta_schedule": "cosine"},
}


def offered(name: str, choices: Collection[str], tasks: str, pictures: Collection[str] = ()) -> list[str]:
    """Which of a field's choices a page offers.

    Args:
      name: of the field.
      choices: all that it has.
      tasks: that are chosen.
      pictures: tasks of pictures that the page has.
    """
    if name == "tasks":
        return [choice for choice in choices if choice not in PICTURES or choice in pictures]
    if tasks not in PICTURES:
        return [choice for choice in choices if choice not in OF_PICTURES.get(name, ())]
    if name == "model":
        return [choice for choice in choices if choice in IMAGE_MODELS]
    return [choice for choice in choices if name != "method" or choice not in NEEDS_CONTEXT]


def of_functions(kept: Mapping[str, Any]) -> dict[str, Any]:
    """What of a link to pictures means something for functions, too."""
    return {name: value for name, value in kept.items() if value not in OF_PICTURES.get(name, ())}


def why_not_pictures(name: str, value: str, instead: str) -> str:
    """One sentence about what a link says of pictures and a page does not have."""
    why = {
        "method": f"`method` {value} adapts a context, which no network of pictures has",
        "model": f"`model` {value} is no network for pictures",
        "tasks": f"`tasks` {value} needs pictures that are not on this server, and a page downloads none (`maml train --tasks "
        f"{value}` does, or reads yours)",
    }[name]
    return f"The link's value was set aside: {why}. The page uses {instead}."


# Marks of the sliders over orders of magnitude; values from a link that lie between are added.
STEP_SIZES = tuple(float(f"{digit}e{power}") for power in range(-5, 0) for digit in (1, 2, 5)) + (1.0,)
SLIDERS = {"inner_lr": STEP_SIZES, "meta_lr": STEP_SIZES}
STEPS = {
    "num_iterations": 1000,
    "noise": 0.05,
    "clip_norm": 0.5,
    "weight_decay": 0.001,
    "multi_step_iterations": 1000,
    "first_order_iterations": 1000,
    "inner_lr_decay": 0.05,
    "inner_tolerance": 1e-6,
}
