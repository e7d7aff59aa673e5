// @ts-check
// What stands on the pad: the drawings, which of them is in hand, and how it was before, for who takes something back.

import { blank, drawingAt, nextPlace, QUERY, tidied, withDrawing, withStroke } from "./drawings.js";
import { EXAMPLE } from "./example.js";

/** @import { Drawing, Drawings, Place } from "./drawings.js" */
/** @import { Stroke } from "./raster.js" */

const MAX_PAST = 100; // changes that can be taken back

const EXAMPLES = new Set(
  [...EXAMPLE.classes.flatMap(({ drawings }) => drawings), EXAMPLE.query].map((each) => JSON.stringify(each)),
);

/**
 * Whether somebody has drawn it, or it came with the pad.
 * @param {Drawing} drawing
 */
const isExample = (drawing) => EXAMPLES.has(JSON.stringify(drawing));

export class Sheet {
  /** @type {Place} the drawing in hand */
  chosen = QUERY;
  /** @type {Drawings[]} */
  #past = [];
  /** @type {Drawings | null} before the eraser came down */
  #whole = null;

  /** @param {Drawings} all */
  constructor(all) {
    this.all = all;
  }

  get drawing() {
    return drawingAt(this.all, this.chosen);
  }

  /** Whether nobody has drawn anything yet. */
  get isUntouched() {
    return (
      [...this.all.classes.flatMap(({ drawings }) => drawings), this.all.query].every(isExample) && this.all.query.length > 0
    );
  }

  get canUndo() {
    return this.#past.length > 0;
  }

  /**
   * Other drawings; false where they are the same.
   * @param {Drawings} all
   */
  set(all) {
    if (all === this.all) return false;
    this.#past = [...this.#past, this.all].slice(-MAX_PAST);
    this.all = all;
    this.#keepChosen();
    return true;
  }

  /**
   * The drawings with a stroke that may still be in hand; what came with the pad makes room for it.
   * @param {Stroke} stroke
   */
  withStroke(stroke) {
    const all = isExample(this.drawing) ? withDrawing(this.all, this.chosen, []) : this.all;
    return withStroke(all, this.chosen, stroke);
  }

  /**
   * While an eraser is down; it is one change.
   * @param {(all: Drawings) => Drawings} change
   */
  erase(change) {
    this.#whole ??= this.all;
    this.all = change(this.all);
  }

  /** The eraser is lifted; whether it has erased anything. */
  lift() {
    const [whole, erased] = [this.#whole ?? this.all, this.all];
    this.#whole = null;
    this.all = whole;
    return this.set(erased);
  }

  undo() {
    const last = this.#past.pop();
    if (last) this.all = last;
    this.#keepChosen();
    return last !== undefined;
  }

  /** @param {Place} place */
  choose(place) {
    this.all = tidied(this.all);
    this.chosen = place;
    this.#keepChosen();
  }

  /** To what is drawn next; behind a question comes another one. */
  next() {
    if (this.chosen.way === QUERY.way && this.all.query.length && nextPlace(this.all).way === QUERY.way) {
      return this.set({ ...this.all, query: [] });
    }
    this.choose(nextPlace(tidied(this.all)));
    return false;
  }

  /** All is gone; the number of classes stays. */
  clear() {
    this.set(blank(this.all.classes.length));
    this.chosen = { way: 0, shot: 0 };
  }

  /** The place in hand is one that there is. */
  #keepChosen() {
    const { way, shot } = this.chosen;
    if (way >= this.all.classes.length) this.chosen = QUERY;
    else if (way >= 0) this.chosen = { way, shot: Math.min(shot, this.all.classes[way].drawings.length) };
  }
}
