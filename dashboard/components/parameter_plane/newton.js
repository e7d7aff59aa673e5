// @ts-check
// Newton's method that only goes downhill.

import { eigenvalues, norm, scale, solve, subtract } from "./vectors.js";

/** @import { Local } from "./surfaces.js" */
/** @import { Vector } from "./vectors.js" */

const [NEWTON_STEPS, HALVINGS, LAST_STEP] = [30, 12, 1e-5];

/**
 * @param {(at: Vector) => Local} local loss, gradient and Hessian at a point
 * @param {(at: Vector) => number} loss alone
 * @param {Vector} start
 */
export function newton(local, loss, start) {
  /** @param {Vector} at */
  const wholeStep = (at) => {
    const [, gradient, hessian] = local(at);
    const [least, largest] = eigenvalues(hessian);
    const lift = Math.max(0, 1e-3 * Math.max(Math.abs(least), Math.abs(largest)) + 1e-30 - least);
    return solve([hessian[0] + lift, hessian[1], hessian[2] + lift], gradient);
  };
  let point = start;
  let value = loss(start);
  for (let iteration = 0; iteration < NEWTON_STEPS; iteration++) {
    const step = wholeStep(point);
    let [best, bestValue] = [point, value];
    for (let halving = 0, length = 1; halving < HALVINGS; halving++, length /= 2) {
      const candidate = subtract(point, scale(step, length));
      const candidateValue = loss(candidate);
      if (candidateValue < bestValue) [best, bestValue] = [candidate, candidateValue];
    }
    if (best === point) break;
    [point, value] = [best, bestValue];
  }
  // Values of the objective cannot tell points closer than 1e-8 apart; its gradient can.
  const last = wholeStep(point);
  return norm(last) < LAST_STEP ? subtract(point, last) : point;
}
