// @ts-check
// The handles above the picture: buttons, so that a keyboard and a screen reader find them.

import { MARGIN } from "../shared/chart.js";
import { find, setAttributes } from "../shared/elements.js";
import { clamp } from "../shared/numbers.js";
import { isUsed } from "../shared/parts.js";
import { spellPoint } from "./announce.js";
import { freePlaces, MIN_AMPLITUDE, pointsOf, round2 } from "./scene.js";

/** @import { Scale } from "../shared/chart.js" */
/** @import { View } from "./picture.js" */
/** @import { Grip, WavePlaces } from "./scene.js" */

/** @typedef {{ element: HTMLButtonElement, grip: Grip, at: [number, number] }} Handle `at`: its middle, pixels */

export class Handles {
  /** @type {Map<EventTarget, Handle>} */
  #all = new Map();
  /** @type {WavePlaces} of the wave's two handles */
  places = { turn: 0, sign: 1, zero: 0 };

  /** @param {ParentNode} root */
  constructor(root) {
    this.place = find(root, ".handles", HTMLElement);
    this.amplitude = this.#waveHandle("amplitude", "↕", "Amplitude of the wave");
    this.phase = this.#waveHandle("phase", "↔", "Phase of the wave, radians");
  }

  /**
   * @param {Grip} grip
   * @param {string} kind of handle
   */
  #handle(grip, kind) {
    const element = Object.assign(document.createElement("button"), { type: "button", className: `handle ${kind}` });
    /** @type {Handle} */
    const handle = { element, grip, at: [0, 0] };
    this.place.append(element);
    this.#all.set(element, handle);
    return handle;
  }

  /**
   * @param {"amplitude" | "phase"} kind
   * @param {string} sign
   * @param {string} label
   */
  #waveHandle(kind, sign, label) {
    const handle = this.#handle({ kind }, `wave ${kind}`);
    handle.element.innerHTML = `<span aria-hidden="true">${sign}</span>`;
    const orientation = kind === "amplitude" ? "vertical" : "horizontal";
    setAttributes(handle.element, { role: "slider", "aria-label": label, "aria-orientation": orientation });
    return handle;
  }

  /**
   * What an event's target moves, if it is a handle.
   * @param {EventTarget | null} target
   */
  gripOf(target) {
    return target ? this.#all.get(target)?.grip : undefined;
  }

  /**
   * @param {number} index
   * @returns {HTMLElement | undefined}
   */
  point(index) {
    return this.#points()[index]?.element;
  }

  #points() {
    return [...this.#all.values()].filter(({ grip }) => grip.kind === "point");
  }

  /**
   * The handle nearest to the pointer, if one is in reach.
   * @param {MouseEvent} event
   * @param {number} reach pixels
   */
  nearest(event, reach) {
    const box = this.place.getBoundingClientRect();
    let [found, least] = [/** @type {Handle | null} */ (null), reach];
    for (const handle of this.#all.values()) {
      if (handle.element.disabled) continue;
      const distance = Math.hypot(event.clientX - box.left - handle.at[0], event.clientY - box.top - handle.at[1]);
      if (distance <= least) [found, least] = [handle, distance];
    }
    return found;
  }

  /**
   * @param {View} view
   * @param {Scale} scale
   */
  draw(view, scale) {
    this.#drawPoints(view, scale);
    this.#drawWave(view, scale);
  }

  /**
   * @param {View} view
   * @param {Scale} scale
   */
  #drawPoints({ scene, data, chosen }, scale) {
    const points = pointsOf(scene);
    for (const { element } of this.#points().slice(points.length)) {
      this.#all.delete(element);
      element.remove();
    }
    for (let index = this.#points().length; index < points.length; index++) this.#handle({ kind: "point", index }, "point");
    this.#points().forEach((handle, index) => {
      place(handle, scale, ...points[index]);
      handle.element.disabled = !isUsed(data, "points");
      handle.element.classList.toggle("chosen", index === chosen);
      handle.element.setAttribute("aria-label", spellPoint(scene, index));
    });
  }

  /**
   * @param {View} view
   * @param {Scale} scale
   */
  #drawWave({ scene, data, highest, heldPlaces }, scale) {
    for (const { element } of [this.amplitude, this.phase]) {
      element.hidden = element.disabled = !isUsed(data, "wave");
    }
    this.places = heldPlaces ?? freePlaces(scene, scale);
    place(this.amplitude, scale, this.places.turn, this.places.sign * scene.amplitude);
    place(this.phase, scale, this.places.zero, 0);
    /** @type {(handle: Handle, now: number, low: number, high: number, text: string) => void} */
    const say = ({ element }, now, low, high, text) => {
      const values = { now: round2(now), min: low, max: high, text };
      for (const [name, value] of Object.entries(values)) element.setAttribute(`aria-value${name}`, String(value));
    };
    say(this.amplitude, scene.amplitude, MIN_AMPLITUDE, highest, scene.amplitude.toFixed(2));
    say(this.phase, scene.phase, 0, 6.28, `${scene.phase.toFixed(2)} radians`);
  }
}

/**
 * A handle's middle to (x, y), or to the edge of the picture where that lies outside.
 * @param {Handle} handle
 * @param {Scale} scale
 * @param {number} x
 * @param {number} y
 */
function place(handle, scale, x, y) {
  handle.at = [
    clamp(scale.px(x), [MARGIN.left, scale.width - MARGIN.right]),
    clamp(scale.py(y), [MARGIN.top + 6, scale.height - MARGIN.bottom]),
  ];
  handle.element.style.transform = `translate(${handle.at[0].toFixed(1)}px, ${handle.at[1].toFixed(1)}px)`;
}
