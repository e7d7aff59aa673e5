"""Which column of a table is what: a first guess, with its reasons, and what had better be asked."""
