// @ts-check
// The numbers of the ground: values for contours, and the optima. Pure.

import { metaLoss } from "./landscape.js";
import { GRID, gridOf, optimum } from "./optimum.js";
import { SURFACES } from "./surfaces.js";

/** @import { Area, Optimum } from "./optimum.js" */
/** @import { Scene } from "./scene.js" */

/**
 * @typedef {object} Survey
 * @property {number} size points a side of the grids
 * @property {Float64Array} meta meta-loss on the grid
 * @property {Float64Array[]} own each task's loss on the grid
 * @property {Optimum} best for all tasks after adapting
 * @property {Optimum} joint for all tasks before adapting
 * @property {boolean} isCoarse
 */

// Points a side of the grids for contours and for the search of optima: at rest, and while something is dragged.
const FINE = { ground: 81, search: GRID };
const COARSE = { ground: 31, search: 21 };

/**
 * @param {Scene} scene
 * @param {Area} area
 * @param {boolean} isCoarse
 * @returns {Survey}
 */
export function surveyOf(scene, area, isCoarse) {
  const { ground, search } = isCoarse ? COARSE : FINE;
  const surface = SURFACES[scene.surface];
  return {
    size: ground,
    meta: gridOf(area, ground, (theta) => metaLoss(scene, theta)),
    own: scene.tasks.map((task) => gridOf(area, ground, (theta) => surface(theta, task)[0])),
    best: optimum(scene, area, search),
    joint: optimum({ ...scene, inner_steps: 0 }, area, search),
    isCoarse,
  };
}
