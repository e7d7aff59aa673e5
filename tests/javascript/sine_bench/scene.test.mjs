import assert from "node:assert/strict";
import test from "node:test";
import { Scale } from "../../../dashboard/components/shared/chart.js";
import * as scenes from "../../../dashboard/components/sine_bench/scene.js";

const SCENE = {
  amplitude: 3,
  phase: 0.8,
  points: [
    [-4, 0],
    [1, 0.5],
    [2, 0],
  ],
  steps: 10,
  inner_lr: 0.001,
  hidden: [],
  focus: "",
};
const AREA = { xRange: [-5, 5], limit: 4 };

/** A scene that throws where anything would change it. */
function frozen(scene) {
  for (const value of Object.values(scene)) if (typeof value === "object") frozen(value);
  return Object.freeze(scene);
}
frozen(SCENE);

test("points lie as far off the wave as is said", () => {
  const points = scenes.pointsOf(SCENE);
  assert.equal(points[0][1], 3 * Math.sin(-3.2));
  assert.equal(points[1][1], 3 * Math.sin(1.8) + 0.5);
});

test("a point is moved within the axes, and falls onto the wave where it is near", () => {
  const wave = scenes.waveAt(SCENE, 1.5);
  assert.deepEqual(scenes.movePoint(SCENE, 1, [1.5, wave + 0.3], AREA, 0.1).points, [
    [-4, 0],
    [1.5, 0.3],
    [2, 0],
  ]);
  assert.deepEqual(scenes.movePoint(SCENE, 1, [1.5, wave + 0.05], AREA, 0.1).points[1], [1.5, 0]);
  assert.deepEqual(scenes.movePoint(SCENE, 1, [1.5, wave + 0.05], AREA).points[1], [1.5, 0.05]);
  const [x, off] = scenes.movePoint(SCENE, 0, [-99, 99], AREA).points[0];
  assert.equal(x, -5);
  assert.ok(Math.abs(scenes.waveAt(SCENE, x) + off - 8) < 0.01, "at most twice the height");
});

test("a point that slides keeps its distance to the wave", () => {
  assert.deepEqual(scenes.slidePoint(SCENE, 1, 1.234, AREA).points[1], [1.23, 0.5]);
  assert.deepEqual(scenes.slidePoint(SCENE, 1, 77, AREA).points[1], [5, 0.5]);
});

test("points come last and go one by one", () => {
  assert.deepEqual(scenes.addPoint(SCENE, [0, null], AREA).points, [...SCENE.points, [0, 0]]);
  assert.deepEqual(scenes.addPoint(SCENE, [0, 0], AREA).points.at(-1), [0, -2.15]);
  assert.deepEqual(scenes.removePoint(SCENE, 1).points, [
    [-4, 0],
    [2, 0],
  ]);
  assert.equal(scenes.widestGap(SCENE, AREA.xRange), -1.5);
  assert.equal(scenes.widestGap({ ...SCENE, points: [] }, AREA.xRange), 0);
  assert.equal(
    scenes.widestGap(
      {
        ...SCENE,
        points: [
          [-5, 0],
          [5, 0],
          [0, 0],
        ],
      },
      AREA.xRange,
    ),
    -2.5,
  );
});

test("amplitude and phase stay in their ranges", () => {
  assert.deepEqual(
    [-2, 2.345, 99].map((value) => scenes.withAmplitude(SCENE, value, 10).amplitude),
    [0.1, 2.35, 10],
  );
  assert.deepEqual([-0.1, 1, 7, -7].map(scenes.turned), [6.18, 1, 0.72, 5.57]);
  assert.equal(scenes.withPhase(SCENE, 2 * Math.PI).phase, 0);
  assert.deepEqual(
    [3, 42].map((amplitude) => scenes.highestAmplitude({ amplitude })),
    [10, 42],
  );
});

test("the axis has room for the wave and the points, in few heights", () => {
  assert.equal(scenes.halfHeight(SCENE), 4);
  assert.equal(scenes.halfHeight({ ...SCENE, points: [[0, 6]] }), 10);
  assert.equal(scenes.halfHeight({ ...SCENE, amplitude: 1000 }), 1120);
});

test("answers hold for any number of steps and whoever is hidden, and for no other task", () => {
  assert.ok(scenes.isSameTask(SCENE, { ...SCENE, steps: 3, hidden: ["a"], focus: "a" }));
  for (const change of [{ amplitude: 2 }, { phase: 0 }, { points: [] }, { inner_lr: 0.1 }]) {
    assert.ok(!scenes.isSameTask(SCENE, { ...SCENE, ...change }));
  }
});

test("learners are hidden once and shown again", () => {
  const hidden = scenes.showLearner(scenes.showLearner(SCENE, "a", false), "a", false);
  assert.deepEqual(hidden.hidden, ["a"]);
  assert.deepEqual(scenes.showLearner(hidden, "a", true).hidden, []);
});

test("the wave's handles are at a turn and at a zero, away from the points", () => {
  const scale = new Scale(800, 400, [-5, 5], 4);
  const { turn, sign, zero } = scenes.freePlaces(SCENE, scale);
  assert.ok(Math.abs(scenes.waveAt(SCENE, turn) - sign * SCENE.amplitude) < 1e-9);
  assert.ok(Math.abs(scenes.waveAt(SCENE, zero)) < 1e-9);
  const onTurn = { ...SCENE, points: [[turn, 0]] };
  assert.notEqual(scenes.freePlaces(onTurn, scale).turn, turn);
  const narrow = scenes.freePlaces(SCENE, new Scale(100, 100, [0, 0.1], 4));
  assert.ok(narrow.turn >= 0 && narrow.turn <= 0.1 && narrow.zero >= 0 && narrow.zero <= 0.1);
});
