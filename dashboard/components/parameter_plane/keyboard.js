// @ts-check
// Handles moved by the arrow keys.

import { arrowOf, isRemoving } from "../shared/keys.js";
import { moveTo, positionOf } from "./scene.js";
import { add, scale } from "./vectors.js";

/** @import { Plane } from "./index.js" */
/** @import { Scene, Which } from "./scene.js" */
/** @import { Vector } from "./vectors.js" */
/** @import { Viewport } from "./viewport.js" */

const [NEAR, FAR] = [0.1, 0.5]; // units of the plane

/**
 * The scene after an arrow key.
 * @param {Scene} scene
 * @param {Which} which
 * @param {Vector} arrow right, up
 * @param {{ viewport: Pick<Viewport, "inside">, isFar: boolean }} how
 */
export function afterArrow(scene, which, arrow, { viewport, isFar }) {
  return moveTo(scene, which, viewport.inside(add(positionOf(scene, which), scale(arrow, isFar ? FAR : NEAR))));
}

/**
 * @param {Plane} plane
 * @param {Which} which
 * @param {KeyboardEvent} event
 */
export function press(plane, which, event) {
  const arrow = arrowOf(event.key);
  if (arrow) {
    event.preventDefault();
    plane.move(which, afterArrow(plane.scene, which, arrow, { viewport: plane.viewport, isFar: event.shiftKey }));
    plane.commitSoon();
  } else if (isRemoving(event.key) && which !== "theta") {
    event.preventDefault();
    plane.removeTask(which);
  }
}
