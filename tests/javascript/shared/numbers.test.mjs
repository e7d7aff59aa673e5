import assert from "node:assert/strict";
import test from "node:test";
import { arrowOf, isRemoving } from "../../../dashboard/components/shared/keys.js";
import { clamp, counted, roundTo, spellNumber } from "../../../dashboard/components/shared/numbers.js";

test("numbers are kept within bounds, rounded, and spelt in three figures", () => {
  assert.deepEqual(
    [-7, 2, 7].map((value) => clamp(value, [-5, 5])),
    [-5, 2, 5],
  );
  assert.equal(roundTo(1.23456, 2), 1.23);
  assert.ok(Object.is(roundTo(-0.001, 2), 0), "never -0");
  assert.deepEqual([0.00123456, 1, 1234.5].map(spellNumber), ["0.00123", "1", "1230"]);
  assert.deepEqual(
    [0, 1, 2].map((count) => counted(count, "step")),
    ["0 steps", "1 step", "2 steps"],
  );
});

test("keys that move and remove", () => {
  assert.deepEqual(["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown"].map(arrowOf), [
    [-1, 0],
    [1, 0],
    [0, 1],
    [0, -1],
  ]);
  assert.equal(arrowOf("a"), null);
  assert.deepEqual(["Delete", "Backspace", "Enter"].map(isRemoving), [true, true, false]);
});
