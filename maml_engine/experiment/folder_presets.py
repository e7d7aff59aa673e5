"""Protocol cards on pictures that are not ours to ship: mini-ImageNet and CIFAR-FS, from a folder of the user's.

An inner step size of 0.01 in Finn et al.'s code, which sums a loss over classes and divides it by `k_shot`, is 0.05 for a mean
over the rows of five classes.
"""

from typing import Any

from maml_engine.experiment import Experiment
from maml_engine.experiment.presets import DataSet, Preset

NOT_READ = "not read yet"  # stands for the digest of the pictures until the user's are read
MINI_IMAGENET = DataSet("mini-ImageNet", (64, 16, 20), 600)
CIFAR_FS = DataSet("CIFAR-FS", (64, 16, 20), 600)

_REMARK = (
    "Trained with five steps and 15 queries of each class, tested with ten steps and as many queries as known pictures, all "
    "queries of a task normalised together (transductively). The paper's code clips each element of the meta-gradient of a "
    "summed loss at 10; here the norm of a mean's is clipped."
)


def _maml(data_set: DataSet, size: int, k_shot: int, *, published: float, margin: float) -> Preset:
    """MAML as Finn et al. (2017) train it on mini-ImageNet (app. A.1 and their code).

    Args:
      data_set: what is published is of these pictures.
      size: side of a picture.
      k_shot: known pictures of a class.
      published: accuracy after ten steps.
      margin: half-width of its 95 % interval.
    """
    is_theirs = data_set is MINI_IMAGENET
    settings: dict[str, Any] = {"tasks": "images", "data": NOT_READ, "image_size": size, "colour": "colour"}
    settings |= {"model": "conv4", "filters": 32, "downsampling": "max_pool", "loss": "softmax_cross_entropy"}
    experiment = Experiment(
        method="maml", n_way=5, k_shot=k_shot, k_query=15, inner_lr=0.05, inner_steps=5, clip_norm=10.0,
        meta_batch_size=4 if k_shot == 1 else 2, num_iterations=60_000, **settings,
    )  # fmt: skip
    return Preset(
        title=f"MAML on {data_set.name}, 5-way {k_shot}-shot",
        source="Finn et al. (2017), table 1 and app. A.1" if is_theirs else "Bertinetto et al. (2019), table 1",
        experiment=experiment,
        judged={"k_shot": k_shot, "k_query": k_shot, "inner_steps": 10, "num_tasks": 600},
        published={10: published},
        margin={10: margin},
        remark=_REMARK
        if is_theirs
        else f"The settings are Finn et al.'s for mini-ImageNet, which the number's source may not have kept to. {_REMARK}",
        measure="accuracy",
        data_set=data_set,
    )


FOLDER_PRESETS: dict[str, Preset] = {
    "mini_imagenet_maml": _maml(MINI_IMAGENET, 84, 1, published=0.487, margin=0.0184),
    "mini_imagenet_maml_5shot": _maml(MINI_IMAGENET, 84, 5, published=0.6311, margin=0.0092),
    "cifar_fs_maml": _maml(CIFAR_FS, 32, 1, published=0.589, margin=0.019),
    "cifar_fs_maml_5shot": _maml(CIFAR_FS, 32, 5, published=0.715, margin=0.01),
}
