// @ts-check
// Numbers for reading, and sentences for a screen reader.

import { metaLoss, updates } from "./landscape.js";
import { norm } from "./vectors.js";

/** @import { Trails } from "./descent.js" */
/** @import { Data } from "./protocol.js" */
/** @import { Scene } from "./scene.js" */
/** @import { Vector } from "./vectors.js" */

/**
 * A number in about three figures, or that there is none.
 * @param {number} value
 */
export function spell(value) {
  if (!Number.isFinite(value) || Math.abs(value) >= 1e6) return "diverged";
  if (value === 0) return "0";
  const size = Math.abs(value);
  if (size < 0.01) return value.toExponential(1);
  return value.toFixed(size >= 100 ? 0 : size >= 10 ? 1 : size >= 1 ? 2 : 3);
}

/**
 * An angle, spelt as Python spells it; "–" where there is none.
 * @param {number} degrees
 */
export function spellAngle(degrees) {
  if (!Number.isFinite(degrees)) return "–";
  return `${degrees.toFixed(degrees >= 9.95 || degrees < 0.05 ? 0 : 1)}°`;
}

/** @param {Vector} point */
export const spellPlace = (point) => `${point[0].toFixed(2)}, ${point[1].toFixed(2)}`;

/**
 * Where theta is, and which way the methods would move it.
 * @param {Scene} scene
 * @param {Data["methods"]} methods
 */
export function spellScene(scene, methods) {
  const { directions, angles } = updates(scene, scene.theta);
  const spelt = scene.shown.map((method) => {
    const turned = method === "maml" || Number.isNaN(angles[method]) ? "" : ` at ${spellAngle(angles[method])}`;
    return `${methods[method].name} ${spell(norm(directions[method]))}${turned}`;
  });
  return `Theta at ${spellPlace(scene.theta)}. Meta-loss ${spell(metaLoss(scene, scene.theta))}. ${spelt.join(", ")}.`;
}

/**
 * Where the methods have come to.
 * @param {Scene} scene
 * @param {Data["methods"]} methods
 * @param {Trails} trails
 */
export function spellEnds(scene, methods, trails) {
  const ends = trails.map(({ method, path }) => {
    const end = path[path.length - 1];
    return `${methods[method].name} ended at ${spellPlace(end)}, meta-loss ${spell(metaLoss(scene, end))}`;
  });
  return `${ends.join(". ")}.`;
}
