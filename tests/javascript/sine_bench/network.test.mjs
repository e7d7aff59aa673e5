import assert from "node:assert/strict";
import test from "node:test";
import { floats } from "../../../dashboard/components/shared/floats.js";
import { BrowserLearner, meanSquaredError } from "../../../dashboard/components/sine_bench/network.js";
import { base64, weightsOf } from "./learners.mjs";

const near = (actual, expected, tolerance = 1e-6) => {
  assert.equal(actual.length, expected.length);
  const farthest = Math.max(...expected.map((value, index) => Math.abs(actual[index] - value)));
  assert.ok(farthest <= tolerance, `${actual} is not ${expected}`);
};
// y = 2 x, and one step of size 0.1 on the point (1, 3): the loss's slope is 2 (2 - 3) = -2 by kernel and by bias.
const LINE = weightsOf([1, 1], [2, 0]);
const POINT = [[1, 3]];

test("floats are little-endian and of 32 bits", () =>
  near([...floats(base64([1.5, -2, 1e-3]))], [1.5, -2, Math.fround(1e-3)], 0));

test("one gradient step is what it is by hand", () => {
  const learner = new BrowserLearner(LINE);
  const path = learner.adapt(POINT, 1, 0.1);
  near([...path[1]], [2.2, 0.2]);
  near([...learner.curve(path[1], [0, 1])], [0.2, 2.4]);
  near([...learner.curve(path[0], [0, 1])], [0, 2]);
});

test("no steps and no points change nothing", () => {
  const learner = new BrowserLearner(LINE);
  near([...learner.adapt(POINT, 0, 0.1)[0]], [2, 0]);
  near([...learner.adapt([], 3, 0.1)[3]], [2, 0]);
});

test("data are scaled on the way in and back on the way out", () => {
  const learner = new BrowserLearner({ ...LINE, scaling: [1, 2, 10, 3] });
  near([...learner.curve(learner.start, [1, 3])], [10, 16]); // x = 3 is 1 in the network, 2 comes out, 2 * 3 + 10
  // (3, 13) is the point (1, 1) in the network's units: slope 2 (2 - 1) = 2.
  near([...learner.adapt([[3, 13]], 1, 0.1)[1]], [1.8, -0.2]);
});

for (const activation of ["relu", "tanh", "sine"]) {
  test(`the gradient of a ${activation} network is that of differences`, () => {
    const sizes = [1, 4, 3, 1];
    const params = Float64Array.from({ length: 27 }, (_, index) => Math.sin(1 + 2.7 * index));
    const learner = new BrowserLearner(weightsOf(sizes, params, { activation }));
    const points = [
      [-2, 0.5],
      [0.3, -1],
      [1.7, 2],
    ];
    const loss = (at) =>
      meanSquaredError(
        learner.curve(
          at,
          points.map(([x]) => x),
        ),
        points.map(([, y]) => y),
      );
    learner.adapt(points, 1, 0.01);
    const gradient = [...learner.gradient];
    const differences = gradient.map((_, index) => {
      const beside = (width) => loss(learner.start.map((value, place) => (place === index ? value + width : value)));
      return (beside(1e-6) - beside(-1e-6)) / 2e-6;
    });
    near(gradient, differences, 1e-6);
    assert.ok(Math.max(...gradient.map(Math.abs)) > 0.1);
  });
}

test("what does not move stays, and step sizes decay", () => {
  const learner = new BrowserLearner(weightsOf([1, 1], [2, 0], { rule: { moves: [true, false], decay: 0.5 } }));
  const path = learner.adapt(POINT, 2, 0.1);
  near([...path[1]], [2.2, 0]);
  near([...path[2]], [2.2 + 0.05 * 1.6, 0]); // slope 2 (2.2 - 3) = -1.6, step size 0.1 * 0.5
});

test("learned step sizes: each array's at each step, the last one for all later steps, or each parameter's", () => {
  const perStep = {
    decay: undefined,
    per_step: [
      [0.1, 0.2],
      [0, 0],
    ],
  };
  const byStep = new BrowserLearner(weightsOf([1, 1], [2, 0], { rule: perStep }));
  const path = byStep.adapt(POINT, 3, 99);
  near([...path[1]], [2.2, 0]);
  near([...path[2]], [2.52, 0]);
  near([...path[3]], [2.52 + 0.2 * 2 * (3 - 2.52), 0]);
  const perParameter = { decay: undefined, per_parameter: base64([0.1, -0.1]) };
  const each = new BrowserLearner(weightsOf([1, 1], [2, 0], { rule: perParameter }));
  near([...each.adapt(POINT, 1, 99)[1]], [2.2, -0.2]);
  assert.deepEqual(
    [byStep, each, new BrowserLearner(LINE)].map((learner) => learner.takesStepSize),
    [false, false, true],
  );
});

test("a loss that is no number is infinite", () => {
  assert.equal(meanSquaredError([1, 3], [0, 0]), 5);
  assert.equal(meanSquaredError([Number.NaN, 1], [0, 0]), Number.POSITIVE_INFINITY);
  assert.equal(meanSquaredError([1e200], [0]), Number.POSITIVE_INFINITY);
});
