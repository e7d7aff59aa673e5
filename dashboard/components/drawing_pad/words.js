// @ts-check
// What the pad says.

import { counted } from "../shared/numbers.js";
import { MAX_SHOTS } from "./drawings.js";

/** @import { HeldBack } from "./adapter.js" */
/** @import { Drawings, Place } from "./drawings.js" */

/** @param {number} share */
export const percent = (share) => `${Math.round(100 * share)} %`;

/**
 * @param {Drawings} all
 * @param {Place} place
 */
export function placeWords({ classes }, { way, shot }) {
  return way < 0 ? "the question" : `class ${classes[way].name}, example ${shot + 1}`;
}

/**
 * How many examples there are, class by class, for who does not see them.
 * @param {Drawings} all
 * @param {number} way
 */
export const countWords = ({ classes }, way) => counted(classes[way].drawings.filter((each) => each.length).length, "example");

/**
 * The class that is most likely, and how likely; in order, all of them.
 * @param {Drawings} all
 * @param {ArrayLike<number>} shares of the classes
 */
export function ranking({ classes }, shares) {
  return classes.map(({ name }, way) => ({ name, way, share: shares[way] })).sort((a, b) => b.share - a.share || a.way - b.way);
}

/**
 * One sentence above the classes.
 * @param {Drawings} all
 * @param {{ shares: ArrayLike<number> | null, why: string, isBusy: boolean }} now the query's shares, or why there are none
 */
export function verdictWords(all, { shares, why, isBusy }) {
  if (why) return why;
  if (!isEnough(all)) return "Draw at least two classes once; then draw a question.";
  if (!all.query.length) return "Now draw a question: one of your symbols once more.";
  if (!shares) return isBusy ? "Adapting to your drawings …" : "";
  const [first, second] = ranking(all, shares);
  if (first.share - second.share < 0.005) return `As much ${first.name} as ${second.name}: ${percent(first.share)} each.`;
  if (second.share < 0.005) return `Most like ${first.name}: ${percent(first.share)}.`;
  return `Most like ${first.name}: ${percent(first.share)}, then ${second.name} with ${percent(second.share)}.`;
}

/**
 * Whether two classes or more have a drawing.
 * @param {Drawings} all
 */
export const isEnough = ({ classes }) => classes.filter(({ drawings }) => drawings.some((each) => each.length)).length >= 2;

/**
 * Which drawings are learned from, as a choice says it.
 * @param {number} first
 */
export function firstWords(first) {
  if (first === MAX_SHOTS) return "all drawings";
  return first === 1 ? "the first of each class" : `the first ${first} of each class`;
}

/**
 * How often the learner is right about what is held back, or how there comes to be something.
 * @param {HeldBack[]} heldBack
 * @param {number} first
 */
export function heldBackWords(heldBack, first) {
  if (first === MAX_SHOTS) return "";
  if (!heldBack.length) return `Draw more than ${first} of a class: the rest is held back, and asked about.`;
  const right = heldBack.filter(({ way, answer }) => way === answer).length;
  return `Right about ${right} of the ${heldBack.length} held back (${percent(right / heldBack.length)}).`;
}

/**
 * After what the bars stand.
 * @param {number} step
 * @param {number} steps 1 where there is nothing to choose
 */
export const afterWords = (step, steps) => (steps > 1 ? `after step ${step} of ${steps}` : "after");
