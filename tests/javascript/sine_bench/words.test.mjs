import assert from "node:assert/strict";
import test from "node:test";
import * as announce from "../../../dashboard/components/sine_bench/announce.js";
import { pythonSays, spellLoss } from "../../../dashboard/components/sine_bench/cards.js";
import { mixed } from "../../../dashboard/components/sine_bench/picture.js";
import { entrant } from "./learners.mjs";

const SCENE = {
  amplitude: 2,
  phase: 0,
  points: [
    [1, 0],
    [-1, 0.5],
    [0, -0.25],
  ],
  steps: 1,
  inner_lr: 0.1,
  hidden: [],
  focus: "",
};

test("a point is spelt with where it is", () => {
  assert.equal(announce.spellPoint(SCENE, 0), "Support point 1 of 3: x 1.00, y 1.68, on the wave");
  assert.equal(announce.spellPoint(SCENE, 1), "Support point 2 of 3: x -1.00, y -1.18, 0.50 above the wave");
  assert.equal(announce.spellPoint(SCENE, 2), "Support point 3 of 3: x 0.00, y -0.25, 0.25 below the wave");
});

test("a move is announced with what it did", () => {
  const learner = { label: "MAML", error: "2.32 → 0.038" };
  assert.equal(
    announce.spellMove(SCENE, { kind: "phase" }, learner),
    "Amplitude 2.00, phase 0.00 radians. MAML: error 2.32 → 0.038.",
  );
  assert.match(announce.spellMove(SCENE, { kind: "point", index: 0 }, learner), /^Support point 1 of 3.*wave\. MAML: error/);
  assert.equal(announce.spellRemoval(SCENE), "Removed. 3 support points are left.");
  assert.match(announce.spellFull(20), /at most 20/);
});

test("the hint says what to wait for, what is missing, or what to do", () => {
  const data = { entrants: [entrant("maml"), entrant("iMAML", { weights: null, why: "it solves." })] };
  assert.equal(announce.hint(data, SCENE), "iMAML is computed by Python when you let go: it solves.");
  const hidden = { ...SCENE, hidden: ["iMAML"] };
  assert.match(announce.hint(data, hidden), /^Drag points anywhere/);
  assert.match(announce.hint(data, { ...hidden, points: [] }), /^Without points/);
  assert.match(announce.hint({ ...data, uses: ["points"] }, hidden), /^Drag points anywhere\. /);
  assert.equal(announce.hint({ ...data, uses: ["rate"] }, hidden), "");
});

test("losses in three figures", () => {
  const spelled = [0.0384, 0.35, 4.252, 1234.4, 1e6, Number.NaN].map(spellLoss);
  assert.deepEqual(spelled, ["0.038", "0.35", "4.25", "1,234", "diverged", "diverged"]);
});

test("what Python says stands beside the browser's number, or where it stays", () => {
  const fit = { curves: {}, losses: { 1: 0.5 }, along: [], isStale: false };
  const waiting = { steps: 1, answer: undefined, isHeld: false, isAwaited: true };
  const says = (python, others = {}, its = fit) => pythonSays(entrant("maml", others), its, { ...waiting, ...python });
  const answer = (loss) => ({ answer: { losses: [3, loss], path: null } });
  assert.equal(says({}, {}, null), "switched off");
  assert.equal(says({}), "JAX …");
  assert.equal(says({ isAwaited: false }), "");
  assert.equal(says({ isHeld: true }, { weights: null }), "answers when you let go");
  assert.equal(says(answer(0.5), { weights: null }), "computed by JAX");
  assert.match(says(answer(0.5001)), /✓.* confirmed by<.* JAX: 0\.50$/);
  assert.match(says(answer(0.6)), /≠.* differs from<.* JAX: 0\.60$/);
  assert.match(
    says(answer(Number.POSITIVE_INFINITY), {}, { ...fit, losses: { 1: 1e9 } }),
    /✓.* confirmed by<.* JAX: diverged$/,
  );
  assert.match(says(answer(0.5), { inner_lr: 0.01 }), / at α = 0\.01$/);
});

test("a colour on the way to another", () => {
  assert.deepEqual(
    [0, 0.5, 1].map((share) => mixed("#000000", "#ff8040", share)),
    ["rgb(0 0 0)", "rgb(128 64 32)", "rgb(255 128 64)"],
  );
});
