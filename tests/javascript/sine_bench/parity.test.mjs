// The bench's mathematics against the engine's, whose numbers pytest writes down (`test_node.py`).

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";
import { spellLoss } from "../../../dashboard/components/sine_bench/cards.js";
import { BrowserLearner, meanSquaredError } from "../../../dashboard/components/sine_bench/network.js";

const FILE = process.env.JAX_NUMBERS;
const skip = FILE ? false : "JAX's numbers come from pytest";
const jax = FILE ? JSON.parse(readFileSync(FILE, "utf8")).sine_bench : { learners: {}, spelt: [] };
const PARITY = 1e-4;

const farthest = (ys, others) => Math.max(...others.map((y, index) => Math.abs(y - ys[index])));

test("learners of every kind are here", { skip }, () => {
  const names = ["shipped", "relu", "tanh", "sine", "per_parameter", "per_step", "decay", "head", "body"];
  assert.deepEqual(Object.keys(jax.learners), names);
});

for (const [name, { weights, path, loss }] of Object.entries(jax.learners)) {
  test(`${name}: the curves and losses after each of ten steps are those of JAX`, () => {
    const learner = new BrowserLearner(weights);
    const params = learner.adapt(jax.points, 10, jax.inner_lr);
    for (let step = 0; step <= 10; step++) {
      const curve = learner.curve(params[step], jax.x);
      assert.ok(farthest(curve, path[step]) < PARITY, `step ${step}: ${farthest(curve, path[step])}`);
      assert.ok(Math.abs(meanSquaredError(curve, jax.truth) - loss[step]) <= 1e-3 * (1 + loss[step]));
    }
    assert.ok(farthest(path[10], path[0]) > 100 * PARITY, "what was compared has gone somewhere");
  });
}

test("losses are spelt as Python spells them", { skip }, () => {
  assert.ok(jax.spelt.length > 100);
  for (const [loss, words] of jax.spelt) assert.equal(spellLoss(loss), words);
});
