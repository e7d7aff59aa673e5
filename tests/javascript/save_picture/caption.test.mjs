import assert from "node:assert/strict";
import test from "node:test";
import { below, linesOf } from "../../../dashboard/components/save_picture/index.js";

test("a caption is broken between words, and a word that is too long stands alone", () => {
  assert.deepEqual(linesOf("", 10), []);
  assert.deepEqual(linesOf("MAML, seed 0", 20), ["MAML, seed 0"]);
  assert.deepEqual(linesOf("MAML, 70,000 meta-iterations, seed 0", 22), ["MAML, 70,000", "meta-iterations, seed", "0"]);
  assert.deepEqual(linesOf("a bbbbbbbbbbbbbb c", 5), ["a", "bbbbbbbbbbbbbb", "c"]);
});

test("what a visitor typed stays text in a saved picture", () => {
  const { text, y, yref } = below(["<b>mine</b> & yours", "seed 0"]);
  assert.equal(text, "&lt;b&gt;mine&lt;/b&gt; &amp; yours<br>seed 0");
  assert.deepEqual([y, yref], [0, "container"]);
});
