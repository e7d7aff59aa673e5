import assert from "node:assert/strict";
import { test } from "node:test";
import { rangesOf } from "../../../dashboard/components/axis_brush/ranges.js";

const NAMES = { α: "inner_lr", method: "method", "held out": "held_out" };

test("one range of an axis and several, low end first; axes without any say nothing", () => {
  const dimensions = [
    { label: "α", constraintrange: [-1, -3] },
    { label: "method" },
    {
      label: "held out",
      constraintrange: [
        [0, 1],
        [3, 2],
      ],
    },
  ];
  assert.deepEqual(rangesOf(dimensions, NAMES), {
    inner_lr: [[-3, -1]],
    held_out: [
      [0, 1],
      [2, 3],
    ],
  });
});

test("axes that were put into another order keep their names, and unknown ones are left out", () => {
  const dimensions = [
    { label: "method", constraintrange: [0.75, 1.25] },
    { label: "toString", constraintrange: [0, 1] },
    { label: "α", constraintrange: [] },
  ];
  assert.deepEqual(rangesOf(dimensions, NAMES), { method: [[0.75, 1.25]] });
});
