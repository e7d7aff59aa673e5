import assert from "node:assert/strict";
import test from "node:test";
import { contourSegments, levelsOf, shade } from "../../../dashboard/components/parameter_plane/contours.js";
import { gridOf } from "../../../dashboard/components/parameter_plane/optimum.js";

const SIZE = 21;
const CONE = gridOf(
  [
    [0, SIZE - 1],
    [0, SIZE - 1],
  ],
  SIZE,
  ([x, y]) => Math.hypot(x - 10, y - 10),
);

test("the contour of a cone is a circle, closed", () => {
  const segments = contourSegments(CONE, SIZE, 6);
  const ends = segments.flatMap(([x0, y0, x1, y1]) => [
    [x0, y0],
    [x1, y1],
  ]);
  assert.ok(segments.length > 30);
  for (const [x, y] of ends) assert.ok(Math.abs(Math.hypot(x - 10, y - 10) - 6) < 0.02);
  const met = new Map();
  for (const end of ends.map(String)) met.set(end, (met.get(end) ?? 0) + 1);
  assert.ok(
    [...met.values()].every((times) => times % 2 === 0),
    "every end is another segment's beginning",
  );
  const length = segments.reduce((sum, [x0, y0, x1, y1]) => sum + Math.hypot(x1 - x0, y1 - y0), 0);
  assert.ok(Math.abs(length - 12 * Math.PI) < 0.2);
});

test("no line where no value crosses", () => assert.deepEqual(contourSegments(CONE, SIZE, 99), []));

test("a plane's contour is straight", () => {
  assert.deepEqual(contourSegments([0, 1, 0, 1], 2, 0.25), [[0.25, 0, 0.25, 1]]);
});

test("levels begin just above the least value and grow apart", () => {
  const values = Float64Array.from({ length: 101 }, (_, index) => 100 - index);
  const levels = levelsOf(values, 10);
  assert.equal(levels.length, 10);
  assert.ok(Math.abs(levels[0] - 97 * 0.05 ** 2) < 1e-12 && Math.abs(levels[9] - 97 * 0.95 ** 2) < 1e-12);
  assert.deepEqual(levelsOf(Float64Array.of(Number.NaN, Number.POSITIVE_INFINITY), 3), []);
  assert.equal(levelsOf(Float64Array.of(1, Number.NaN, 3, 2), 1)[0], 1 + 0.25);
});

test("bands have a colour each, from the top of the picture down", () => {
  const colours = [
    [1, 1, 1],
    [2, 2, 2],
    [3, 3, 3],
  ];
  const how = { size: 2, levels: [0.25, 0.75], colours, pixels: 3 };
  const reds = [...shade([0, 0, 1, 1], how)].filter((_, index) => index % 4 === 0);
  assert.deepEqual(reds, [3, 3, 3, 2, 2, 2, 1, 1, 1]); // y upwards: the low values are the last row
  const opaque = [...shade([0, 0, 1, 1], how)].filter((_, index) => index % 4 === 3);
  assert.ok(opaque.every((alpha) => alpha === 255));
  assert.equal(shade([Number.NaN, 0, 0, 0], how)[8 * 3], 3, "what is no number is as high as can be");
});
