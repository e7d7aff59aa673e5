import assert from "node:assert/strict";
import test from "node:test";
import { afterArrow } from "../../../dashboard/components/sine_bench/keyboard.js";

const SCENE = { amplitude: 3, phase: 0.8, points: [[1, 0.5]], steps: 10, inner_lr: 0.001, hidden: [], focus: "" };
const HOW = { xRange: [-5, 5], limit: 4, highest: 10, isFar: false };
const [LEFT, RIGHT, UP, DOWN] = [
  [-1, 0],
  [1, 0],
  [0, 1],
  [0, -1],
];
const POINT = { kind: "point", index: 0 };

test("a point goes along the wave, or up and down off it", () => {
  const after = (arrow, isFar = false) => afterArrow(SCENE, POINT, arrow, { ...HOW, isFar }).points[0];
  assert.deepEqual(
    [LEFT, RIGHT, UP, DOWN].map((arrow) => after(arrow)),
    [
      [0.9, 0.5],
      [1.1, 0.5],
      [1, 0.6],
      [1, 0.4],
    ],
  );
  assert.deepEqual(
    [LEFT, UP].map((arrow) => after(arrow, true)),
    [
      [0.5, 0.5],
      [1, 1],
    ],
  );
});

test("keys bring a point exactly back, and not beyond the axis", () => {
  const there = afterArrow(SCENE, POINT, UP, HOW);
  assert.deepEqual(afterArrow(there, POINT, DOWN, HOW), SCENE);
  const edge = { ...SCENE, points: [[4.95, 0]] };
  assert.deepEqual(afterArrow(edge, POINT, RIGHT, HOW).points[0], [5, 0]);
});

test("the wave by keys", () => {
  const amplitude = (arrow, from = 3) => afterArrow({ ...SCENE, amplitude: from }, { kind: "amplitude" }, arrow, HOW).amplitude;
  assert.deepEqual(
    [amplitude(UP), amplitude(RIGHT), amplitude(DOWN), amplitude(UP, 10), amplitude(DOWN, 0.1)],
    [3.1, 3.1, 2.9, 10, 0.1],
  );
  const phase = (arrow, isFar) => afterArrow(SCENE, { kind: "phase" }, arrow, { ...HOW, isFar }).phase;
  assert.deepEqual([phase(RIGHT, false), phase(LEFT, false), phase(RIGHT, true)], [0.7, 0.9, 0.3]); // right moves the wave right
});
