"""The machine, not the mathematics: a guard for XLA, cores, folders, and products as a CPU computes them fast."""
