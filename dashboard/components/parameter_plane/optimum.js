// @ts-check
// Values on a grid, and the theta that is best for all tasks.

import { metaGradient, metaLoss } from "./landscape.js";
import { newton } from "./newton.js";
import { add } from "./vectors.js";

/** @import { Landscape } from "./landscape.js" */
/** @import { Local } from "./surfaces.js" */
/** @import { Vector } from "./vectors.js" */

/** @typedef {[[number, number], [number, number]]} Area ends of x, ends of y */
/** @typedef {{ theta: Vector, meta_loss: number, is_flat: boolean }} Optimum */

export const GRID = 61; // points a side for the search
const UNADAPTED_GRID = 11; // for how large the loss is at all
const WIDTH = 1e-5; // of the difference quotients

/**
 * Values on a grid, [size * size], row by row from the low end of y.
 * @param {Area} area
 * @param {number} size points a side
 * @param {(at: Vector) => number} value
 */
export function gridOf([[lowX, highX], [lowY, highY]], size, value) {
  const values = new Float64Array(size * size);
  for (let row = 0; row < size; row++) {
    const y = lowY + ((highY - lowY) * row) / (size - 1);
    for (let column = 0; column < size; column++) {
      values[row * size + column] = value([lowX + ((highX - lowX) * column) / (size - 1), y]);
    }
  }
  return values;
}

/**
 * The theta with the least meta-loss; with `inner_steps` 0 the joint optimum.
 * @param {Landscape} landscape
 * @param {Area} area
 * @param {number} size points a side of the grid that the search begins with
 * @returns {Optimum}
 */
export function optimum(landscape, area, size = GRID) {
  /** @param {Vector} theta */
  const loss = (theta) => metaLoss(landscape, theta);
  const losses = gridOf(area, size, loss);
  let best = 0;
  let highest = Number.NEGATIVE_INFINITY;
  losses.forEach((value, index) => {
    if (value < losses[best] || !Number.isFinite(losses[best])) best = index;
    highest = Math.max(highest, value);
  });
  const [[lowX, highX], [lowY, highY]] = area;
  /** @type {Vector} */
  const start = [
    lowX + ((highX - lowX) * (best % size)) / (size - 1),
    lowY + ((highY - lowY) * Math.floor(best / size)) / (size - 1),
  ];
  const theta = newton((at) => localOf(landscape, at), loss, start);
  const unadapted = gridOf(area, UNADAPTED_GRID, (at) => metaLoss({ ...landscape, inner_steps: 0 }, at));
  return { theta, meta_loss: loss(theta), is_flat: highest - losses[best] < 1e-9 * Math.max(...unadapted) };
}

/**
 * The meta-loss, its gradient, and its Hessian from differences of the gradient.
 * @param {Landscape} landscape
 * @param {Vector} theta
 * @returns {Local}
 */
function localOf(landscape, theta) {
  /** @type {(x: number, y: number) => Vector} */
  const beside = (x, y) => metaGradient(landscape, add(theta, [x, y]));
  const [east, west, north, south] = [beside(WIDTH, 0), beside(-WIDTH, 0), beside(0, WIDTH), beside(0, -WIDTH)];
  const mixed = (east[1] - west[1] + north[0] - south[0]) / (4 * WIDTH);
  return [
    metaLoss(landscape, theta),
    metaGradient(landscape, theta),
    [(east[0] - west[0]) / (2 * WIDTH), mixed, (north[1] - south[1]) / (2 * WIDTH)],
  ];
}
