// @ts-check
// Handles dragged by mouse, pen or finger; double clicks and taps.

import { isUsed } from "../shared/parts.js";
import { movePoint, withAmplitude, withPhase } from "./scene.js";

/** @import { Bench } from "./index.js" */
/** @import { Grip, WavePlaces } from "./scene.js" */

/** @type {Record<string, number>} pixels from a handle's middle that still take hold of it */
const REACH = { mouse: 22, touch: 28, pen: 26 };
const STILL = 2; // pixels that a hand may tremble before it drags
export const SNAP = 4; // pixels from the wave within which a point falls onto it
const TAP = { milliseconds: 350, pixels: 8 }; // no longer and no farther

/**
 * @typedef {object} Drag
 * @property {Grip} grip
 * @property {number} id of the pointer
 * @property {[number, number]} from where it began, in units of the axes
 * @property {number} phase of the wave then
 * @property {WavePlaces} placesThen
 * @property {WavePlaces} places where the wave's handles are now: while one is held, neither goes elsewhere
 * @property {boolean} hasMoved
 */

export class Pointer {
  /** @type {Drag | null} */
  drag = null;
  /** @type {{ x: number, y: number, time: number } | null} a finger that came down beside all handles */
  #tap = null;

  /** @param {Bench} bench */
  constructor(bench) {
    this.bench = bench;
    const { stage } = bench.picture;
    stage.addEventListener("pointerdown", (event) => this.grasp(event));
    stage.addEventListener("pointermove", (event) => this.pull(event));
    stage.addEventListener("pointerup", (event) => this.release(event));
    stage.addEventListener("pointercancel", (event) => this.release(event));
    stage.addEventListener("dblclick", (event) => {
      if (!bench.handles.nearest(event, REACH.mouse)) this.#add(event);
    });
  }

  /** @param {MouseEvent} event where a new point is to lie */
  #add(event) {
    if (isUsed(this.bench.data, "points")) this.bench.add(this.bench.picture.at(event));
  }

  /** @param {PointerEvent} event */
  grasp(event) {
    if (event.button !== 0 || this.drag) return;
    const { bench } = this;
    const { picture } = bench;
    const handle = bench.handles.nearest(event, REACH[event.pointerType] ?? REACH.mouse);
    if (!handle) {
      this.#tap = event.pointerType === "mouse" ? null : { x: event.clientX, y: event.clientY, time: event.timeStamp };
      return;
    }
    event.preventDefault();
    handle.element.focus({ preventScroll: true });
    bench.controls.stop();
    picture.stage.setPointerCapture(event.pointerId);
    const { places } = bench.handles;
    const { phase } = bench.scene;
    const from = picture.at(event);
    this.drag = { grip: handle.grip, id: event.pointerId, from, phase, placesThen: places, places, hasMoved: false };
    bench.schedule();
  }

  /** @param {PointerEvent} event */
  pull(event) {
    const { bench, drag } = this;
    if (!drag || event.pointerId !== drag.id) return;
    const { scale } = bench.picture;
    const [x, y] = bench.picture.at(event);
    const shift = x - drag.from[0];
    if (!drag.hasMoved && Math.hypot(shift * scale.perX, (y - drag.from[1]) * scale.perY) < STILL) return;
    drag.hasMoved = true;
    const { grip, placesThen } = drag;
    if (grip.kind === "phase") {
      drag.places = { ...placesThen, turn: placesThen.turn + shift, zero: placesThen.zero + shift };
    }
    bench.change((scene, area) => {
      if (grip.kind === "point") return movePoint(scene, grip.index, [x, y], area, SNAP / scale.perY);
      if (grip.kind === "amplitude") return withAmplitude(scene, placesThen.sign * y, area.highest);
      return withPhase(scene, drag.phase - shift);
    });
  }

  /** @param {PointerEvent} event */
  release(event) {
    const { bench, drag } = this;
    if (drag && event.pointerId === drag.id) {
      this.drag = null;
      if (drag.hasMoved) bench.letGo(drag.grip);
      return;
    }
    const tap = this.#tap;
    this.#tap = null;
    if (!tap || event.type !== "pointerup" || event.timeStamp - tap.time >= TAP.milliseconds) return;
    if (Math.hypot(event.clientX - tap.x, event.clientY - tap.y) < TAP.pixels) this.#add(event);
  }
}
