"""What Train alone shows: held-out tasks, a table of one's own."""
