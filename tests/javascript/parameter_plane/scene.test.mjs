import assert from "node:assert/strict";
import test from "node:test";
import { extended } from "../../../dashboard/components/parameter_plane/descent.js";
import { afterArrow } from "../../../dashboard/components/parameter_plane/keyboard.js";
import { Protocol } from "../../../dashboard/components/parameter_plane/protocol.js";
import * as scenes from "../../../dashboard/components/parameter_plane/scene.js";
import { valueAt } from "../../../dashboard/components/parameter_plane/sliders.js";
import { canTurn } from "../../../dashboard/components/parameter_plane/surfaces.js";
import { surveyOf } from "../../../dashboard/components/parameter_plane/survey.js";
import { MARGIN, Viewport } from "../../../dashboard/components/parameter_plane/viewport.js";

const SCENE = {
  surface: "bowls",
  tasks: [
    [-3, 2.5, 0],
    [3, 3, 1],
  ],
  theta: [1, 2],
  inner_lr: 0.2,
  inner_steps: 3,
  proximal: 0.5,
  gap: 0,
  shown: ["maml", "fomaml"],
};
const AREA = [
  [-5, 5],
  [-4, 4],
];
const viewport = new Viewport(500, AREA);

/** A scene that throws where anything would change it. */
function frozen(value) {
  if (typeof value === "object") for (const inner of Object.values(value)) frozen(inner);
  return Object.freeze(value);
}
frozen(SCENE);

test("theta and tasks are moved; a task keeps its turn", () => {
  assert.deepEqual(scenes.moveTo(SCENE, "theta", [0, 0]).theta, [0, 0]);
  const moved = scenes.moveTo(SCENE, 1, [0, -1]);
  assert.deepEqual(moved.tasks, [
    [-3, 2.5, 0],
    [0, -1, 1],
  ]);
  assert.deepEqual(scenes.positionOf(moved, 1), [0, -1]);
  assert.deepEqual(scenes.positionOf(moved, "theta"), [1, 2]);
});

test("a new task is the last one, farthest from all others on a coarse grid", () => {
  const { tasks } = scenes.addTask(SCENE, AREA);
  const [x, y, turn] = tasks[2];
  const distance = ([left, top]) => Math.min(...SCENE.tasks.map((task) => Math.hypot(task[0] - left, task[1] - top)));
  for (let i = 1; i < 8; i++) {
    for (let j = 1; j < 8; j++) assert.ok(distance([x, y]) >= distance([-5 + (10 * i) / 8, -4 + j]) - 1e-12);
  }
  assert.equal(turn, 1.8);
});

test("tasks go and turn", () => {
  assert.deepEqual(scenes.removeTask(SCENE, 0).tasks, [[3, 3, 1]]);
  assert.equal(scenes.turnTask(SCENE, 1).tasks[1][2], 1 + Math.PI / 12);
  const around = Array.from({ length: 12 }).reduce((scene) => scenes.turnTask(scene, 1), SCENE);
  assert.ok(Math.abs(around.tasks[1][2] - 1) < 1e-12, "half a turn is none");
  assert.deepEqual(["bowls", "valleys", "rivers", "waves"].map(canTurn), [false, true, true, false]);
});

test("Python is told as many digits as it keeps, and what it says back changes nothing", () => {
  const sent = [];
  const protocol = new Protocol();
  const scene = { ...SCENE, theta: [1.234567, -0.00001], tasks: [[0.00004, 1, 2.50004]] };
  assert.equal(
    protocol.receive({ now: SCENE, seen: 0 }, (name, value) => void sent.push([name, value]), scene),
    SCENE,
  );
  const kept = protocol.send(scene);
  assert.deepEqual([kept.theta, kept.tasks], [[1.2346, 0], [[0, 1, 2.5]]]);
  assert.deepEqual(sent, [["now", { ...kept, number: 1 }]]);
  assert.equal(
    protocol.receive({ now: SCENE, seen: 0 }, () => {}, kept),
    kept,
    "Python has not seen it yet",
  );
  assert.equal(
    protocol.receive({ now: structuredClone(kept), seen: 1 }, () => {}, kept),
    kept,
    "an echo",
  );
  assert.equal(
    protocol.receive({ now: SCENE, seen: 1 }, () => {}, kept),
    SCENE,
  );
});

test("arrow keys, and the edge of the area", () => {
  const after = (which, arrow, isFar = false) => scenes.positionOf(afterArrow(SCENE, which, arrow, { viewport, isFar }), which);
  assert.deepEqual(
    [after("theta", [-1, 0]), after("theta", [0, 1], true)],
    [
      [0.9, 2],
      [1, 2.5],
    ],
  );
  assert.deepEqual(after(0, [0, -1]), [-3, 2.4]);
  const edge = { ...SCENE, theta: [4.95, 0] };
  assert.deepEqual(afterArrow(edge, "theta", [1, 0], { viewport, isFar: false }).theta, [5, 0]);
});

test("a viewport takes the corners of the area to the corners of the picture, and back, and never outside", () => {
  assert.deepEqual(viewport.toScreen([-5, 4]), [MARGIN.left, MARGIN.top]);
  assert.deepEqual(viewport.toScreen([5, -4]), [500 - MARGIN.right, 500 - MARGIN.bottom]);
  const [x, y] = viewport.fromScreen(viewport.toScreen([1.5, -2.25]));
  assert.ok(Math.abs(x - 1.5) < 1e-12 && Math.abs(y + 2.25) < 1e-12);
  assert.deepEqual(viewport.fromScreen([-100, 1000]), [-5, -4]);
});

test("logarithmic sliders give three figures", () => {
  assert.deepEqual(
    [valueAt("inner_lr", -1.5), valueAt("proximal", 0), valueAt("inner_steps", 4), valueAt("gap", 0.3)],
    [0.0316, 1, 4, 0.3],
  );
});

test("each method descends by itself", () => {
  let trails = SCENE.shown.map((method) => ({ method, path: [SCENE.theta] }));
  for (let step = 0; step < 400; step++) trails = extended(trails, SCENE, { meta_lr: 0.2, longest_step: 0.1 });
  for (const { path } of trails) {
    assert.equal(path.length, 401);
    const [x, y] = path.at(-1);
    assert.ok(Math.hypot(x - 0, y - 2.75) < 1e-3, "the tasks' middle, for bowls");
  }
});

test("a survey is coarse while something is dragged, and finds the same optima", () => {
  const [fine, coarse] = [surveyOf(SCENE, AREA, false), surveyOf(SCENE, AREA, true)];
  assert.deepEqual([fine.meta.length, coarse.meta.length, fine.own.length], [81 * 81, 31 * 31, 2]);
  for (const survey of [fine, coarse]) {
    assert.ok(Math.hypot(survey.best.theta[0], survey.best.theta[1] - 2.75) < 1e-6);
    assert.ok(Math.hypot(survey.joint.theta[0], survey.joint.theta[1] - 2.75) < 1e-6);
  }
  assert.ok(coarse.isCoarse && !fine.isCoarse);
});
