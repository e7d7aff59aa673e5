// @ts-check
// Numbers for reading, and sentences for a screen reader.

import { directions, metaLoss } from "./landscape.js";
import { degrees, norm } from "./vectors.js";

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

/** @param {Vector} point */
export const spellPlace = (point) => `${point[0].toFixed(2)}, ${point[1].toFixed(2)}`;

/**
 * Where theta is, and which way the methods would move it.
 * @param {Scene} scene
 * @param {Data["methods"]} methods
 */
export function spellScene(scene, methods) {
  const found = directions(scene, scene.theta);
  const updates = scene.shown.map((method) => {
    const angle = degrees(found[method], found.maml);
    const turned = method === "maml" || Number.isNaN(angle) ? "" : ` at ${angle.toFixed(0)} degrees`;
    return `${methods[method].name} ${spell(norm(found[method]))}${turned}`;
  });
  return `Theta at ${spellPlace(scene.theta)}. Meta-loss ${spell(metaLoss(scene, scene.theta))}. ${updates.join(", ")}.`;
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
