import assert from "node:assert/strict";
import test from "node:test";
import {
  directions,
  innerPath,
  metaGradient,
  metaLoss,
  outerStep,
  proximalSolution,
  updates,
} from "../../../dashboard/components/parameter_plane/landscape.js";
import { newton } from "../../../dashboard/components/parameter_plane/newton.js";
import { gridOf, optimum } from "../../../dashboard/components/parameter_plane/optimum.js";
import { SURFACES } from "../../../dashboard/components/parameter_plane/surfaces.js";
import { degrees, eigenvalues, norm, solve, times } from "../../../dashboard/components/parameter_plane/vectors.js";

const AREA = [
  [-5, 5],
  [-5, 5],
];
const BOWLS = {
  surface: "bowls",
  tasks: [
    [-3, 1, 0],
    [1, 3, 0],
  ],
  inner_lr: 0.5,
  inner_steps: 2,
  proximal: 1,
  gap: 0,
};
const THETA = [1.3, -0.7];
const WIDTH = 1e-5;

function near(actual, expected, tolerance = 1e-9) {
  assert.equal(actual.length, expected.length);
  const farthest = Math.max(...expected.map((value, index) => Math.abs(actual[index] - value)));
  assert.ok(farthest <= tolerance, `${actual} is not ${expected}`);
}

const differences = (value, [x, y]) => [
  (value([x + WIDTH, y]) - value([x - WIDTH, y])) / (2 * WIDTH),
  (value([x, y + WIDTH]) - value([x, y - WIDTH])) / (2 * WIDTH),
];

test("angles, systems and eigenvalues", () => {
  assert.ok(Math.abs(degrees([1, 0], [0, 2]) - 90) < 1e-12);
  assert.ok(Math.abs(degrees([1, 1], [-3, -3]) - 180) < 1e-12);
  assert.ok(Number.isNaN(degrees([0, 0], [1, 0])));
  assert.ok(Number.isNaN(degrees([Number.POSITIVE_INFINITY, 0], [1, 0])));
  near(times([2, 1, 3], solve([2, 1, 3], [4, -7])), [4, -7], 1e-12);
  near(eigenvalues([2, 1, 2]), [1, 3], 1e-12);
});

for (const [name, surface] of Object.entries(SURFACES)) {
  test(`${name}: gradient and Hessian are those of differences, and the loss is least at the optimum`, () => {
    const task = [0.4, 1.1, 0.6];
    const [, gradient, [xx, xy, yy]] = surface(THETA, task);
    near(
      gradient,
      differences((at) => surface(at, task)[0], THETA),
      1e-8,
    );
    near(
      [xx, xy],
      differences((at) => surface(at, task)[1][0], THETA),
      1e-8,
    );
    near(
      [xy, yy],
      differences((at) => surface(at, task)[1][1], THETA),
      1e-8,
    );
    const [loss, slope] = surface([0.4, 1.1], task);
    near([loss, ...slope], [0, 0, 0], 1e-12);
  });

  test(`${name}: the meta-gradient is that of differences of the meta-loss`, () => {
    const here = {
      surface: name,
      tasks: [
        [-1, 1.5, 0.3],
        [2, 0.5, 1.2],
      ],
      inner_lr: 0.1,
      inner_steps: 4,
      proximal: 1,
      gap: 0.6,
    };
    near(
      metaGradient(here, THETA),
      differences((at) => metaLoss(here, at), THETA),
      1e-7,
    );
    near(directions(here, THETA).maml, metaGradient(here, THETA), 1e-12);
  });
}

