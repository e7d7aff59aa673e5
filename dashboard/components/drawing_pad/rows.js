// @ts-check
// The classes: their drawings as the network sees them, and how likely each is, before and after adapting.

import { find, focused, html } from "../shared/elements.js";
import { MAX_NAME, MAX_SHOTS, parted } from "./drawings.js";
import { SIZE } from "./raster.js";
import { countWords, percent } from "./words.js";

/** @import { HeldBack } from "./adapter.js" */
/** @import { Drawings, Place } from "./drawings.js" */

/**
 * What the rows show.
 * @typedef {object} View
 * @property {Drawings} all
 * @property {Place} chosen
 * @property {(place: Place) => Float64Array | null} seen a drawing as the network sees it; null where there is none
 * @property {ArrayLike<number> | null} before shares of the classes
 * @property {ArrayLike<number> | null} after
 * @property {HeldBack[]} heldBack
 * @property {number} first drawings of each class that are learned from
 */

/**
 * Who hears of what is pressed.
 * @typedef {object} Presses
 * @property {(place: Place) => void} choose
 * @property {(way: number) => void} clear
 * @property {(way: number, name: string) => void} rename
 */

/**
 * A drawing as the network sees it: ink in the colour of the text.
 * @param {HTMLCanvasElement} canvas of SIZE x SIZE
 * @param {Float64Array | null} image
 */
export function drawSeen(canvas, image) {
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  context.clearRect(0, 0, SIZE, SIZE);
  if (!image) return;
  context.fillStyle = getComputedStyle(canvas).color;
  context.fillRect(0, 0, SIZE, SIZE);
  const pixels = context.getImageData(0, 0, SIZE, SIZE);
  for (let at = 0; at < image.length; at++) pixels.data[4 * at + 3] = Math.round(255 * image[at]);
  context.putImageData(pixels, 0, 0);
}

/** @returns {HTMLCanvasElement} */
export const seenCanvas = () => html("canvas", { width: SIZE, height: SIZE, class: "seen", "aria-hidden": "true" });

export class Rows {
  /** @type {HTMLElement[]} */
  #rows = [];
  /** @type {WeakMap<Element, Float64Array | null>} what each small picture shows */
  #drawn = new WeakMap();

  /**
   * @param {HTMLElement} place
   * @param {Presses} presses
   */
  constructor(place, presses) {
    this.place = place;
    this.presses = presses;
  }

  /** Draws all small pictures anew: the theme has changed. */
  forget() {
    this.#drawn = new WeakMap();
  }

  /** @param {View} view */
  write(view) {
    const { classes } = view.all;
    while (this.#rows.length < classes.length) this.#rows.push(this.#row(this.#rows.length));
    for (const row of this.#rows.splice(classes.length)) row.remove();
    const most = view.after ? Math.max(...Array.from(view.after)) : 0;
    for (const [way, row] of this.#rows.entries()) this.#writeRow(row, way, view, most);
  }

  /** @param {number} way */
  #row(way) {
    const slots = Array.from({ length: MAX_SHOTS }, (_, shot) =>
      html("button", { type: "button", class: "slot", onclick: () => this.presses.choose({ way, shot }) }, seenCanvas()),
    );
    const name = html("input", {
      class: "name",
      maxlength: MAX_NAME,
      autocomplete: "off",
      spellcheck: "false",
      "aria-label": `Name of class ${way + 1}`,
      onchange: () => this.presses.rename(way, name.value),
    });
    const row = html(
      "div",
      { class: "row", role: "group" },
      name,
      html("span", { class: "slots" }, ...slots),
      html("span", { class: "count" }),
      html("button", { type: "button", class: "clear", onclick: () => this.presses.clear(way) }, "✕"),
      html("span", { class: "bars", "aria-hidden": "true" }, html("i", { class: "before" }), html("i", { class: "after" })),
      html("span", { class: "share" }),
    );
    this.place.append(row);
    return row;
  }

  /**
   * @param {HTMLElement} row
   * @param {number} way
   * @param {View} view
   * @param {number} most of all shares
   */
  #writeRow(row, way, view, most) {
    const { all, chosen, before, after, heldBack, first } = view;
    const { name, drawings } = all.classes[way];
    const field = /** @type {HTMLInputElement} */ (row.querySelector(".name"));
    if (focused(field) !== field && field.value !== name) field.value = name;
    set(row, "aria-label", `Class ${name}, ${countWords(all, way)}`);
    const heldShots = parted(all.classes[way], first).heldBack.map(({ shot }) => shot);
    row.querySelectorAll(".slot").forEach((slot, shot) => {
      const isChosen = chosen.way === way && chosen.shot === shot;
      const image = view.seen({ way, shot });
      set(slot, "aria-pressed", String(isChosen));
      const answered = heldBack.find((each) => each.way === way && each.shot === shot);
      const isHeld = heldShots.includes(shot);
      slot.classList.toggle("held", isHeld);
      slot.classList.toggle("hit", answered?.answer === way);
      slot.classList.toggle("miss", answered !== undefined && answered.answer !== way);
      const taken = answered ? `held back, taken for ${all.classes[answered.answer].name}` : "held back";
      set(slot, "aria-label", `${name}, example ${shot + 1}${image ? "" : ", not drawn yet"}${isHeld ? `, ${taken}` : ""}`);
      set(slot, "title", isHeld ? `${taken[0].toUpperCase()}${taken.slice(1)}` : "");
      /** @type {HTMLButtonElement} */ (slot).disabled = shot > drawings.length;
      this.#draw(/** @type {HTMLCanvasElement} */ (slot.firstChild), image);
    });
    text(row, ".count", `${drawings.filter((each) => each.length).length} of ${MAX_SHOTS}`);
    const clear = /** @type {HTMLButtonElement} */ (row.querySelector(".clear"));
    clear.disabled = drawings.length === 0;
    set(clear, "aria-label", `Clear class ${name}`);
    row.classList.toggle("first", after !== null && after[way] === most);
    for (const [kind, shares] of /** @type {const} */ ([
      ["before", before],
      ["after", after],
    ])) {
      const bar = /** @type {HTMLElement} */ (row.querySelector(`.bars .${kind}`));
      bar.style.transform = `scaleX(${shares ? shares[way].toFixed(4) : 0})`;
    }
    text(row, ".share", after ? percent(after[way]) : "");
  }

  /**
   * @param {HTMLCanvasElement} canvas
   * @param {Float64Array | null} image
   */
  #draw(canvas, image) {
    if (this.#drawn.get(canvas) === image && this.#drawn.has(canvas)) return;
    this.#drawn.set(canvas, image);
    drawSeen(canvas, image);
  }
}

/**
 * @param {Element} element
 * @param {string} name
 * @param {string} value
 */
function set(element, name, value) {
  if (element.getAttribute(name) !== value) element.setAttribute(name, value);
}

/**
 * @param {Element} parent
 * @param {string} selector
 * @param {string} content
 */
export function text(parent, selector, content) {
  const element = find(parent, selector, HTMLElement);
  if (element.textContent !== content) element.textContent = content;
}
