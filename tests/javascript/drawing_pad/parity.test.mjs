// What the network sees, and what it makes of it, against Python and JAX, whose numbers pytest writes down (`test_node.py`).

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";
import { PadLearner } from "../../../dashboard/components/drawing_pad/adapting.js";
import { raster } from "../../../dashboard/components/drawing_pad/raster.js";

const FILE = process.env.JAX_NUMBERS;
const skip = FILE ? false : "JAX's numbers come from pytest";
const jax = FILE ? JSON.parse(readFileSync(FILE, "utf8")).drawing_pad : { seen: [], learners: {} };
const [SEEN, SHARES] = [1e-9, 2e-4];

const farthest = (values, others) => Math.max(...Array.from(values, (value, at) => Math.abs(value - others[at])));

test("a drawing is seen as Python sees it", { skip }, () => {
  assert.ok(jax.seen.length > 10);
  for (const { drawing, image } of jax.seen) {
    assert.equal(image.length, raster(drawing).length);
    assert.ok(farthest(raster(drawing), image) < SEEN, `${farthest(raster(drawing), image)}`);
  }
});

test("learners of every kind are here", { skip }, () => {
  assert.deepEqual(Object.keys(jax.learners), ["head", "zero", "start", "means", "layer"]);
});

for (const [name, { weights, shares }] of Object.entries(jax.learners)) {
  test(`${name}: the classes after each step are as likely as JAX has them`, () => {
    const { classes, query } = jax.drawings;
    const learner = new PadLearner(weights);
    const support = classes.flatMap(({ drawings }, way) => drawings.map((drawing) => ({ image: raster(drawing), way })));
    const work = learner.adapt(support, classes.length);
    let step = work.next();
    while (!step.done) step = work.next();
    const found = learner.ranked(step.value, raster(query));
    assert.equal(found.length, shares.length);
    for (const [at, each] of found.entries())
      assert.ok(farthest(each, shares[at]) < SHARES, `step ${at}: ${farthest(each, shares[at])}`);
    assert.ok(farthest(found[0], found.at(-1)) > 10 * SHARES, "what was compared has gone somewhere");
  });
}
