// @ts-check
// What stands below the picture: which learner comes nearest to the wave, and why where it surprises. From the numbers of the
// frame, so that it is true of whatever the visitor has made.

import { spellNumber } from "../shared/numbers.js";
import { spellLoss } from "./cards.js";

/** @import { Fit } from "./fits.js" */
/** @import { Data, Entrant } from "./protocol.js" */
/** @import { Scene } from "./scene.js" */

/**
 * Whom it is about, and what that learner's start was made for.
 * @typedef {object} Subject
 * @property {string} name of the learner
 * @property {number} inner_lr step size in its training
 * @property {[number, number]} amplitude
 * @property {[number, number]} phase
 */

/** @typedef {{ name: string, label: string, before: number, after: number }} Result */

const MAX_LISTED = 2; // of the others

/** @param {{ scene: Scene, data: Pick<Data, "entrants" | "subject">, fits: Map<string, Fit>, truth: Float64Array }} view */
export function verdict({ scene, data, fits, truth }) {
  const { subject } = data;
  if (!subject || !scene.points.length) return "";
  const results = data.entrants.flatMap((entrant) => resultOf(entrant, fits.get(entrant.name), scene.steps));
  const mine = results.find(({ name }) => name === subject.name);
  if (!mine) return "";
  if (scene.steps === 0) return "Without a gradient step nothing has adapted: these are the errors of the starts.";
  const isWorse = !(mine.after <= mine.before);
  const sentences = [
    ...(isWorse ? worse(mine, scene, subject) : []),
    ...(isWorse ? gaining(mine, results) : nearest(mine, results, truth)),
    ...(isOutside(scene, subject) ? [`${mine.label} was trained on other waves: ${spellRanges(subject)}.`] : []),
  ];
  return sentences.join(" ");
}

/**
 * @param {Entrant} entrant
 * @param {Fit | undefined} fit
 * @param {number} steps
 * @returns {Result[]} none where the learner is switched off, or Python has yet to answer
 */
function resultOf({ name, label }, fit, steps) {
  const [before, after] = [fit?.losses[0], fit?.losses[steps]];
  return before === undefined || after === undefined ? [] : [{ name, label, before, after }];
}

/**
 * The steps have led away from the wave.
 * @param {Result} mine
 * @param {Scene} scene
 * @param {Subject} subject
 */
function worse({ label, before, after }, { inner_lr }, subject) {
  const numbers = `${spellLoss(before)} → ${spellLoss(after)}`;
  const times = inner_lr / subject.inner_lr;
  if (times < 1.05) return [`On these points ${label} ends farther from the wave than it began, ${numbers}.`];
  return [
    `α = ${spellNumber(inner_lr)} is too long a step for ${label}, ${numbers}: its start was trained for ` +
      `${spellNumber(subject.inner_lr)}, and ${spellNumber(Number(times.toPrecision(2)))} times that overshoots.`,
  ];
}

/**
 * Those that the same steps help.
 * @param {Result} mine
 * @param {Result[]} results
 */
function gaining(mine, results) {
  const others = results.filter(({ name, before, after }) => name !== mine.name && after < before);
  if (!others.length) return [];
  const listed = others.map(({ label, before, after }) => `“${label}”, ${spellLoss(before)} → ${spellLoss(after)}`);
  return [`The same steps help ${listed.join(", and ")}: how long a step may be hangs on the start.`];
}

/**
 * @param {Result} mine
 * @param {Result[]} results
 * @param {Float64Array} truth
 */
function nearest(mine, results, truth) {
  const others = results.filter(({ name }) => name !== mine.name).sort((a, b) => a.after - b.after || 0);
  if (!others.length) return [];
  const [best] = others.filter(({ after }) => after < mine.after);
  if (!best) {
    const listed = others.slice(0, MAX_LISTED).map(({ label, after }) => `${spellLoss(after)} (“${label}”)`);
    return [`${mine.label} comes nearest to this wave: ${spellLoss(mine.after)}, against ${listed.join(" and ")}.`];
  }
  const found = `Here “${best.label}” comes nearest, ${spellLoss(best.after)}; ${mine.label} has ${spellLoss(mine.after)}.`;
  const ofZero = truth.reduce((sum, value) => sum + value * value, 0) / truth.length;
  if (ofZero >= mine.after) return [found];
  return [found, `So flat a wave is hardly more than a line at 0, which would have ${spellLoss(ofZero)} by itself.`];
}

/**
 * @param {Scene} scene
 * @param {Subject} subject
 */
function isOutside(scene, subject) {
  const hasLeft = (/** @type {"amplitude" | "phase"} */ field) =>
    scene[field] < subject[field][0] - 1e-3 || scene[field] > subject[field][1] + 1e-3;
  return hasLeft("amplitude") || hasLeft("phase");
}

/** @param {Subject} subject */
function spellRanges({ amplitude, phase }) {
  const [[low, high], [first, last]] = [amplitude, phase];
  const spelled = Math.abs(last - Math.PI) < 1e-3 ? "π" : spellNumber(last);
  return `amplitudes from ${spellNumber(low)} to ${spellNumber(high)}, phases from ${spellNumber(first)} to ${spelled}`;
}
