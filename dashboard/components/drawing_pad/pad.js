// @ts-check
// The sheet of paper: what mouse, finger and pen draw on it, and what keys do.

import { arrowOf, isRemoving } from "../shared/keys.js";
import { clamp } from "../shared/numbers.js";
import { followSize } from "../shared/paper.js";
import { SIDE } from "./drawings.js";

/** @import { Drawing } from "./drawings.js" */
/** @import { Stroke } from "./raster.js" */

const APART = 8; // units between the points that are kept of a stroke
const PEN = 26; // units, what the pen's line is wide
export const REACH = 45; // units around the eraser within which it takes strokes away
const FAR = 50; // units that an arrow key moves the pen; with Shift a fifth of it

/**
 * Who hears of what hands do.
 * @typedef {object} Hands
 * @property {(stroke: Stroke | null) => void} moved the stroke that is being drawn; null: it was given up
 * @property {(stroke: Stroke) => void} drawn a stroke that has ended
 * @property {(at: [number, number]) => void} erase
 * @property {() => void} erased the eraser has been lifted
 * @property {(key: string, event: KeyboardEvent) => boolean} pressed another key; whether it meant something
 */

export class Pad {
  isErasing = false;
  /** @type {Stroke | null} that is being drawn */
  stroke = null;
  /** @type {[number, number] | null} where the keyboard's pen is, once it was used */
  cursor = null;
  #pointer = -1; // that draws
  #byPen = false; // whether a pen has drawn here: then a finger is a palm

  /**
   * @param {HTMLCanvasElement} canvas
   * @param {Hands} hands
   */
  constructor(canvas, hands) {
    this.canvas = canvas;
    this.hands = hands;
    /** @type {Drawing} */
    this.drawing = [];
    canvas.addEventListener("pointerdown", (event) => this.#down(event));
    canvas.addEventListener("pointermove", (event) => this.#move(event));
    canvas.addEventListener("pointerup", (event) => this.#up(event));
    canvas.addEventListener("pointercancel", (event) => this.#up(event));
    canvas.addEventListener("keydown", (event) => this.#key(event));
    canvas.addEventListener("blur", () => this.#liftKeys());
    canvas.addEventListener("contextmenu", (event) => event.preventDefault()); // a long press draws
    // Safari on a phone scrolls under a finger unless the touch itself is refused.
    for (const name of ["touchstart", "touchmove"]) {
      canvas.addEventListener(name, (event) => event.cancelable && event.preventDefault(), { passive: false });
    }
    this.stop = followSize(canvas, () => this.draw());
  }

  /** Whether a hand or the keyboard is drawing. */
  get isDown() {
    return this.#pointer >= 0 || this.stroke !== null;
  }

  /**
   * @param {MouseEvent} event
   * @returns {[number, number]} in units of the pad
   */
  #at(event) {
    const { left, top, width, height } = this.canvas.getBoundingClientRect();
    const [x, y] = [((event.clientX - left) / width) * SIDE, ((event.clientY - top) / height) * SIDE];
    return [Math.round(clamp(x, [0, SIDE])), Math.round(clamp(y, [0, SIDE]))];
  }

  /** @param {PointerEvent} event */
  #down(event) {
    if (event.button !== 0 || this.#pointer >= 0) return;
    if (event.pointerType === "pen") this.#byPen = true;
    else if (event.pointerType === "touch" && this.#byPen) return;
    event.preventDefault();
    this.#liftKeys();
    this.canvas.focus({ preventScroll: true });
    this.canvas.setPointerCapture(event.pointerId);
    this.#pointer = event.pointerId;
    this.cursor = null;
    if (this.isErasing) this.hands.erase(this.#at(event));
    else this.#extend(this.#at(event));
  }

  /** @param {PointerEvent} event */
  #move(event) {
    if (event.pointerId !== this.#pointer) return;
    const every = event.getCoalescedEvents?.() ?? [];
    for (const each of every.length ? every : [event]) {
      if (this.isErasing) this.hands.erase(this.#at(each));
      else this.#extend(this.#at(each));
    }
  }

  /** @param {PointerEvent} event */
  #up(event) {
    if (event.pointerId !== this.#pointer) return;
    this.#pointer = -1;
    if (this.isErasing) this.hands.erased();
    else this.#lift();
  }

  /** @param {[number, number]} at */
  #extend([x, y]) {
    const stroke = this.stroke ?? [];
    const [lastX, lastY] = stroke.slice(-2);
    if (stroke.length && Math.hypot(x - lastX, y - lastY) < APART) return;
    this.stroke = [...stroke, x, y];
    this.hands.moved(this.stroke);
  }

  #lift() {
    const { stroke } = this;
    this.stroke = null;
    if (stroke) this.hands.drawn(stroke);
  }

  /** The keyboard's stroke ends. */
  #liftKeys() {
    if (this.#pointer < 0) this.#lift();
  }

  /** Gives the stroke up that is being drawn: what it belongs to is gone. */
  drop() {
    this.#pointer = -1;
    this.stroke = null;
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const arrow = arrowOf(event.key);
    if (arrow && !event.ctrlKey && !event.metaKey && !event.altKey) {
      const far = event.shiftKey ? FAR / 5 : FAR;
      const [x, y] = this.cursor ?? [SIDE / 2, SIDE / 2];
      this.cursor = [clamp(x + arrow[0] * far, [0, SIDE]), clamp(y - arrow[1] * far, [0, SIDE])];
      if (this.stroke) this.#extend(this.cursor);
      this.draw();
    } else if (event.key === " ") {
      this.cursor ??= [SIDE / 2, SIDE / 2];
      if (this.isErasing) {
        this.hands.erase(this.cursor);
        this.hands.erased();
      } else if (this.stroke) this.#lift();
      else this.#extend(this.cursor);
      this.draw();
    } else if (!this.hands.pressed(isRemoving(event.key) ? "Delete" : event.key, event)) return;
    event.preventDefault();
  }

  /** What is drawn, the stroke in hand, and the keyboard's pen. */
  draw() {
    const { canvas } = this;
    const [width, height] = [canvas.clientWidth, canvas.clientHeight].map((side) => Math.round(side * devicePixelRatio));
    if (!width || !height) return;
    if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
    const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
    context.setTransform(width / SIDE, 0, 0, height / SIDE, 0, 0);
    context.clearRect(0, 0, SIDE, SIDE);
    Object.assign(context, {
      lineCap: "round",
      lineJoin: "round",
      lineWidth: PEN,
      strokeStyle: getComputedStyle(canvas).color,
    });
    for (const stroke of this.stroke ? [...this.drawing, this.stroke] : this.drawing) {
      context.beginPath();
      context.moveTo(stroke[0], stroke[1]);
      for (let at = 0; at < stroke.length; at += 2) context.lineTo(stroke[at], stroke[at + 1]);
      context.stroke();
    }
    if (!this.cursor) return;
    const [x, y] = this.cursor;
    context.lineWidth = 5;
    context.beginPath();
    context.arc(x, y, this.isErasing ? REACH : PEN / 2 + 6, 0, 2 * Math.PI);
    context.stroke();
  }
}
