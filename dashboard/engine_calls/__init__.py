"""What pages ask of the engine, each answer computed once; and numbers that are shown before the engine is up."""
