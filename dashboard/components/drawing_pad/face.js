// @ts-check
// What the pad shows beside the paper: the question and its answer, the classes, the steps, and what the tools are about.

import { find } from "../shared/elements.js";
import { drawingAt, QUERY, WAYS } from "./drawings.js";
import { imageOf } from "./raster.js";
import { drawSeen, Rows, seenCanvas, text } from "./rows.js";
import { drawStrip } from "./strip.js";
import { placeWords, verdictWords } from "./words.js";

/** @import { Drawings, Place } from "./drawings.js" */
/** @import { Presses } from "./rows.js" */
/** @import { Sheet } from "./sheet.js" */

/**
 * @typedef {object} View
 * @property {Drawings} all the stroke in hand included
 * @property {Sheet} sheet
 * @property {Float64Array[] | null} path shares of the classes, after each step
 * @property {string} why there can be none
 * @property {boolean} isBusy whether the learner adapts just now: then they are of the drawings before
 * @property {boolean} isErasing
 * @property {string} learner
 */

export class Face {
  /** @type {Float64Array | null | undefined} what the question's picture shows */
  #seen;
  #strip = ""; // what the chart shows

  /**
   * @param {HTMLElement} root
   * @param {Presses} presses
   */
  constructor(root, presses) {
    this.root = root;
    this.rows = new Rows(find(root, ".rows", HTMLElement), presses);
    this.query = find(root, ".slot.query", HTMLButtonElement);
    this.canvas = seenCanvas();
    this.query.append(this.canvas);
    this.query.onclick = () => presses.choose(QUERY);
    this.strip = find(root, ".strip", SVGSVGElement);
  }

  /** Draws all pictures anew at the next frame. */
  forget() {
    this.#seen = undefined;
    this.rows.forget();
  }

  /** @param {View} view */
  write({ all, sheet, path, why, isBusy, isErasing, learner }) {
    const { chosen } = sheet;
    const [before, after] = path ? [path[0], path[path.length - 1]] : [null, null];
    const seen = (/** @type {Place} */ place) => {
      const drawing = drawingAt(all, place);
      return drawing.length ? imageOf(drawing) : null;
    };
    this.rows.write({ all, chosen, seen, before, after });
    this.#writeQuery(seen(QUERY), chosen.way === QUERY.way);
    text(this.root, ".verdict", verdictWords(all, { shares: after, why, isBusy }));
    text(this.root, ".target", placeWords(all, chosen));
    text(this.root, ".legend .learner", learner);
    this.root.classList.toggle("busy", isBusy);
    this.#button("undo", sheet.canUndo);
    this.#button("empty", sheet.drawing.length > 0);
    this.#button("more", all.classes.length < WAYS[1]);
    this.#button("fewer", all.classes.length > WAYS[0]);
    this.#button("eraser", true).setAttribute("aria-pressed", String(isErasing));
    text(this.root, ".tools .all", sheet.isUntouched ? "Draw my own" : "Clear all");
    text(this.root, ".tools .next", chosen.way === QUERY.way ? "Another question" : "Next");
    this.#drawStrip(all, path);
  }

  /**
   * @param {Float64Array | null} image
   * @param {boolean} isChosen
   */
  #writeQuery(image, isChosen) {
    this.query.setAttribute("aria-pressed", String(isChosen));
    this.query.setAttribute("aria-label", image ? "The question" : "The question, not drawn yet");
    if (image === this.#seen) return;
    this.#seen = image;
    drawSeen(this.canvas, image);
  }

  /**
   * @param {Drawings} all
   * @param {Float64Array[] | null} path
   */
  #drawStrip(all, path) {
    const shown = JSON.stringify([
      all.classes.map(({ name }) => name),
      path?.map((shares) => Array.from(shares, (share) => share.toFixed(3))),
    ]);
    if (shown === this.#strip) return;
    this.#strip = shown;
    drawStrip(this.strip, all, path);
  }

  /**
   * @param {string} name
   * @param {boolean} isEnabled
   */
  #button(name, isEnabled) {
    const button = find(this.root, `.tools .${name}`, HTMLButtonElement);
    button.disabled = !isEnabled;
    return button;
  }
}
