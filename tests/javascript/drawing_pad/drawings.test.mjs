import assert from "node:assert/strict";
import test from "node:test";
import {
  blank,
  checked,
  drawingAt,
  erased,
  MAX_SHOTS,
  MAX_STROKES,
  nextPlace,
  QUERY,
  renamed,
  tidied,
  withoutDrawings,
  withStroke,
  withWays,
} from "../../../dashboard/components/drawing_pad/drawings.js";
import { EXAMPLE } from "../../../dashboard/components/drawing_pad/example.js";

const LINE = [0, 0, 100, 100];

test("a stroke goes to the drawing in hand, and what was before stays as it was", () => {
  const before = blank(3);
  const after = withStroke(withStroke(before, { way: 1, shot: 0 }, LINE), { way: 1, shot: 0 }, [5, 5]);
  assert.deepEqual(after.classes[1].drawings, [[LINE, [5, 5]]]);
  assert.deepEqual(before, blank(3));
  assert.deepEqual(drawingAt(withStroke(before, QUERY, LINE), QUERY), [LINE]);
});

test("behind the last drawing begins the next, of which there are five at the most", () => {
  let all = blank(2);
  for (let shot = 0; shot < 7; shot++) all = withStroke(all, { way: 0, shot }, [shot, shot]);
  assert.equal(all.classes[0].drawings.length, MAX_SHOTS);
});

test("what is drawn without end does not grow without end", () => {
  let all = blank(2);
  for (let stroke = 0; stroke < MAX_STROKES + 20; stroke++) all = withStroke(all, QUERY, [1, 1]);
  assert.equal(all.query.length, MAX_STROKES);
  const long = Array.from({ length: 4000 }, () => 1);
  assert.equal(withStroke(blank(2), QUERY, long).query.length, 0);
});

test("an eraser takes the strokes that it touches, between their points too", () => {
  const all = withStroke(withStroke(blank(2), QUERY, [0, 0, 1000, 0]), QUERY, [0, 500, 1000, 500]);
  assert.deepEqual(erased(all, QUERY, [500, 30], 45).query, [[0, 500, 1000, 500]]);
  assert.equal(erased(all, QUERY, [500, 250], 45), all);
});

test("the next place is the class with the fewest drawings, then the question", () => {
  let all = blank(3);
  assert.deepEqual(nextPlace(all), { way: 0, shot: 0 });
  all = withStroke(all, { way: 0, shot: 0 }, LINE);
  assert.deepEqual(nextPlace(all), { way: 1, shot: 0 });
  for (const way of [1, 2]) all = withStroke(all, { way, shot: 0 }, LINE);
  assert.deepEqual(nextPlace(all), QUERY);
  all = withStroke(all, { way: 2, shot: 1 }, LINE);
  assert.deepEqual(nextPlace(all), { way: 0, shot: 1 });
});

test("there are two to ten classes, and those that stay keep what they have", () => {
  const all = renamed(withStroke(blank(3), { way: 0, shot: 0 }, LINE), 0, "  house  ");
  assert.equal(withWays(all, 99).classes.length, 10);
  assert.equal(withWays(all, 0).classes.length, 2);
  assert.deepEqual(withWays(all, 4).classes[0], { name: "house", drawings: [[LINE]] });
  assert.equal(renamed(all, 0, "  ").classes[0].name, "A");
  assert.deepEqual(withoutDrawings(all, 0).classes[0], { name: "house", drawings: [] });
});

test("empty drawings are left behind", () => {
  const all = {
    ...blank(2),
    classes: [
      { name: "A", drawings: [[], [LINE], []] },
      { name: "B", drawings: [] },
    ],
  };
  assert.deepEqual(tidied(all).classes[0].drawings, [[LINE]]);
});

test("what was drawn comes back as it was", () => {
  assert.deepEqual(checked(JSON.parse(JSON.stringify(EXAMPLE))), EXAMPLE);
});

const forged = [
  null,
  7,
  {},
  { classes: [], query: [] },
  { classes: Array(11).fill({ name: "A", drawings: [] }), query: [] },
  { classes: Array(2).fill({ name: 1, drawings: [] }), query: [] },
  { classes: Array(2).fill({ name: "A", drawings: Array(6).fill([]) }), query: [] },
  ...[
    [[1]],
    [[1, 2, 3]],
    [[1, 2000]],
    [[1, -1]],
    [[1, 1.5]],
    [[1, "2"]],
    "x",
    Array(41).fill([1, 1]),
    [Array(4000).fill(1)],
  ].map((query) => ({ classes: Array(2).fill({ name: "A", drawings: [] }), query })),
];
for (const [index, value] of forged.entries()) {
  test(`what is no drawing is not taken (${index})`, () => assert.equal(checked(value), null));
}
