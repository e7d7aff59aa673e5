"""The algorithm: episodes and losses, the inner loop, how the outer gradient flows, the meta-optimiser."""
