// @ts-check
// Handles dragged by mouse, pen or finger.

import { isUsed } from "../shared/parts.js";
import { moveTo, positionOf } from "./scene.js";

/** @import { Plane } from "./index.js" */
/** @import { Which } from "./scene.js" */

/**
 * Takes hold of a handle until the pointer lets go; theta's also from anywhere on the floor, where it comes to the pointer.
 * @param {Plane} plane
 * @param {Which} which
 * @param {PointerEvent} event
 */
export function grip(plane, which, event) {
  if (event.button > 0 || !isUsed(plane.data, which === "theta" ? "theta" : "tasks")) return;
  event.preventDefault();
  const handle = plane.handles.element(which);
  const [x, y] = plane.viewport.toScreen(positionOf(plane.scene, which));
  const box = plane.stage.getBoundingClientRect();
  // A handle keeps its distance to the pointer.
  const isFloor = event.currentTarget !== handle;
  const offset = isFloor ? [0, 0] : [event.clientX - box.left - x, event.clientY - box.top - y];
  handle.focus({ preventScroll: true });
  handle.setPointerCapture(event.pointerId);
  plane.choose(which);
  let asked = 0;
  let latest = event;
  const follow = () => {
    asked = 0;
    const { left, top } = plane.stage.getBoundingClientRect();
    const point = plane.viewport.fromScreen([latest.clientX - offset[0] - left, latest.clientY - offset[1] - top]);
    plane.move(which, moveTo(plane.scene, which, point));
  };
  plane.hold();
  follow();
  handle.onpointermove = (moved) => {
    latest = moved;
    asked ||= requestAnimationFrame(follow);
  };
  handle.onpointerup = handle.onpointercancel = () => {
    handle.onpointermove = handle.onpointerup = handle.onpointercancel = null;
    if (asked) {
      cancelAnimationFrame(asked);
      follow();
    }
    plane.commit();
  };
}
