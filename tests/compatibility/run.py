"""Run f365561bee33ac86 of MAML Lab. It needs `maml_engine` alone: python run.py"""

import jax

from maml_engine import Experiment, evaluate, train

experiment = Experiment(
    method='metasgd',
    num_iterations=60,
    meta_batch_size=5,
    inner_lr=0.001,
    k_shot=5,
    hidden_dim=8,
)

for report in train(experiment):
    print(f"iteration {report.iteration:>7,}  meta-loss {report.meta_loss[-1]:.4f}", flush=True)

learner = report.result
learner.save("learner")
for row in evaluate(learner, jax.random.key(1), k_shot=experiment.k_shot).rows():
    print(row)
