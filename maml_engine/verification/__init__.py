"""The evidence behind `maml check`: closed forms, papers' numbers, and what the last run of them found."""
