import assert from "node:assert/strict";
import test from "node:test";
import { blank, QUERY } from "../../../dashboard/components/drawing_pad/drawings.js";
import { EXAMPLE } from "../../../dashboard/components/drawing_pad/example.js";
import { placeOf } from "../../../dashboard/components/drawing_pad/strip.js";
import {
  afterWords,
  countWords,
  firstWords,
  heldBackWords,
  isEnough,
  placeWords,
  ranking,
  verdictWords,
} from "../../../dashboard/components/drawing_pad/words.js";

const now = (shares, isBusy = false, why = "") => ({ shares, why, isBusy });

test("the classes are ranked, those alike in their order", () => {
  assert.deepEqual(
    ranking(EXAMPLE, [0.1, 0.2, 0.4, 0.2, 0.1]).map(({ name }) => name),
    ["C", "B", "D", "A", "E"],
  );
});

test("one sentence says the answer, or what is to be done for one", () => {
  assert.equal(verdictWords(EXAMPLE, now([0.01, 0.02, 0.9, 0.06, 0.01])), "Most like C: 90 %, then D with 6 %.");
  assert.equal(verdictWords(EXAMPLE, now([0, 0, 1, 0, 0])), "Most like C: 100 %.");
  assert.equal(verdictWords(EXAMPLE, now([0.2, 0.2, 0.2, 0.2, 0.2])), "As much A as B: 20 % each.");
  assert.match(verdictWords(EXAMPLE, now(null, true)), /Adapting/);
  assert.match(verdictWords(blank(5), now(null)), /at least two classes/);
  assert.match(verdictWords({ ...EXAMPLE, query: [] }, now(null)), /Now draw a question/);
  assert.equal(verdictWords(EXAMPLE, now([1, 0, 0, 0, 0], false, "It tells five apart.")), "It tells five apart.");
});

test("two classes with a drawing are enough, one is not", () => {
  const drawn = (...ways) => ({
    ...EXAMPLE,
    classes: EXAMPLE.classes.map((each, way) => (ways.includes(way) ? each : { ...each, drawings: [] })),
  });
  assert.ok(isEnough(drawn(0, 3)));
  assert.ok(!isEnough(drawn(3)) && !isEnough(blank(2)));
});

test("places and counts are named", () => {
  assert.equal(placeWords(EXAMPLE, { way: 1, shot: 2 }), "class B, example 3");
  assert.match(placeWords(EXAMPLE, QUERY), /question/);
  assert.equal(countWords(EXAMPLE, 0), "1 example");
  assert.equal(countWords(blank(2), 0), "0 examples");
});

test("a greater share lies higher, a later step farther right", () => {
  const [x0, y0] = placeOf(0, 5, 0);
  const [x1, y1] = placeOf(5, 5, 1);
  assert.ok(x1 > x0 && y1 < y0);
});

test("it is said how often the learner is right about what is held back, or how there comes to be something", () => {
  const held = (way, answer) => ({ way, shot: 1, answer });
  assert.equal(heldBackWords([held(0, 0), held(1, 2), held(2, 2)], 1), "Right about 2 of the 3 held back (67 %).");
  assert.match(heldBackWords([], 2), /more than 2 of a class/);
  assert.equal(heldBackWords([], 5), "");
  assert.deepEqual([5, 1, 3].map(firstWords), ["all drawings", "the first of each class", "the first 3 of each class"]);
});

test("a learner that steps says after which step, another only that it has adapted", () => {
  assert.deepEqual([afterWords(2, 5), afterWords(1, 1)], ["after step 2 of 5", "after"]);
});
