import assert from "node:assert/strict";
import test from "node:test";
import { MARGIN, pathOf, Scale, spellTick, ticks } from "../../../dashboard/components/shared/chart.js";

const scale = new Scale(844, 432, [-5, 5], 4);

test("a scale takes the corners of the axes to the corners of the picture, and back", () => {
  assert.deepEqual([scale.px(-5), scale.px(5)], [MARGIN.left, 844 - MARGIN.right]);
  assert.deepEqual([scale.py(4), scale.py(-4)], [MARGIN.top, 432 - MARGIN.bottom]);
  for (const value of [-3.3, 0, 2.7]) {
    assert.ok(Math.abs(scale.x(scale.px(value)) - value) < 1e-12);
    assert.ok(Math.abs(scale.y(scale.py(value)) - value) < 1e-12);
  }
  assert.equal(new Scale(844, 432, [-5, 5], 4, 10).py(14), MARGIN.top);
});

test("a curve is one line, with a gap where it is no number, and never far outside", () => {
  assert.equal(pathOf([-5, 0, 5], [4, 0, -4], scale), "M34 8L434 200L834 392");
  assert.equal(pathOf([-5, 0, 5], [4, Number.NaN, -4], scale), "M34 8M834 392");
  assert.equal(pathOf([-5, 5], [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY], scale), "M34 -432L834 864");
});

test("ticks are round numbers within the range, three to eight of them", () => {
  assert.deepEqual(ticks(-5, 5), [-4, -2, 0, 2, 4]);
  for (const [low, high] of [
    [0, 1],
    [-0.013, 0.04],
    [-160, 160],
    [3, 7777],
  ]) {
    const found = ticks(low, high);
    assert.ok(found.length >= 3 && found.length <= 8, String(found));
    assert.ok(found.every((tick) => tick >= low - 1e-9 && tick <= high + 1e-9));
  }
  assert.deepEqual([-2, 0.1 + 0.2].map(spellTick), ["−2", "0.3"]);
});
