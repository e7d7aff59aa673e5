// @ts-check
// What the pad shows beside the paper: the question and its answer, the classes, the steps, and what the tools are about.

import { find, html } from "../shared/elements.js";
import { drawingAt, MAX_SHOTS, QUERY, WAYS } from "./drawings.js";
import { imageOf } from "./raster.js";
import { drawSeen, Rows, seenCanvas, text } from "./rows.js";
import { drawStrip } from "./strip.js";
import { afterWords, firstWords, heldBackWords, placeWords, verdictWords } from "./words.js";

/** @import { HeldBack } from "./adapter.js" */
/** @import { Drawings, Place } from "./drawings.js" */
/** @import { Presses } from "./rows.js" */
/** @import { Sheet } from "./sheet.js" */

/**
 * @typedef {object} View
 * @property {Drawings} all the stroke in hand included
 * @property {Sheet} sheet
 * @property {(Float64Array | null)[] | null} path shares of the classes, after each step or some of them
 * @property {number} step the one that the bars show
 * @property {number} steps how many there are
 * @property {number} first drawings of each class that are learned from
 * @property {HeldBack[]} heldBack
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
   * @param {Presses & { show: (step: number) => void, learnFrom: (first: number) => void }} presses
   */
  constructor(root, presses) {
    this.root = root;
    this.rows = new Rows(find(root, ".rows", HTMLElement), presses);
    this.query = find(root, ".slot.query", HTMLButtonElement);
    this.canvas = seenCanvas();
    this.query.append(this.canvas);
    this.query.onclick = () => presses.choose(QUERY);
    this.strip = find(root, ".strip", SVGSVGElement);
    this.range = find(root, ".step input", HTMLInputElement);
    this.range.oninput = () => presses.show(Number(this.range.value));
    const counts = Array.from({ length: MAX_SHOTS }, (_, index) => MAX_SHOTS - index);
    this.learned = find(root, ".holding select", HTMLSelectElement);
    this.learned.append(...counts.map((first) => html("option", { value: first }, firstWords(first))));
    this.learned.onchange = () => presses.learnFrom(Number(this.learned.value));
  }

  /** Draws all pictures anew at the next frame. */
  forget() {
    this.#seen = undefined;
    this.rows.forget();
  }

  /** @param {View} view */
  write({ all, sheet, path, step, steps, first, heldBack, why, isBusy, isErasing, learner }) {
    const { chosen } = sheet;
    const [before, after] = path ? [path[0], path[step]] : [null, null];
    const seen = (/** @type {Place} */ place) => {
      const drawing = drawingAt(all, place);
      return drawing.length ? imageOf(drawing) : null;
    };
    this.rows.write({ all, chosen, seen, before, after, heldBack, first });
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
    this.#writeSteps(step, steps);
    this.learned.value = `${first}`;
    text(this.root, ".holding .score", heldBackWords(heldBack, first));
    this.#drawStrip(all, path, step);
  }

  /**
   * @param {number} step
   * @param {number} steps
   */
  #writeSteps(step, steps) {
    find(this.root, ".step", HTMLElement).hidden = steps <= 1;
    this.range.max = `${steps}`;
    this.range.value = `${step}`;
    this.range.setAttribute("aria-valuetext", step === 0 ? "before any step" : afterWords(step, steps));
    text(this.root, ".legend .when", afterWords(step, steps));
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
   * @param {(Float64Array | null)[] | null} path
   * @param {number} step
   */
  #drawStrip(all, path, step) {
    const shown = JSON.stringify([
      step,
      all.classes.map(({ name }) => name),
      path?.map((shares) => shares && Array.from(shares, (share) => share.toFixed(3))),
    ]);
    if (shown === this.#strip) return;
    this.#strip = shown;
    drawStrip(this.strip, all, path, step);
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
