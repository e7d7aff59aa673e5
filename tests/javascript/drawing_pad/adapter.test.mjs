import assert from "node:assert/strict";
import test from "node:test";
import { Adapter } from "../../../dashboard/components/drawing_pad/adapter.js";
import { blank } from "../../../dashboard/components/drawing_pad/drawings.js";
import { EXAMPLE } from "../../../dashboard/components/drawing_pad/example.js";
import { held, keep } from "../../../dashboard/components/drawing_pad/learners.js";

const LAYOUT = { features: [1, 2, 2, 2, 2], groups: 1, epsilon: 1e-5 };
const COUNT = 9 * 2 + 4 + 3 * (9 * 4 + 4) + 3 * 5;
const params = Buffer.from(Float32Array.from({ length: COUNT }, (_, at) => Math.sin(at)).buffer).toString("base64");
const weights = (digest, changes) => ({
  ...{ digest, layout: LAYOUT, params, ways: 5, start: "zero", solves: false, inner_lr: 0.1, steps: 2 },
  ...changes,
});
const subject = (digest) => ({ digest, label: "The learner", why: "" });

function adapting() {
  let done;
  const whole = new Promise((resolve) => {
    done = resolve;
  });
  return { adapter: new Adapter(done), whole };
}

test("it adapts once for the same drawings, and ranks the question then", async () => {
  keep(weights("one"));
  const { adapter, whole } = adapting();
  assert.equal(adapter.follow(subject("one"), EXAMPLE), "");
  assert.ok(adapter.isBusy && adapter.ranked(EXAMPLE, false) === null);
  await whole;
  assert.ok(!adapter.isBusy);
  const ranked = adapter.ranked(EXAMPLE, false);
  assert.deepEqual(
    ranked.map((shares) => shares.length),
    [5, 5, 5],
  );
  assert.equal(adapter.ranked(EXAMPLE, true).length, 2);
  adapter.follow(subject("one"), { ...EXAMPLE, query: [[1, 1]] });
  assert.ok(!adapter.isBusy, "the question changes nothing of what is learned from");
});

test("while it adapts to other drawings, the last answer stands", async () => {
  keep(weights("one"));
  const { adapter, whole } = adapting();
  adapter.follow(subject("one"), EXAMPLE);
  await whole;
  const { adapted } = adapter;
  adapter.follow(subject("one"), { ...EXAMPLE, classes: EXAMPLE.classes.toReversed() });
  assert.ok(adapter.isBusy && adapter.adapted === adapted && adapter.ranked(EXAMPLE, false));
  adapter.end();
});

test("it says why it cannot, and then ranks nothing", () => {
  keep(weights("head", { start: "head" }));
  const { adapter } = adapting();
  const four = { ...EXAMPLE, classes: EXAMPLE.classes.slice(1) };
  assert.equal(adapter.follow(subject("head"), four), "The learner tells 5 classes apart, no more and no fewer.");
  assert.equal(adapter.follow({ ...subject(null), why: "No." }, EXAMPLE), "No.");
  assert.equal(adapter.follow(subject("one"), blank(5)), "");
  assert.ok(!adapter.isBusy && adapter.ranked(EXAMPLE, false) === null);
});

test("learners are kept by name, not without end", () => {
  for (let index = 0; index < 40; index++) keep(weights(`more ${index}`));
  assert.ok(held().includes("more 39") && held().length < 40);
});
