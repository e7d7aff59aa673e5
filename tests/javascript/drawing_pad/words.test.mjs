import assert from "node:assert/strict";
import test from "node:test";
import { blank, QUERY } from "../../../dashboard/components/drawing_pad/drawings.js";
import { EXAMPLE } from "../../../dashboard/components/drawing_pad/example.js";
import { placeOf } from "../../../dashboard/components/drawing_pad/strip.js";
import { countWords, isEnough, placeWords, ranking, verdictWords } from "../../../dashboard/components/drawing_pad/words.js";

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
