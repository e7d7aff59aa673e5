"""A verdict on a table, and its learner in use: python your_tasks.py TABLE.csv KNOWN.csv OTHERS.csv"""

import sys

from maml_engine.tables import Roles, Settings, judge, read_sheet

table, known, others = sys.argv[1:]
roles = Roles(task='shop', inputs=('price', 'week'), target='sales', log=(), classes=False, time='')

for progress in judge(read_sheet(table), roles, Settings(k_shot=4, folds=2, members=2, num_iterations=60, hidden_dim=8, draws=2, baselines=('pooled', 'support_mean'), shots=(1, 4))):
    print(f"{progress.share:4.0%} {progress.doing}", flush=True)
print(progress.verdict.sentence)

learner = progress.learner
learner.save("learner")
prediction = learner.adapt_rows(known).predict_rows(others)
for mean, low, high in zip(prediction.mean, prediction.low, prediction.high):
    print(*mean, *low, *high)