test("bowls, by hand", () => {
  // Each inner step of 0.5 halves the distance to the task's optimum: after two, a quarter is left.
  near(innerPath(BOWLS, [1, 1], BOWLS.tasks[0])[2], [-2, 1]);
  assert.ok(Math.abs(metaLoss(BOWLS, [1, 1]) - (0.5 * (1 + 0) + 0.5 * (0 + 0.25)) / 2) < 1e-12);
  const found = directions(BOWLS, [1, 1]);
  near(found.fomaml, [0.5, -0.25]); // mean of (1, 0) and (0, -0.5)
  near(found.maml, [0.125, -0.0625]); // times (1 - 0.5)^2
  near(found.reptile, [1.5, -0.75]); // three quarters of the way, mean of (4, 0) and (0, -2)
  near(proximalSolution(BOWLS, [1, 1], BOWLS.tasks[0]), [-1, 1]); // half-way, where lambda is the curvature
  near(found.imaml, [0.5, -0.25]); // (I + H)^-1 = 1/2 times the mean of (2, 0) and (0, -1)
  const best = optimum(BOWLS, AREA);
  near(best.theta, [-1, 2], 1e-6);
  assert.ok(!best.is_flat && optimum({ ...BOWLS, inner_lr: 1 }, AREA).is_flat);
});

test("without inner steps MAML is FOMAML, and Reptile stands still", () => {
  const found = directions({ ...BOWLS, inner_steps: 0 }, THETA);
  near(found.maml, found.fomaml);
  near(found.reptile, [0, 0]);
});

test("where MAML's gradient is zero nothing is at an angle to it", () => {
  // At the meta-optimum in the digits that Python keeps: what is left there is rounding.
  const valleys = {
    ...BOWLS,
    surface: "valleys",
    tasks: [
      [-1.7, 1.7, 0.4],
      [1.2, 3, 1.1],
      [2.8, 0.4, -0.6],
    ],
    inner_lr: 0.3,
  };
  const [x, y] = optimum(valleys, AREA).theta;
  const rounded = [Math.round(x * 1e4) / 1e4, Math.round(y * 1e4) / 1e4];
  const { angles, directions: found } = updates(valleys, rounded);
  assert.ok(norm(found.maml) > 0 && norm(found.fomaml) > 0.01);
  assert.ok(Object.values(angles).every(Number.isNaN), JSON.stringify(angles));
  const beside = updates(valleys, [x + 0.01, y]);
  assert.equal(beside.angles.fomaml, degrees(beside.directions.fomaml, beside.directions.maml));
  assert.ok(Object.values(updates({ ...BOWLS, inner_lr: 1 }, THETA).angles).every(Number.isNaN));
});

test("only what is asked for is computed", () => near(directions(BOWLS, THETA, ["maml"]).fomaml, [0, 0]));

test("an outer step goes downhill, no farther than it may; Reptile's chord is divided by alpha K", () => {
  const sizes = { metaLr: 0.2, longest: 10 };
  near(outerStep(BOWLS, [1, 1], "fomaml", sizes), [1 - 0.1, 1 + 0.05]);
  near(outerStep(BOWLS, [1, 1], "reptile", sizes), [1 - 0.3, 1 + 0.15]);
  const short = outerStep(BOWLS, [1, 1], "fomaml", { metaLr: 100, longest: 0.1 });
  assert.ok(Math.abs(norm([short[0] - 1, short[1] - 1]) - 0.1) < 1e-12);
});

test("Newton's method finds the bottom of a quadratic at once and never goes uphill", () => {
  const quadratic = ([x, y]) => [x * x + x * y + 2 * y * y - 7 * x, [2 * x + y - 7, x + 4 * y], [2, 1, 4]];
  near(
    newton(quadratic, (at) => quadratic(at)[0], [9, 9]),
    [4, -1],
    1e-12,
  );
  const saddle = ([x, y]) => [x ** 4 - x * x + y * y, [4 * x ** 3 - 2 * x, 2 * y], [12 * x * x - 2, 0, 2]];
  near(
    newton(saddle, (at) => saddle(at)[0], [0.1, 1]),
    [Math.SQRT1_2, 0],
    1e-8,
  );
});

test("a grid goes row by row from the low end of y", () => {
  assert.deepEqual(
    [
      ...gridOf(
        [
          [0, 2],
          [10, 12],
        ],
        3,
        ([x, y]) => 100 * x + y,
      ),
    ],
    [10, 110, 210, 11, 111, 211, 12, 112, 212],
  );
});
