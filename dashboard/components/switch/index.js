// @ts-check
// Controls whose choices are all at hand: a choice is shown on the page's charts by the browser, and stands in the address.

import { CHOSEN, replaceSearch, searchWith } from "../shared/address.js";
import { find, focused, html } from "../shared/elements.js";
import { mounted } from "../shared/mount.js";
import { changesBetween, neighbour, valuesIn } from "./choices.js";
import { show, updater } from "./plots.js";

/** @import { SetStateValue } from "../shared/mount.js" */
/** @import { Control, Picture, Values } from "./choices.js" */

/**
 * @typedef {object} Data
 * @property {Control[]} controls
 * @property {Values} values that Python has drawn the charts for
 * @property {Picture[]} pictures
 */

class Switch {
  /** @type {Values} what the charts show */
  #shown = {};
  #drawn = ""; // the controls that stand here

  /**
   * @param {ParentNode} parent
   * @param {Data} data
   */
  constructor(parent, data) {
    this.root = find(parent, ".switch", HTMLElement);
    this.data = data;
    this.again = () => this.lay(true);
    window.addEventListener("popstate", this.again);
  }

  /**
   * @param {Data} data
   * @param {SetStateValue} tell
   */
  receive(data, tell) {
    this.data = data;
    this.tell = tell;
    this.#shown = data.values;
    this.lay(true);
  }

  end() {
    window.removeEventListener("popstate", this.again);
  }

  /**
   * Controls and charts as the address has them.
   * @param {boolean} charts whether Python may have drawn them for another choice
   */
  lay(charts) {
    const { data, root } = this;
    const values = valuesIn(window.location.search, data.controls);
    const wanted = JSON.stringify(data.controls);
    if (wanted !== this.#drawn) {
      root.replaceChildren(...data.controls.map((control) => this.#build(control)));
      this.#drawn = wanted;
    }
    for (const control of data.controls)
      write(find(root, `[data-key="${control.key}"]`, HTMLElement), control, values[control.key]);
    if (!charts) return;
    for (const [chart, changes] of changesBetween(data.pictures, this.#shown, values)) show(chart, changes);
    this.#shown = values;
  }

  /**
   * @param {Control} control
   * @param {string} value
   */
  choose(control, value) {
    const said = value === control.default ? null : value;
    const search = searchWith(window.location.search, control.key, said);
    const isKnown = replaceSearch(search, this.root);
    if (!isKnown || !updater()) {
      this.lay(false);
      this.tell?.("chosen", { ...valuesIn(window.location.search, this.data.controls) }); // Python draws
      return;
    }
    this.lay(true);
    window.dispatchEvent(new CustomEvent(CHOSEN, { detail: { key: control.key, value } }));
  }

  /** @param {Control} control */
  #build(control) {
    const id = `switch-${control.key}`;
    const label = html("span", { class: "label", id, ...(control.help && { title: control.help }) }, control.label);
    const part = control.slider ? this.#slider(control) : this.#buttons(control);
    const children = control.label ? [label, part] : [part];
    const name = control.label ? { "aria-labelledby": id } : { "aria-label": control.help || control.key };
    (control.slider ? find(part, "input", HTMLInputElement) : part).setAttribute(...Object.entries(name)[0]);
    const hidden = control.is_fixed && { style: "display: none" };
    return html("div", { class: "control", "data-key": control.key, ...hidden }, ...children);
  }

  /** @param {Control} control */
  #buttons(control) {
    const buttons = control.choices.map(([value, label]) => {
      const attributes = { type: "button", role: "radio", "data-value": value };
      return html("button", { ...attributes, onclick: () => this.choose(control, value) }, label);
    });
    const group = html("div", { role: "radiogroup", class: "buttons" }, ...buttons);
    group.addEventListener("keydown", (event) => {
      const now = focused(group)?.getAttribute("data-value") ?? control.default;
      const value = neighbour(control, now, event.key);
      if (value === null) return;
      event.preventDefault();
      this.choose(control, value);
      buttons.find((button) => button.dataset.value === value)?.focus();
    });
    return group;
  }

  /** @param {Control} control */
  #slider(control) {
    const most = control.choices.length - 1;
    const input = html("input", { type: "range", min: "0", max: String(most), step: "1" });
    input.addEventListener("input", () => this.choose(control, control.choices[Number(input.value)][0]));
    return html("div", { class: "slider" }, input, html("output", { "aria-hidden": "true" }));
  }
}

/**
 * A control as it stands with a value.
 * @param {HTMLElement} place
 * @param {Control} control
 * @param {string} value
 */
function write(place, control, value) {
  if (control.slider) {
    const input = find(place, "input", HTMLInputElement);
    const index = control.choices.findIndex(([each]) => each === value);
    const label = control.choices[index][1];
    input.value = String(index);
    input.setAttribute("aria-valuetext", label);
    find(place, "output", HTMLElement).textContent = label;
    return;
  }
  for (const button of place.querySelectorAll("button")) {
    const isChosen = button.dataset.value === value;
    button.setAttribute("aria-checked", String(isChosen));
    button.tabIndex = isChosen ? 0 : -1;
  }
}

export default mounted((parent, /** @type {Data} */ data) => new Switch(parent, data));
