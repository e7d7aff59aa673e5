"""A table of many small tasks: is meta-learning worth it there, and what will a new task do?"""

import csv

import numpy as np

from maml_engine import Learner
from maml_engine.tables import Settings, guess, judge, read_sheet

# 60 machines of 15 rows each: every machine wears out beyond a load of its own, and cooling puts that off.
rng = np.random.default_rng(0)
with open("machines.csv", "w", newline="") as file:
    writer = csv.writer(file)
    writer.writerow(["machine", "load", "cooling", "wear"])
    for machine in range(60):
        limit = rng.uniform(0, 3)
        for load, cooling in zip(rng.uniform(0, 5, 15), rng.uniform(0, 1, 15), strict=True):
            wear = 8 / (1 + np.exp(-3 * (load - limit - 2 * cooling))) + rng.normal(0, 0.1)
            writer.writerow([f"M{machine:02}", f"{load:.2f}", f"{cooling:.2f}", f"{wear:.2f}"])

sheet = read_sheet("machines.csv")
roles = guess(sheet, target="wear").roles  # what is known is said, the rest is guessed
print(f"task {roles.task}, inputs {', '.join(roles.inputs)}, target {roles.target}")

# Small, so that it takes seconds. `judge(sheet, roles)` asks all predictors and takes a minute or two.
quick = Settings(num_iterations=400, folds=2, members=2, baselines=("pooled", "support_mean", "ridge_prior", "mixed_model"))
*_, progress = judge(sheet, roles, quick)
print(progress.verdict.sentence)
for score in progress.verdict.scores:
    print(f"  {score.title:24} {score.relative:.2f} of the target's spread ({score.low:.2f} to {score.high:.2f})")

progress.learner.save("machines")
known = {"load": [0.5, 1.5, 2.5, 3.5, 4.5], "cooling": [0.5] * 5, "wear": [0.0, 0.1, 1.5, 6.5, 7.9]}  # a new machine
adapted = Learner.load("machines").adapt_rows(known)
mean, low, high = (column[0, 0] for column in adapted.predict_rows({"load": [3.0], "cooling": [0.2]}))
print(f"at load 3.0 and cooling 0.2: {mean:.1f}, with 90 % between {low:.1f} and {high:.1f}")
