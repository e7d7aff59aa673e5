// @ts-check
// Numbers and sentences that hang on what a switch of the page has chosen; the texts of all choices are here.

import { CHOSEN } from "../shared/address.js";
import { find, html } from "../shared/elements.js";
import { mounted } from "../shared/mount.js";
import { valuesIn } from "../switch/choices.js";

/** @import { Control } from "../switch/choices.js" */

/**
 * @typedef {object} Data
 * @property {Control[]} controls that the text hangs on
 * @property {Record<string, string | string[][]>} texts by their values, joined by "|": a sentence, or numbers, each with what
 *   it is, how much, and what to say below it
 */

class Text {
  /**
   * @param {ParentNode} parent
   * @param {Data} data
   */
  constructor(parent, data) {
    this.root = find(parent, ".text", HTMLElement);
    this.data = data;
    this.write = () => {
      const { controls, texts } = this.data;
      const values = valuesIn(window.location.search, controls);
      const text = texts[controls.map(({ key }) => values[key]).join("|")] ?? "";
      this.root.replaceChildren(...(typeof text === "string" ? sentence(text) : [numbers(text)]));
    };
    for (const event of [CHOSEN, "popstate"]) window.addEventListener(event, this.write);
  }

  /** @param {Data} data */
  receive(data) {
    this.data = data;
    this.write();
  }

  end() {
    for (const event of [CHOSEN, "popstate"]) window.removeEventListener(event, this.write);
  }
}

/**
 * A sentence; what stands between two pairs of stars is strong.
 * @param {string} text
 */
const sentence = (text) => text.split("**").map((part, index) => (index % 2 ? html("strong", {}, part) : part));

/** @param {string[][]} cells */
const numbers = (cells) =>
  html(
    "dl",
    {},
    ...cells.map(([label, value, below]) =>
      html("div", {}, html("dt", {}, label), html("dd", { class: "value" }, value), html("dd", { class: "below" }, below)),
    ),
  );

export default mounted((parent, /** @type {Data} */ data) => new Text(parent, data));
