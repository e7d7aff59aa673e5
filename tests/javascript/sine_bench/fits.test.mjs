import assert from "node:assert/strict";
import test from "node:test";
import { Fitter, focusOf } from "../../../dashboard/components/sine_bench/fits.js";
import { BrowserLearner } from "../../../dashboard/components/sine_bench/network.js";
import { csv, wordsOf } from "../../../dashboard/components/sine_bench/save.js";
import { entrant, weightsOf } from "./learners.mjs";

const SCENE = {
  amplitude: 2,
  phase: 0,
  points: [
    [1, 0],
    [-1, 0],
  ],
  steps: 3,
  inner_lr: 0.1,
  hidden: [],
  focus: "",
};
const ENTRANTS = [entrant("line"), entrant("steep", { inner_lr: 0.01 }), entrant("python", { weights: null })];
const COLOURS = { truth: "#888888", before: "#dd8800", between: "#cc5588", point: "#dd4455" };
const DATA = { entrants: ENTRANTS, x_range: [-2, 2], curve_points: 17, most: { points: 20, steps: 5 }, colours: COLOURS };
const LEARNERS = { line: new BrowserLearner(weightsOf([1, 1], [0, 0])), steep: new BrowserLearner(weightsOf([1, 1], [5, 0])) };
const SILENT = { answers: new Map(), isAnswered: false };
const fitter = () => new Fitter(DATA, ({ weights }) => LEARNERS[weights ?? ""]);

test("the learner in focus has a curve for every step, the others before and after", () => {
  const fits = fitter().all(SCENE, SILENT, true);
  assert.deepEqual([...fits.keys()], ["line", "steep", "python"]);
  assert.deepEqual(Object.keys(fits.get("line").curves), ["0", "1", "2", "3"]);
  assert.deepEqual(Object.keys(fits.get("steep").curves), ["0", "3"]);
  assert.equal(fits.get("steep").along.length, 6);
  const focused = fitter().all({ ...SCENE, focus: "steep" }, SILENT, true);
  assert.deepEqual(Object.keys(focused.get("steep").curves), ["0", "1", "2", "3"]);
  assert.equal(focusOf(ENTRANTS, SCENE), ENTRANTS[0]);
  assert.equal(focusOf(ENTRANTS, { ...SCENE, focus: "gone" }), ENTRANTS[0]);
  assert.equal(focusOf([], SCENE), undefined);
});

test("losses are against the wave, with a step size of one's own where there is one", () => {
  const made = fitter();
  const { line, steep } = Object.fromEntries(made.all(SCENE, SILENT, true));
  const truth = made.truth(SCENE);
  assert.ok(Math.abs(line.losses[0] - truth.reduce((sum, y) => sum + y * y, 0) / 17) < 1e-12, "zero everywhere before");
  assert.ok(line.losses[3] < line.losses[1] && line.losses[1] < line.losses[0]);
  assert.deepEqual([line.along[0], line.along[3]], [line.losses[0], line.losses[3]]);
  // One step of 0.01 from the slope 5: the loss's slope is 2 (5 - 2 sin 1).
  const after = made.all({ ...SCENE, steps: 1 }, SILENT, true).get("steep").curves[1];
  assert.ok(Math.abs(after[16] - 2 * (5 - 0.02 * (5 - 2 * Math.sin(1)))) < 1e-6);
  assert.ok(steep.losses[3] < steep.losses[0]);
});

test("who is hidden is not computed, and a frame in haste leaves out the losses along", () => {
  const fits = fitter().all({ ...SCENE, hidden: ["line"] }, SILENT, false);
  assert.deepEqual([...fits.keys()], ["steep", "python"]);
  assert.deepEqual(fits.get("steep").along, []);
});

test("a curve before adapting is computed once", () => {
  const made = fitter();
  assert.equal(made.all(SCENE, SILENT, true).get("line").curves[0], made.all(SCENE, SILENT, true).get("line").curves[0]);
});

test("what Python computed is shown, stale from the moment that anything is moved", () => {
  const answers = new Map([["python", { losses: [4, 1], path: Float64Array.from({ length: 34 }, (_, index) => index) }]]);
  const fit = fitter().all(SCENE, { answers, isAnswered: true }, true).get("python");
  assert.deepEqual([[...fit.curves[1]].at(0), fit.losses[1], fit.isStale], [17, 1, false]);
  assert.ok(fitter().all(SCENE, { answers, isAnswered: false }, true).get("python").isStale);
  assert.deepEqual(fitter().all(SCENE, SILENT, true).get("python"), { curves: {}, losses: {}, along: [], isStale: true });
});

test("numbers are saved in long form", () => {
  const made = fitter();
  const scene = { ...SCENE, hidden: ["steep", "python"], steps: 1 };
  const rows = csv(scene, made.xs, made.truth(scene), made.all(scene, SILENT, true)).split("\n");
  assert.equal(rows[0], "series,step,x,y");
  assert.equal(rows[1], `truth,,-2,${2 * Math.sin(-2)}`);
  assert.deepEqual(rows.slice(18, 20), [`support point,,1,${2 * Math.sin(1)}`, `support point,,-1,${2 * Math.sin(-1)}`]);
  assert.ok(rows[20].startsWith("line,0,-2,") && rows[37].startsWith("line,1,-2,"));
  assert.equal(rows.length, 1 + 17 + 2 + 2 * 17 + 1);
});

test("a saved picture names the wave, the steps and every line in it", () => {
  const made = fitter();
  const scene = { ...SCENE, hidden: ["python"], steps: 2 };
  const { title, subtitle, legend } = wordsOf(scene, made.data, made.all(scene, SILENT, true));
  assert.equal(title, "A sine wave from 2 points, after 2 gradient steps");
  assert.match(subtitle, /^Amplitude 2, phase 0 radians; step size α = /);
  const labels = legend.map(({ label }) => label);
  assert.deepEqual(labels.slice(0, 2), ["truth", "support points"]);
  assert.match(labels[2], / before adapting$/);
  assert.equal(labels[3], "after each step");
  assert.equal(labels.slice(4).filter((label) => /: error \S+ → \S+$/.test(label)).length, 2);
});
