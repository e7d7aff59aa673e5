// The plane's mathematics against the engine's, whose numbers pytest writes down (`test_node.py`).

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";
import { directions, innerPath, metaLoss, outerStep } from "../../../dashboard/components/parameter_plane/landscape.js";
import { optimum } from "../../../dashboard/components/parameter_plane/optimum.js";

const FILE = process.env.JAX_NUMBERS;
const skip = FILE ? false : "JAX's numbers come from pytest";
const jax = FILE ? JSON.parse(readFileSync(FILE, "utf8")).parameter_plane : { seen: [], flat: null };
const TOLERANCE = 1e-4;

/** Every number within the tolerance, in arrays of any depth. */
function near(actual, expected) {
  if (typeof expected === "number") {
    assert.ok(Math.abs(actual - expected) <= TOLERANCE, `${actual} is not ${expected}`);
    return;
  }
  assert.equal(actual.length, expected.length);
  expected.forEach((value, index) => void near(actual[index], value));
}

test("every surface is here, from no steps to twenty", { skip }, () => {
  assert.deepEqual([...new Set(jax.seen.map(({ landscape }) => landscape.surface))].sort(), [
    "bowls",
    "rivers",
    "valleys",
    "waves",
  ]);
  assert.deepEqual([...new Set(jax.seen.map(({ landscape }) => landscape.inner_steps))], [0, 1, 5, 20]);
  assert.equal(jax.seen.filter((seen) => seen.optimum).length, 12);
});

for (const seen of jax.seen) {
  const { landscape, theta, window } = seen;
  const name = `${landscape.surface}, ${landscape.inner_steps} steps`;

  test(`${name}: paths, losses and directions are those of JAX`, () => {
    near(
      landscape.tasks.map((task) => innerPath(landscape, theta, task)),
      seen.path,
    );
    near(metaLoss(landscape, theta), seen.meta_loss);
    const found = directions(landscape, theta);
    assert.deepEqual(Object.keys(seen.directions), ["maml", "fomaml", "reptile", "imaml"]);
    for (const [method, direction] of Object.entries(seen.directions)) near(found[method], direction);
    const descent = [theta];
    for (let step = 0; step < 5; step++)
      descent.push(outerStep(landscape, descent[step], "imaml", { metaLr: 0.05, longest: 0.1 }));
    near(descent, seen.descent);
  });

  test(`${name}: the optimum is that of JAX`, { skip: seen.optimum ? false : "the engine's was not asked for" }, () => {
    const found = optimum(landscape, window);
    near(found.theta, seen.optimum.theta);
    near(found.meta_loss, seen.optimum.meta_loss);
    assert.equal(found.is_flat, seen.optimum.is_flat);
  });
}

test("a meta-loss that is the same everywhere is flat", { skip }, () => {
  assert.ok(optimum(jax.flat.landscape, jax.flat.window).is_flat);
});
