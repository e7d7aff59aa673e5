// @ts-check
// A task's loss as a surface over the plane, with derivatives written out by hand; as in maml_engine/analysis/toy_landscape.

import { dot, subtract } from "./vectors.js";

/** @import { Matrix, Vector } from "./vectors.js" */

/** @typedef {[number, number, number]} Task x and y of its optimum, and its turn in radians */
/** @typedef {[number, Vector, Matrix]} Local loss, gradient, Hessian at a point */
/** @typedef {(theta: Vector | Task, task: Task) => Local} Surface */
/** @typedef {"bowls" | "valleys" | "rivers" | "waves"} SurfaceName */

const [STEEP, FLAT] = [2.0, 0.15]; // of a valley
const [BANK, BED, BEND, WINDING] = [1.0, 0.1, 1.0, 1.0]; // of a river

/**
 * A surface seen along its task's own axes (u, v).
 * @param {(u: number, v: number) => Local} own
 * @returns {Surface}
 */
const turned = (own) => (theta, task) => {
  const [cos, sin] = [Math.cos(task[2]), Math.sin(task[2])];
  const [dx, dy] = [theta[0] - task[0], theta[1] - task[1]];
  const [loss, [gu, gv], [huu, huv, hvv]] = own(cos * dx + sin * dy, cos * dy - sin * dx);
  return [
    loss,
    [cos * gu - sin * gv, sin * gu + cos * gv],
    [
      cos * cos * huu - 2 * cos * sin * huv + sin * sin * hvv,
      cos * sin * (huu - hvv) + (cos * cos - sin * sin) * huv,
      sin * sin * huu + 2 * cos * sin * huv + cos * cos * hvv,
    ],
  ];
};

/** @type {Record<SurfaceName, Surface>} */
export const SURFACES = {
  bowls: (theta, task) => {
    const offset = subtract([theta[0], theta[1]], [task[0], task[1]]);
    return [dot(offset, offset) / 2, offset, [1, 0, 1]];
  },
  valleys: turned((u, v) => [(STEEP * u * u + FLAT * v * v) / 2, [STEEP * u, FLAT * v], [STEEP, 0, FLAT]]),
  rivers: turned((u, v) => {
    const off = v - BEND * Math.sin(WINDING * u);
    const slope = -BEND * WINDING * Math.cos(WINDING * u);
    const bend = BEND * WINDING * WINDING * Math.sin(WINDING * u);
    return [
      (BED * u * u + BANK * off * off) / 2,
      [BED * u + BANK * off * slope, BANK * off],
      [BED + BANK * (slope * slope + off * bend), BANK * slope, BANK],
    ];
  }),
  waves: ([phase, amplitude], [truePhase, trueAmplitude]) => {
    const [cos, sin] = [Math.cos(phase - truePhase), Math.sin(phase - truePhase)];
    return [
      (amplitude * amplitude + trueAmplitude * trueAmplitude - 2 * amplitude * trueAmplitude * cos) / 2,
      [amplitude * trueAmplitude * sin, amplitude - trueAmplitude * cos],
      [amplitude * trueAmplitude * cos, trueAmplitude * sin, 1],
    ];
  },
};

/**
 * Whether a task's turn changes its loss.
 * @param {SurfaceName} surface
 */
export const canTurn = (surface) => surface === "valleys" || surface === "rivers";
