// @ts-check
// The sliders beside the picture: how the methods move.

import { focused, html } from "../shared/elements.js";
import { spellNumber } from "../shared/numbers.js";
import { isUsed } from "../shared/parts.js";

/** @import { Data } from "./protocol.js" */
/** @import { Scene } from "./scene.js" */

/** @typedef {"inner_steps" | "inner_lr" | "proximal" | "gap"} Name */

/**
 * @typedef {object} Kind
 * @property {string} words
 * @property {boolean} isLog
 * @property {(value: number) => string} show
 * @property {Record<string, number>} attributes
 */

/** @type {Record<Name, Kind>} */
const KINDS = {
  inner_steps: { words: "Inner steps K", isLog: false, show: String, attributes: { min: 0, max: 20, step: 1 } },
  inner_lr: { words: "Inner step size α", isLog: true, show: spellNumber, attributes: { step: 0.01 } },
  proximal: { words: "Pull λ of iMAML", isLog: true, show: spellNumber, attributes: { step: 0.01 } },
  gap: { words: "Support optimum off by", isLog: false, show: (value) => value.toFixed(1), attributes: { step: 0.1 } },
};
const NAMES = /** @type {Name[]} */ (Object.keys(KINDS));
const NEAR = 0.02; // a slider under the visitor's hand is not moved by as little

/**
 * Where a value is on its slider.
 * @param {Name} name
 * @param {number} value
 */
const placeOf = (name, value) => (KINDS[name].isLog ? Math.log10(value) : value);

/**
 * The value of a place on a slider.
 * @param {Name} name
 * @param {number} place
 */
export const valueAt = (name, place) => (KINDS[name].isLog ? Number((10 ** place).toPrecision(3)) : place);

export class Sliders {
  /** @param {(name: Name, value: number) => void} onChange at every move */
  constructor(onChange) {
    this.all = NAMES.map((name) => {
      const { words, show, attributes } = KINDS[name];
      const output = html("span", { class: "value" });
      const input = html("input", { type: "range", "aria-label": words, ...attributes });
      input.oninput = () => {
        const value = valueAt(name, Number(input.value));
        onChange(name, value);
        input.setAttribute("aria-valuetext", show(value));
      };
      return { name, input, output, label: html("label", { class: "slider" }, html("span", {}, words, output), input) };
    });
    this.element = html("div", { class: "sliders" }, ...this.all.map(({ label }) => label));
  }

  /** @param {Data["ranges"]} ranges */
  setRanges(ranges) {
    for (const { input, name } of this.all) {
      if (name === "inner_steps") continue;
      [input.min, input.max] = ranges[name].map((end) => String(placeOf(name, end)));
    }
  }

  /**
   * @param {Scene} scene
   * @param {Data} data
   */
  write(scene, data) {
    for (const { input, output, name, label } of this.all) {
      const place = placeOf(name, scene[name]);
      const isHeld = focused(input) === input && Math.abs(Number(input.value) - place) <= NEAR;
      if (!isHeld) input.value = String(place);
      output.textContent = KINDS[name].show(scene[name]);
      input.setAttribute("aria-valuetext", KINDS[name].show(scene[name]));
      label.hidden = !isUsed(data, name) || (name === "proximal" && !scene.shown.includes("imaml"));
    }
  }
}
