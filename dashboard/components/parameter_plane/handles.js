// @ts-check
// The handles: theta, and each task's optimum.

import { setAttributes, svg } from "../shared/elements.js";
import { isUsed } from "../shared/parts.js";
import { spellPlace } from "./announce.js";
import { positionOf } from "./scene.js";

/** @import { View } from "./index.js" */
/** @import { Which } from "./scene.js" */

/**
 * What a handle does when it is taken hold of.
 * @typedef {object} Hands
 * @property {(which: Which, event: PointerEvent) => void} grip
 * @property {(which: Which, event: KeyboardEvent) => void} press
 * @property {(which: Which) => void} choose
 */

/** @typedef {{ group: SVGGElement, dot: SVGCircleElement, text: SVGTextElement }} Handle */

export class Handles {
  /** @type {Map<Which, Handle>} */
  #all = new Map();

  /**
   * @param {SVGSVGElement} picture
   * @param {Hands} hands
   */
  constructor(picture, hands) {
    this.hands = hands;
    this.layer = svg("g");
    picture.append(this.layer);
  }

  /** @param {Which} which */
  element(which) {
    return this.#handle(which).group;
  }

  /**
   * @param {Which} which
   * @returns {Handle}
   */
  #handle(which) {
    const known = this.#all.get(which);
    if (known) return known;
    const { hands } = this;
    const [dot, text] = [svg("circle", { class: "dot" }), svg("text")];
    const role = { tabindex: 0, role: "slider", "aria-roledescription": "handle in two directions" };
    const group = svg("g", { class: "handle", ...role }, svg("circle", { class: "reach", r: 22.5 }), dot, text);
    group.onpointerdown = (event) => hands.grip(which, event);
    group.onkeydown = (event) => hands.press(which, event);
    group.onfocus = () => hands.choose(which);
    const handle = { group, dot, text };
    this.#all.set(which, handle);
    this.layer.append(group);
    return handle;
  }

  /** @param {View} view */
  draw(view) {
    const { tasks } = view.scene;
    for (const [which, { group }] of this.#all) {
      if (which === "theta" || which < tasks.length) continue;
      group.remove();
      this.#all.delete(which);
    }
    for (const which of [...tasks.keys(), /** @type {const} */ ("theta")]) this.#drawOne(which, view);
  }

  /**
   * @param {Which} which
   * @param {View} view
   */
  #drawOne(which, { data, scene, chosen, theme, viewport }) {
    const { group, dot, text } = this.#handle(which);
    const point = positionOf(scene, which);
    const [x, y] = viewport.toScreen(point);
    const isTheta = which === "theta";
    const { colours } = data;
    const isFixed = !isUsed(data, isTheta ? "theta" : "tasks");
    group.classList.toggle("fixed", isFixed);
    setAttributes(group, {
      tabindex: isFixed ? -1 : 0,
      transform: `translate(${x} ${y})`,
      "aria-label": isTheta ? "Theta, the start" : `Optimum of task ${which + 1}`,
      "aria-valuenow": point[0].toFixed(2),
      "aria-valuemin": viewport.area[0][0],
      "aria-valuemax": viewport.area[0][1],
      "aria-valuetext": spellPlace(point),
    });
    setAttributes(dot, {
      r: isTheta ? 12 : 11,
      fill: isTheta ? colours.before : theme.background,
      stroke: isTheta ? theme.background : colours.truth,
      "stroke-width": chosen === which && !isTheta ? 4 : 2.5,
    });
    text.textContent = isTheta ? "θ" : String(which + 1);
    text.style.fill = isTheta ? "#ffffff" : theme.text;
  }
}
