import assert from "node:assert/strict";
import test from "node:test";
import { laidOut, wrapped } from "../../../dashboard/components/shared/sheet.js";

const measure = (text) => 10 * text.length;

test("a text is broken between words, and a long word has a line to itself", () => {
  assert.deepEqual(wrapped("one two three", 80, measure), ["one two", "three"]);
  assert.deepEqual(wrapped("one two three", 800, measure), ["one two three"]);
  assert.deepEqual(wrapped("a unbreakable b", 60, measure), ["a", "unbreakable", "b"]);
});

test("nothing that stands above a picture is wider than it or lies on anything else", () => {
  const legend = ["truth", "support points", "MAML: error 4.9 → 0.05"].map((label) => ({
    label,
    colour: "#000",
    mark: "line",
  }));
  for (const width of [240, 330, 900]) {
    const { texts, entries, height } = laidOut(
      { title: "A sine wave", subtitle: "Amplitude 2, phase 1.", legend },
      width,
      measure,
    );
    for (const { text } of texts) assert.ok(measure(text) <= width || !text.includes(" "));
    for (const height of new Set(entries.map(({ y }) => y))) {
      const row = entries.filter(({ y }) => y === height);
      row.slice(1).forEach(({ x }, index) => {
        assert.ok(x > row[index].x + measure(row[index].label));
      });
    }
    const ys = [...texts.map(({ y }) => y), ...new Set(entries.map(({ y }) => y))];
    ys.slice(1).forEach((y, index) => {
      assert.ok(y - ys[index] >= 15, String(ys));
    });
    assert.ok(height > Math.max(...ys));
  }
});
