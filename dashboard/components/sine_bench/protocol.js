// @ts-check
// From and to Python, whose side is `__init__.py`; the only file here that knows what it sends.

import { floats } from "../shared/floats.js";
import { Reports } from "../shared/reports.js";
import { BrowserLearner } from "./network.js";
import { isSameTask } from "./scene.js";

/** @import { SetStateValue } from "../shared/mount.js" */
/** @import { Weights } from "./network.js" */
/** @import { Scene } from "./scene.js" */
/** @import { Subject } from "./verdict.js" */

/**
 * @typedef {object} Entrant
 * @property {string} name
 * @property {string} label
 * @property {string} colour "#rrggbb"
 * @property {string | null} weights digest; null where Python answers when the visitor lets go
 * @property {string} why the browser cannot compute it
 * @property {number | null} inner_lr a step size of its own
 */

/**
 * @typedef {object} Data
 * @property {Scene} scene what Python takes to stand here
 * @property {Scene} base what the page asks for
 * @property {number} seen number of the last report that Python has had
 * @property {Entrant[]} entrants
 * @property {Record<string, Weights>} weights by digest, those that are not here yet
 * @property {Record<string, { loss: (number | null)[], path: string | null }> | null} answers by the entrants' names
 * @property {[number, number]} x_range
 * @property {Record<string, "steps" | "focus">} follows fields of the scene, by the keys of the switches that set them
 * @property {string[] | null} [uses] its parts that the page uses, out of points, wave, rate, steps; null for all, and Reset
 * @property {Subject | null} subject whom the sentence below the picture is about; null for no sentence
 * @property {number} curve_points
 * @property {{ points: number, steps: number }} most
 * @property {[number, number]} step_sizes ends of the slider
 * @property {{ truth: string, before: string, between: string, point: string }} colours
 */

/**
 * Python's numbers of one learner.
 * @typedef {object} Answer
 * @property {number[]} losses after 0, 1, .. steps
 * @property {Float64Array | null} path curves after each, one after the other
 */

const MAX_KEPT_WEIGHTS = 24;

/** @type {Map<string, BrowserLearner>} by digest, for the life of the page: weights travel once */
const learners = new Map();

/** @param {Data["weights"]} weights */
function keep(weights) {
  for (const [digest, each] of Object.entries(weights)) {
    if (!learners.has(digest)) learners.set(digest, new BrowserLearner(each));
  }
  for (const digest of learners.keys()) {
    if (learners.size <= MAX_KEPT_WEIGHTS) break;
    learners.delete(digest);
  }
}

/**
 * The learner that the browser computes, if it has the weights.
 * @param {Entrant} entrant
 */
export const learnerOf = (entrant) => learners.get(entrant.weights ?? "");

export class Protocol {
  reports = new Reports("scene");
  /** @type {Map<string, Answer>} the last ones; stale unless `isAnswered` */
  answers = new Map();
  isAnswered = false;

  /**
   * Takes in what Python says; gives the scene that stands now: Python's only if it has seen the visitor's last one and nobody
   * holds anything.
   * @param {Data} data
   * @param {SetStateValue} tell
   * @param {Scene} scene what stood here
   */
  receive(data, tell, scene) {
    this.tell = tell;
    keep(data.weights);
    const now = this.reports.isNews(data.seen) ? data.scene : scene;
    this.isAnswered = data.answers !== null && isSameTask(now, data.scene);
    // What comes while something is held is of another task: the last answers stay, as stale ones.
    if (this.isAnswered || !this.reports.isHeld) this.answers = this.isAnswered ? answersOf(data) : new Map();
    return now;
  }

  /**
   * Whether Python takes weights to be here that are not: a page that was left open may have lost them.
   * @param {Data} data
   */
  lacksWeights(data) {
    return data.entrants.some((entrant) => entrant.weights && !learners.has(entrant.weights));
  }

  /** The visitor changes what is learned from or how: Python's numbers are no longer of this. */
  outdate() {
    this.isAnswered = false;
    this.reports.hold();
  }

  /**
   * Tells Python what stands on the bench.
   * @param {Scene} scene
   */
  send(scene) {
    this.reports.send(/** @type {SetStateValue} */ (this.tell), { ...scene, holds: [...learners.keys()] });
  }
}

/**
 * @param {Data} data
 * @returns {Map<string, Answer>}
 */
function answersOf({ answers }) {
  const read = Object.entries(answers ?? {}).map(([name, { loss, path }]) => {
    const losses = loss.map((value) => value ?? Infinity);
    return /** @type {const} */ ([name, { losses, path: path === null ? null : floats(path) }]);
  });
  return new Map(read);
}
