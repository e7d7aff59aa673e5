import assert from "node:assert/strict";
import test from "node:test";
import { learnerOf, Protocol } from "../../../dashboard/components/sine_bench/protocol.js";
import { base64, entrant, weightsOf } from "./learners.mjs";

const SCENE = { amplitude: 2, phase: 0, points: [[1, 0]], steps: 1, inner_lr: 0.1, hidden: [], focus: "" };
const data = (others = {}) => ({ scene: SCENE, seen: 0, entrants: [], weights: {}, answers: null, ...others });
const ANSWERS = { maml: { loss: [1, null], path: base64([1, 2]) } };

function talking() {
  const sent = [];
  const protocol = new Protocol();
  const receive = (said, scene) => protocol.receive(data(said), (name, value) => void sent.push([name, value]), scene);
  return { protocol, receive, sent };
}

test("Python's scene stands until the visitor has changed it, and again once Python has seen that", () => {
  const { protocol, receive, sent } = talking();
  const other = { ...SCENE, steps: 7 };
  assert.equal(receive({}, other), SCENE);
  protocol.send(other);
  assert.deepEqual([sent[0][0], sent[0][1].steps, sent[0][1].number], ["scene", 7, 1]);
  assert.equal(receive({}, other), other);
  assert.equal(receive({ seen: 1 }, other), SCENE);
  protocol.outdate();
  assert.equal(receive({ seen: 1 }, other), other);
});

test("answers are of the task that stands here, or stale, and null is infinite", () => {
  const { protocol, receive } = talking();
  receive({ answers: ANSWERS }, SCENE);
  assert.ok(protocol.isAnswered);
  assert.deepEqual(protocol.answers.get("maml"), { losses: [1, Number.POSITIVE_INFINITY], path: Float64Array.of(1, 2) });
  protocol.outdate();
  assert.ok(!protocol.isAnswered && protocol.answers.has("maml"), "kept, as stale ones");
  receive({ answers: ANSWERS }, { ...SCENE, amplitude: 5 });
  assert.ok(!protocol.isAnswered && protocol.answers.has("maml"), "of another task, while something is held");
  protocol.send(SCENE);
  receive({ seen: 1 }, SCENE);
  assert.ok(!protocol.answers.has("maml"));
});

test("weights travel once, the oldest go first, and what is lost is noticed", () => {
  const { protocol, receive, sent } = talking();
  const weights = Object.fromEntries(Array.from({ length: 30 }, (_, index) => [`w${index}`, weightsOf([1, 1], [index, 0])]));
  receive({ weights }, SCENE);
  assert.deepEqual([learnerOf(entrant("w5")), learnerOf(entrant("w29")).start[0]], [undefined, 29]);
  protocol.send(SCENE);
  assert.deepEqual([sent[0][1].holds.length, sent[0][1].holds[0]], [24, "w6"]);
  assert.ok(protocol.lacksWeights(data({ entrants: [entrant("w5")] })));
  assert.ok(!protocol.lacksWeights(data({ entrants: [entrant("w6"), entrant("python", { weights: null })] })));
});
