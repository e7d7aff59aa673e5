import assert from "node:assert/strict";
import test from "node:test";
import { arrowLength } from "../../../dashboard/components/parameter_plane/front.js";

const METHODS = ["maml", "fomaml", "reptile", "imaml"];

/** Lengths of the four methods' arrows, by their norms. */
function lengths(norms, shown = METHODS) {
  const directions = Object.fromEntries(METHODS.map((method, index) => [method, [0, norms[index]]]));
  const view = { data: { steepness: 3 }, scene: { shown }, directions };
  return shown.map((method) => arrowLength(view, method));
}

test("the larger a norm, the longer its arrow: twice as long where it is four times as large", () => {
  const [small, middle, large, none] = lengths([0.1, 0.4, 1.6, 0]);
  assert.ok(Math.abs(middle / small - 2) < 1e-12 && Math.abs(large / middle - 2) < 1e-12);
  assert.equal(none, 0);
  // As Valleys opens: MAML 0.107, FOMAML 0.192, Reptile 4.26, iMAML 0.395.
  const [maml, fomaml, reptile, imaml] = lengths([0.107, 0.192, 4.26, 0.395]);
  assert.ok(maml < fomaml && fomaml < imaml && imaml < reptile && reptile === 1);
});

test("the longest arrow shrinks to nothing towards an optimum, and never leaves its length", () => {
  const longest = [1e-6, 1e-2, 1, 3, 1e9].map((norm) => lengths([norm, 0, 0, 0])[0]);
  assert.ok(longest.every((length, index) => length <= 1 && (index === 0 || length >= longest[index - 1])));
  assert.ok(longest[0] < 1e-3);
});

test("what has overflowed has no arrow, and what is switched off sets no measure", () => {
  assert.deepEqual(lengths([Number.POSITIVE_INFINITY, 3, Number.NaN, 0]), [0, 1, 0, 0]);
  assert.deepEqual(lengths([3, 1e9, 1e9, 1e9], ["maml"]), [1]);
});
