"""Products in the order, and the order of axes, that XLA's CPU backend computes fast.

A kernel's gradient sums over the rows of both its factors, `x' d`. Given like that, XLA hands it to a routine that reads one of
them across its rows: 22 us for 25 tasks of 10 rows and 40 x 40 weights, where transposing one first and then multiplying takes
12 us, transpose included (one thread). And where a task has fewer rows than its kernel has columns, the gradient need not be
computed at all: `h (W - lr x' d)` is `h W - lr (h x') d`, one product that all tasks share and two small ones. Nothing in a
network's code can say so: these products are made by differentiation. So the differentiated program is gone through once, when
it is traced, and they are written otherwise. Values are the same up to the order of a sum.
"""

from maml_engine.runtime.matmul_rewriting.interpreter import fast_products

__all__ = ["fast_products"]
