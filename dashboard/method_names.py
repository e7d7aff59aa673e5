"""What methods and baselines are called, and in which colour each is drawn: the same on every page, readable on both themes."""

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
    PRETRAINED: "Pretrained",
    RANDOM: "Random start",
    ZERO_SHOT: "Zero-shot",
    ORACLE: "Oracle",
}
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
    RANDOM: "#a5765b",
    PRETRAINED: "#a968b8",
    # What a table's meta-learner must beat.
    "pooled": "#8d7a5e",
    "support_mean": "#b0883f",
    "pooled_offset": "#5f9a8a",
    "ridge_support": "#6f8fb5",
    "ridge_prior": "#4fa3b0",
    "mixed_model": "#2f8f5b",
    "gaussian_process": "#8168c9",
    "boosted_trees": "#c2703d",
    "scratch": "#b5657a",
}
