// @ts-check
// Handles moved by the arrow keys.

import { arrowOf, isRemoving } from "../shared/keys.js";
import { movePoint, slidePoint, waveAt, withAmplitude, withPhase } from "./scene.js";

/** @import { Bench } from "./index.js" */
/** @import { Area, Grip, Scene } from "./scene.js" */

const [NEAR, FAR] = [0.1, 0.5]; // units of the axes, radians for the phase

/**
 * The scene after an arrow key.
 * @param {Scene} scene
 * @param {Grip} grip what has the focus
 * @param {[number, number]} arrow right, up
 * @param {Area & { highest: number, isFar: boolean }} how
 */
export function afterArrow(scene, grip, [right, up], { highest, isFar, ...area }) {
  const far = isFar ? FAR : NEAR;
  if (grip.kind === "amplitude") return withAmplitude(scene, scene.amplitude + far * (right + up), highest);
  if (grip.kind === "phase") return withPhase(scene, scene.phase - far * (right + up));
  const [x, off] = scene.points[grip.index];
  if (up === 0) return slidePoint(scene, grip.index, x + far * right, area);
  return movePoint(scene, grip.index, [x, waveAt(scene, x) + off + far * up], area);
}

/** @param {Bench} bench */
export function listenToKeys(bench) {
  bench.handles.place.addEventListener("keydown", (event) => {
    const grip = bench.handles.gripOf(event.target);
    if (!grip) return;
    const arrow = arrowOf(event.key);
    if (grip.kind === "point" && isRemoving(event.key)) bench.remove(grip.index);
    else if (arrow) bench.press(grip, (scene, area) => afterArrow(scene, grip, arrow, { ...area, isFar: event.shiftKey }));
    else return;
    event.preventDefault();
  });
  bench.handles.place.addEventListener("focusin", (event) => {
    const grip = bench.handles.gripOf(event.target);
    if (grip?.kind === "point") bench.choose(grip.index);
  });
}
