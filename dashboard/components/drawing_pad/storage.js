// @ts-check
// The drawings in the browser's own storage: there they outlast a reload. Where the browser has none, they last as long as the tab.

import { checked, MAX_SHOTS } from "./drawings.js";

/** @import { Drawings } from "./drawings.js" */

const KEY = "maml-lab-drawings";

/**
 * @typedef {object} Stored
 * @property {Drawings} drawings
 * @property {string} taken which of the sets that Python gave was taken over last
 * @property {number} first drawings of each class that are learned from
 */

/** @type {string | null} */
let memory = null;

/** @returns {Stored | null} */
export function load() {
  let text = memory;
  try {
    text = localStorage.getItem(KEY) ?? memory;
  } catch {
    // a browser that is told to keep nothing
  }
  try {
    const { drawings, taken, first } = JSON.parse(text ?? "null") ?? {};
    const good = checked(drawings);
    const isFirst = Number.isInteger(first) && first >= 1 && first <= MAX_SHOTS;
    return good && { drawings: good, taken: typeof taken === "string" ? taken : "", first: isFirst ? first : MAX_SHOTS };
  } catch {
    return null;
  }
}

/** @param {Stored} stored */
export function save(stored) {
  memory = JSON.stringify(stored);
  try {
    localStorage.setItem(KEY, memory);
  } catch {
    // full, or refused
  }
}
