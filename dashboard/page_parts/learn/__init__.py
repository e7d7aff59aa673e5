"""What Learn alone shows: eight lessons, and what they ask of the engine."""
