// @ts-check
// Adapts in the background: a few milliseconds at a time, so that a pen is followed meanwhile; and ranks what is drawn.

import { learnerOf } from "./learners.js";
import { imageOf } from "./raster.js";
import { isEnough } from "./words.js";

/** @import { PadLearner } from "./adapting.js" */
/** @import { Drawings } from "./drawings.js" */
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
   */
  follow({ digest, label, why }, all) {
    const learner = learnerOf(digest);
    const ways = all.classes.length;
    if (learner?.fits(ways) && !why && isEnough(all)) {
      const asked = JSON.stringify([digest, all.classes.map(({ drawings }) => drawings)]);
      if (asked !== this.#asked) this.#begin(learner, all, asked);
      return "";
    }
    this.end();
    this.#asked = "";
    this.adapted = null;
    return learner && !learner.fits(ways) ? `${label} tells ${learner.weights.ways} classes apart, no more and no fewer.` : why;
  }

  /**
   * @param {PadLearner} learner
   * @param {Drawings} all
   * @param {string} asked
   */
  #begin(learner, { classes }, asked) {
    this.end();
    this.#asked = asked;
    this.isBusy = true;
    const support = classes.flatMap(({ drawings }, way) =>
      drawings.filter((each) => each.length).map((each) => ({ image: imageOf(each), way })),
    );
    const work = learner.adapt(support, classes.length);
    const turn = () => {
      const until = performance.now() + SLICE;
      let step = work.next();
      while (!step.done && performance.now() < until) step = work.next();
      if (!step.done) {
        this.#turn = setTimeout(turn);
        return;
      }
      this.adapted = { learner, ways: classes.length, path: step.value };
      this.isBusy = false;
      this.done();
    };
    this.#turn = setTimeout(turn);
  }

  /**
   * How likely each class is for the question, after each step; null where nothing can be said.
   * @param {Drawings} all
   * @param {boolean} isQuick before and after alone
   */
  ranked({ query, classes }, isQuick) {
    const { adapted } = this;
    if (!adapted || !query.length || adapted.ways !== classes.length) return null;
    const { path, learner } = adapted;
    return learner.ranked(isQuick ? [path[0], path[path.length - 1]] : path, imageOf(query));
  }

  end() {
    clearTimeout(this.#turn);
    this.isBusy = false;
  }
}
