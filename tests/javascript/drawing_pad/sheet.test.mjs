import assert from "node:assert/strict";
import test from "node:test";
import { blank, erased, QUERY, withStroke, withWays } from "../../../dashboard/components/drawing_pad/drawings.js";
import { EXAMPLE } from "../../../dashboard/components/drawing_pad/example.js";
import { Sheet } from "../../../dashboard/components/drawing_pad/sheet.js";

const LINE = [0, 0, 100, 100];

test("the first stroke on a drawing that came with the pad replaces it", () => {
  const sheet = new Sheet(EXAMPLE);
  assert.ok(sheet.isUntouched);
  sheet.set(sheet.withStroke(LINE));
  assert.deepEqual(sheet.all.query, [LINE]);
  sheet.set(sheet.withStroke([5, 5]));
  assert.deepEqual(sheet.all.query, [LINE, [5, 5]]);
  assert.ok(!sheet.isUntouched);
  sheet.choose({ way: 2, shot: 0 });
  assert.deepEqual(sheet.withStroke(LINE).classes[2].drawings, [[LINE]]);
});

test("every change can be taken back, clearing all as well", () => {
  const sheet = new Sheet(EXAMPLE);
  sheet.clear();
  assert.deepEqual(sheet.all, blank(5));
  assert.deepEqual(sheet.chosen, { way: 0, shot: 0 });
  sheet.set(sheet.withStroke(LINE));
  assert.ok(sheet.undo() && sheet.undo() && !sheet.undo());
  assert.equal(sheet.all, EXAMPLE);
});

test("one sweep of the eraser is one change", () => {
  const all = withStroke(withStroke(blank(2), QUERY, [0, 0, 10, 0]), QUERY, [0, 500, 10, 500]);
  const sheet = new Sheet(all);
  sheet.erase((each) => erased(each, QUERY, [5, 0], 45));
  sheet.erase((each) => erased(each, QUERY, [5, 500], 45));
  assert.ok(sheet.lift());
  assert.equal(sheet.all.query.length, 0);
  sheet.undo();
  assert.equal(sheet.all, all);
  sheet.erase((each) => erased(each, QUERY, [999, 999], 45));
  assert.ok(!sheet.lift() && !sheet.canUndo);
});

test("going on leads through the classes to the question, and then to another one", () => {
  const sheet = new Sheet(blank(2));
  sheet.next();
  assert.deepEqual(sheet.chosen, { way: 0, shot: 0 });
  sheet.set(sheet.withStroke(LINE));
  sheet.next();
  assert.deepEqual(sheet.chosen, { way: 1, shot: 0 });
  sheet.set(sheet.withStroke(LINE));
  sheet.next();
  assert.equal(sheet.chosen, QUERY);
  sheet.set(sheet.withStroke(LINE));
  assert.ok(sheet.next());
  assert.deepEqual(sheet.all.query, []);
  assert.equal(sheet.chosen, QUERY);
});

test("what is in hand is there, whatever goes", () => {
  const sheet = new Sheet(withWays(EXAMPLE, 6));
  sheet.choose({ way: 5, shot: 3 });
  assert.deepEqual(sheet.chosen, { way: 5, shot: 0 });
  sheet.set(withWays(sheet.all, 5));
  assert.equal(sheet.chosen, QUERY);
});
