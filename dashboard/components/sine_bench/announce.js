// @ts-check
// Words: for a screen reader, and the hint below the bench.

import { isUsed } from "../shared/parts.js";
import { pointsOf } from "./scene.js";

/** @import { Data } from "./protocol.js" */
/** @import { Grip, Scene } from "./scene.js" */

/**
 * @param {Scene} scene
 * @param {number} index
 */
export function spellPoint(scene, index) {
  const [x, y] = pointsOf(scene)[index];
  const off = scene.points[index][1];
  const where = off === 0 ? "on the wave" : `${Math.abs(off).toFixed(2)} ${off > 0 ? "above" : "below"} the wave`;
  return `Support point ${index + 1} of ${scene.points.length}: x ${x.toFixed(2)}, y ${y.toFixed(2)}, ${where}`;
}

/**
 * Where a handle has been moved to, and what that did to the learner in focus.
 * @param {Scene} scene
 * @param {Grip} grip
 * @param {{ label: string, error: string }} learner as its card says it
 */
export function spellMove(scene, grip, { label, error }) {
  const wave = `Amplitude ${scene.amplitude.toFixed(2)}, phase ${scene.phase.toFixed(2)} radians`;
  return `${grip.kind === "point" ? spellPoint(scene, grip.index) : wave}. ${label}: error ${error}.`;
}

/** @param {Scene} scene */
export const spellRemoval = (scene) => `Removed. ${scene.points.length} support points are left.`;

/** @param {number} most */
export const spellFull = (most) => `There may be at most ${most} support points.`;

/**
 * What there is to do, or what there is to wait for.
 * @param {Data} data
 * @param {Scene} scene
 */
export function hint(data, scene) {
  const waiting = data.entrants.filter(({ name, weights }) => !weights && !scene.hidden.includes(name));
  if (waiting.length)
    return waiting.map(({ label, why }) => `${label} is computed by Python when you let go: ${why}`).join(" ");
  if (scene.points.length === 0) {
    return "Without points there is nothing to adapt to. Double-click the picture, or press “Add point”.";
  }
  const wave = isUsed(data, "wave") ? ", ↕ for the amplitude, ↔ for the phase" : "";
  const words = `Drag points anywhere${wave}. Double-click (or tap) adds a point; arrow keys move the chosen one, Delete removes it.`;
  return isUsed(data, "points") ? words : "";
}
