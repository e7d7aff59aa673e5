import assert from "node:assert/strict";
import test from "node:test";
import { Adapter } from "../../../dashboard/components/drawing_pad/adapter.js";
import { blank, MAX_SHOTS } from "../../../dashboard/components/drawing_pad/drawings.js";
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
  assert.equal(adapter.follow(subject("one"), EXAMPLE, MAX_SHOTS), "");
  assert.ok(adapter.isBusy && adapter.ranked(EXAMPLE, null) === null);
  await whole;
  assert.ok(!adapter.isBusy);
  const ranked = adapter.ranked(EXAMPLE, null);
  assert.deepEqual(
    ranked.map((shares) => shares.length),
    [5, 5, 5],
  );
  const some = adapter.ranked(EXAMPLE, [0, 2]);
  assert.deepEqual(some, [ranked[0], null, ranked[2]], "those that are shown, at their places");
  adapter.follow(subject("one"), { ...EXAMPLE, query: [[1, 1]] }, MAX_SHOTS);
  assert.ok(!adapter.isBusy, "the question changes nothing of what is learned from");
});

test("while it adapts to other drawings, the last answer stands", async () => {
  keep(weights("one"));
  const { adapter, whole } = adapting();
  adapter.follow(subject("one"), EXAMPLE, MAX_SHOTS);
  await whole;
  const { adapted } = adapter;
  adapter.follow(subject("one"), { ...EXAMPLE, classes: EXAMPLE.classes.toReversed() }, MAX_SHOTS);
  assert.ok(adapter.isBusy && adapter.adapted === adapted && adapter.ranked(EXAMPLE, null));
  adapter.end();
});

test("it says why it cannot, and then ranks nothing", () => {
  keep(weights("head", { start: "head" }));
  const { adapter } = adapting();
  const four = { ...EXAMPLE, classes: EXAMPLE.classes.slice(1) };
  assert.equal(adapter.follow(subject("head"), four, MAX_SHOTS), "The learner tells 5 classes apart, no more and no fewer.");
  assert.equal(adapter.follow({ ...subject(null), why: "No." }, EXAMPLE, MAX_SHOTS), "No.");
  assert.equal(adapter.follow(subject("one"), blank(5), MAX_SHOTS), "");
  assert.ok(!adapter.isBusy && adapter.ranked(EXAMPLE, null) === null);
});

test("learners are kept by name, not without end", () => {
  for (let index = 0; index < 40; index++) keep(weights(`more ${index}`));
  assert.ok(held().includes("more 39") && held().length < 40);
});

test("what lies beyond the first drawings is held back: not learned from, and asked about", async () => {
  keep(weights("one"));
  const { adapter, whole } = adapting();
  const [circle, cross] = [EXAMPLE.classes[0].drawings[0], EXAMPLE.classes[1].drawings[0]];
  const more = {
    ...EXAMPLE,
    classes: EXAMPLE.classes.map((each, way) => (way === 0 ? { ...each, drawings: [circle, [], cross] } : each)),
  };
  adapter.follow(subject("one"), more, 1);
  assert.deepEqual(adapter.heldBack(more, 1, 2), [], "nothing is said while it adapts");
  await whole;
  const [one, ...others] = adapter.heldBack(more, 1, 2);
  assert.deepEqual([one.way, one.shot, others.length], [0, 2, 0]);
  const shares = Array.from(adapter.ranked({ ...more, query: cross }, null)[2]);
  assert.equal(one.answer, shares.indexOf(Math.max(...shares)));
  assert.deepEqual(adapter.heldBack(more, MAX_SHOTS, 2), []);
  adapter.follow(
    subject("one"),
    { ...more, classes: more.classes.map((each, way) => (way ? each : { ...each, drawings: [circle, circle] })) },
    1,
  );
  assert.ok(!adapter.isBusy, "it has adapted to the same drawings");
});
