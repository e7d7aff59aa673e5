// @ts-check
// Adapts in the background: a few milliseconds at a time, so that a pen is followed meanwhile; and ranks what is drawn.

import { parted } from "./drawings.js";
import { learnerOf } from "./learners.js";
import { imageOf } from "./raster.js";
import { isEnough } from "./words.js";

/** @import { PadLearner } from "./adapting.js" */
/** @import { Drawing, Drawings } from "./drawings.js" */
/** @import { Params } from "./layers.js" */

const SLICE = 6; // milliseconds of each turn

/**
 * Which learner the pad shows.
 * @typedef {object} Subject
 * @property {string | null} digest of its weights
 * @property {string} label for the reader
 * @property {string} why the browser cannot compute it; "" where it can
 */

/**
 * What a learner made of the drawings.
 * @typedef {object} Adapted
 * @property {PadLearner} learner
 * @property {number} ways
 * @property {Params[]} path
 * @property {WeakMap<Drawing, number[]>} answers to drawings that are held back, after each step
 */

/**
 * A drawing that is held back.
 * @typedef {object} HeldBack
 * @property {number} way its class
 * @property {number} shot its place there
 * @property {number} answer the class that it is taken for
 */

export class Adapter {
  /** @type {Adapted | null} the last that is whole */
  adapted = null;
  isBusy = false;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #turn;
  #asked = ""; // what it was asked last

  /** @param {() => void} done is called when there is something new */
  constructor(done) {
    this.done = done;
  }

  /**
   * Adapts the learner to the drawings, unless it has done so; says why it cannot.
   * @param {Subject} subject
   * @param {Drawings} all
   * @param {number} first drawings of each class that are learned from
   */
  follow({ digest, label, why }, all, first) {
    const learner = learnerOf(digest);
    const ways = all.classes.length;
    if (learner?.fits(ways) && !why && isEnough(all)) {
      const known = all.classes.map((each) => parted(each, first).learned);
      const asked = JSON.stringify([digest, known]);
      if (asked !== this.#asked) this.#begin(learner, known, asked);
      return "";
    }
    this.end();
    this.#asked = "";
    this.adapted = null;
    return learner && !learner.fits(ways) ? `${label} tells ${learner.weights.ways} classes apart, no more and no fewer.` : why;
  }

  /**
   * @param {PadLearner} learner
   * @param {Drawing[][]} known by class
   * @param {string} asked
   */
  #begin(learner, known, asked) {
    this.end();
    this.#asked = asked;
    this.isBusy = true;
    const support = known.flatMap((drawings, way) => drawings.map((each) => ({ image: imageOf(each), way })));
    const work = learner.adapt(support, known.length);
    const turn = () => {
      const until = performance.now() + SLICE;
      let step = work.next();
      while (!step.done && performance.now() < until) step = work.next();
      if (!step.done) {
        this.#turn = setTimeout(turn);
        return;
      }
      this.adapted = { learner, ways: known.length, path: step.value, answers: new WeakMap() };
      this.isBusy = false;
      this.done();
    };
    this.#turn = setTimeout(turn);
  }

  /** How many steps the path has; 0 where there is none. */
  get steps() {
    return this.adapted ? this.adapted.path.length - 1 : 0;
  }

  /**
   * How likely each class is for the question, after each step; null where nothing can be said.
   * @param {Drawings} all
   * @param {number[] | null} steps those that are asked about, the others being left out; null asks about all
   * @returns {(Float64Array | null)[] | null}
   */
  ranked({ query, classes }, steps) {
    const { adapted } = this;
    if (!adapted || !query.length || adapted.ways !== classes.length) return null;
    const { path, learner } = adapted;
    const image = imageOf(query);
    return path.map((params, step) => (steps && !steps.includes(step) ? null : learner.ranked([params], image)[0]));
  }

  /**
   * What the drawings that are held back are taken for; none while it adapts, or where nothing can be said.
   * @param {Drawings} all
   * @param {number} first drawings of each class that are learned from
   * @param {number} step
   * @returns {HeldBack[]}
   */
  heldBack({ classes }, first, step) {
    const { adapted } = this;
    if (!adapted || this.isBusy || adapted.ways !== classes.length) return [];
    return classes.flatMap((each, way) => {
      const { heldBack } = parted(each, first);
      return heldBack.map(({ drawing, shot }) => ({ way, shot, answer: answersTo(adapted, drawing)[step] }));
    });
  }

  end() {
    clearTimeout(this.#turn);
    this.isBusy = false;
  }
}

/**
 * The likeliest class of a drawing after each step, worked out once.
 * @param {Adapted} adapted
 * @param {Drawing} drawing
 */
function answersTo({ learner, path, answers }, drawing) {
  const found =
    answers.get(drawing) ?? learner.ranked(path, imageOf(drawing)).map((shares) => shares.indexOf(Math.max(...shares)));
  answers.set(drawing, found);
  return found;
}
