"""What Pitfalls alone shows: the map of step sizes, the pitfalls and their runs."""
