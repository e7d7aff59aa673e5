// @ts-check
// What the learners make of a scene: curves and losses after each step. Pure numbers.

import { meanSquaredError } from "./network.js";
import { pointsOf, waveAt } from "./scene.js";

/** @import { BrowserLearner, Params } from "./network.js" */
/** @import { Answer, Data, Entrant } from "./protocol.js" */
/** @import { Scene } from "./scene.js" */

/**
 * @typedef {object} Fit
 * @property {Record<number, Float64Array>} curves predictions after a step; after those that are drawn
 * @property {Record<number, number>} losses after the same steps
 * @property {number[]} along losses after every step; empty where there was no time for them
 * @property {boolean} isStale Python's, of what stood here before
 */

const STRIP_EVERY = 8; // of the curve's points, for the small picture's losses

/**
 * The learner whose every step is drawn.
 * @param {Entrant[]} entrants
 * @param {Scene} scene
 * @returns {Entrant | undefined}
 */
export const focusOf = (entrants, scene) => entrants.find(({ name }) => name === scene.focus) ?? entrants[0];

export class Fitter {
  /**
   * @param {Data} data
   * @param {(entrant: Entrant) => BrowserLearner | undefined} learnerOf
   */
  constructor(data, learnerOf) {
    const [low, high] = data.x_range;
    const length = data.curve_points;
    this.data = data;
    this.learnerOf = learnerOf;
    this.xs = Float64Array.from({ length }, (_, index) => low + ((high - low) * index) / (length - 1));
    /** @type {Map<string, Float64Array>} curves before adapting, which are the same at every frame */
    this.before = new Map();
  }

  /** @param {Scene} scene */
  truth(scene) {
    return this.xs.map((x) => waveAt(scene, x));
  }

  /**
   * Adapts every learner that is shown.
   * @param {Scene} scene
   * @param {{ answers: Map<string, Answer>, isAnswered: boolean }} python
   * @param {boolean} everything the losses after every step too
   * @returns {Map<string, Fit>} by the learners' names
   */
  all(scene, python, everything) {
    const points = pointsOf(scene);
    const truth = this.truth(scene);
    const fits = new Map();
    for (const entrant of this.data.entrants) {
      if (scene.hidden.includes(entrant.name)) continue;
      const learner = this.learnerOf(entrant);
      const fit = learner
        ? this.adapted(entrant, learner, { scene, points, truth, everything })
        : this.answered(entrant, python);
      fits.set(entrant.name, fit);
    }
    return fits;
  }

  /**
   * @param {Entrant} entrant
   * @param {BrowserLearner} learner
   * @param {{ scene: Scene, points: [number, number][], truth: Float64Array, everything: boolean }} task
   * @returns {Fit}
   */
  adapted(entrant, learner, { scene, points, truth, everything }) {
    const { xs, data } = this;
    const path = learner.adapt(points, everything ? data.most.steps : scene.steps, entrant.inner_lr ?? scene.inner_lr);
    const before = this.before.get(entrant.name) ?? learner.curve(learner.start, xs);
    this.before.set(entrant.name, before);
    /** @type {Fit["curves"]} */
    const curves = { 0: before };
    const first = entrant === focusOf(data.entrants, scene) ? 1 : Math.max(scene.steps, 1);
    for (let step = first; step <= scene.steps; step++) curves[step] = learner.curve(path[step], xs);
    /** @type {Fit["losses"]} */
    const losses = {};
    for (const [step, curve] of Object.entries(curves)) losses[Number(step)] = meanSquaredError(curve, truth);
    const along = everything ? this.lossesAlong(learner, path, losses, truth) : [];
    return { curves, losses, along, isStale: false };
  }

  /**
   * Losses after every step; where they are not known yet, on some of the points: enough for a line.
   * @param {BrowserLearner} learner
   * @param {Params[]} path
   * @param {Fit["losses"]} known
   * @param {Float64Array} truth
   */
  lossesAlong(learner, path, known, truth) {
    /** @param {Float64Array} values */
    const some = (values) => values.filter((_, index) => index % STRIP_EVERY === 0);
    const [xs, ys] = [some(this.xs), some(truth)];
    return path.map((params, step) => known[step] ?? meanSquaredError(learner.curve(params, xs), ys));
  }

  /**
   * The fit that Python computed; stale from the moment that anything is moved.
   * @param {Entrant} entrant
   * @param {{ answers: Map<string, Answer>, isAnswered: boolean }} python
   * @returns {Fit}
   */
  answered(entrant, { answers, isAnswered }) {
    const { losses, path } = answers.get(entrant.name) ?? {};
    if (!losses || !path) return { curves: {}, losses: {}, along: [], isStale: true };
    const length = this.xs.length;
    const curves = losses.map((_, step) => path.subarray(step * length, (step + 1) * length));
    return { curves, losses, along: losses, isStale: !isAnswered };
  }
}
