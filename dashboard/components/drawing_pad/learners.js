// @ts-check
// The learners that are here, for the life of the page: their weights travel once.

import { PadLearner } from "./adapting.js";

/** @import { Weights } from "./adapting.js" */

const MAX_KEPT = 12;

/** @type {Map<string, PadLearner>} by digest */
const learners = new Map();

/** @param {Weights | null} weights */
export function keep(weights) {
  if (weights && !learners.has(weights.digest)) learners.set(weights.digest, new PadLearner(weights));
  for (const digest of learners.keys()) {
    if (learners.size <= MAX_KEPT) break;
    learners.delete(digest);
  }
}

/** @param {string | null} digest */
export const learnerOf = (digest) => learners.get(digest ?? "");

export const held = () => [...learners.keys()];
