"""What methods and baselines are called, where each was published, and in which colour it is drawn: the same on every page."""

from typing import NamedTuple

PRETRAINED, RANDOM, ZERO_SHOT, ORACLE = "pretrained", "random", "zero-shot", "oracle"
NAMES = {
    "maml": "MAML",
    "fomaml": "FOMAML",
    "reptile": "Reptile",
    "metasgd": "Meta-SGD",
    "mamlplusplus": "MAML++",
    "anil": "ANIL",
    "boil": "BOIL",
    "imaml": "iMAML",
    "cavia": "CAVIA",
    "metacurvature": "Meta-Curvature",
    "r2d2": "R2-D2",
    "alpaca": "ALPaCA",
    "dkt": "DKT",
    "pacoh": "PACOH",
    "cnp": "CNP",
    "protonet": "ProtoNet",
    "protomaml": "ProtoMAML",
    "unicorn": "UNICORN",
    PRETRAINED: "Pretrained",
    RANDOM: "Random start",
    ZERO_SHOT: "Zero-shot",
    ORACLE: "Oracle",
}

# Methods that solve for what adapts, so that no inner step size and no number of steps is theirs; the engine need not be up.
SOLVING = frozenset({"r2d2", "alpaca", "dkt", "pacoh", "cnp", "protonet"})
# Tasks of pictures (`maml_engine.tasks.PICTURES`).
PICTURE_NAMES = {"glyphs": "Glyphs", "omniglot": "Omniglot", "images": "other pictures"}


class Paper(NamedTuple):
    """Where something was published.

    authors: as they are cited.
    year: of the publication.
    doi: as in "10.48550/arXiv.1703.03400".
    """

    authors: str
    year: int
    doi: str

    @property
    def link(self) -> str:
        """As Markdown that leads to it."""
        return f"[{self.authors}, {self.year}](https://doi.org/{self.doi})"


PAPERS = {
    "maml": Paper("Finn et al.", 2017, "10.48550/arXiv.1703.03400"),
    "fomaml": Paper("Finn et al.", 2017, "10.48550/arXiv.1703.03400"),
    "reptile": Paper("Nichol et al.", 2018, "10.48550/arXiv.1803.02999"),
    "metasgd": Paper("Li et al.", 2017, "10.48550/arXiv.1707.09835"),
    "mamlplusplus": Paper("Antoniou et al.", 2019, "10.48550/arXiv.1810.09502"),
    "anil": Paper("Raghu et al.", 2020, "10.48550/arXiv.1909.09157"),
    "boil": Paper("Oh et al.", 2021, "10.48550/arXiv.2008.08882"),
    "imaml": Paper("Rajeswaran et al.", 2019, "10.48550/arXiv.1909.04630"),
    "cavia": Paper("Zintgraf et al.", 2019, "10.48550/arXiv.1810.03642"),
    "metacurvature": Paper("Park and Oliva", 2019, "10.48550/arXiv.1902.03356"),
    "r2d2": Paper("Bertinetto et al.", 2019, "10.48550/arXiv.1805.08136"),
    "alpaca": Paper("Harrison et al.", 2018, "10.48550/arXiv.1807.08912"),
    "dkt": Paper("Patacchiola et al.", 2020, "10.48550/arXiv.1910.05199"),
    "pacoh": Paper("Rothfuss et al.", 2021, "10.48550/arXiv.2002.05551"),
    "cnp": Paper("Garnelo et al.", 2018, "10.48550/arXiv.1807.01613"),
    "protonet": Paper("Snell et al.", 2017, "10.48550/arXiv.1703.05175"),
    "protomaml": Paper("Triantafillou et al.", 2020, "10.48550/arXiv.1903.03096"),
    "unicorn": Paper("Ye and Chao", 2022, "10.48550/arXiv.2106.16245"),
}
# What the defaults and some rules of thumb are of, beside which stands what was measured; it is no paper and has no address.
TUTORIAL = "the tutorial *Meta-Learning with MAML*"
# What only marks a bound has no colour of its own.
COLOURS = {
    "maml": "#3a86ea",
    "fomaml": "#1ca3a1",
    "reptile": "#3aa564",
    "metasgd": "#dc5a8b",
    "mamlplusplus": "#e2622c",
    "anil": "#7f9a2b",
    "boil": "#b39324",
    "imaml": "#7b6ee0",
    "cavia": "#c45bbd",
    "metacurvature": "#4f9fc4",
    "r2d2": "#c9822e",
    "alpaca": "#c0574f",
    "dkt": "#5b86b8",
    "pacoh": "#8f75d1",
    "cnp": "#6c9c4f",
    "protonet": "#2f9d8a",
    "protomaml": "#5a94d6",
    "unicorn": "#b06fc9",
    RANDOM: "#a5765b",
    PRETRAINED: "#a968b8",
    # What a table's meta-learner must beat.
    "pooled": "#8d7a5e",
    "support_mean": "#b0883f",
    "pooled_offset": "#5f9a8a",
    "ridge_support": "#6f8fb5",
    "ridge_prior": "#4fa3b0",
    "mixed_model": "#2f8f5b",
    "task_mixture": "#3d7f9e",
    "gaussian_process": "#8168c9",
    "learned_process": "#5a55c4",
    "boosted_trees": "#c2703d",
    "scratch": "#b5657a",
}
