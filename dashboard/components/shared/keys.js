// @ts-check
// Keys that move or remove what has the focus.

/** @type {Record<string, [number, number]>} */
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };

/**
 * Which way an arrow key points, [right, up]; null for any other key.
 * @param {string} key
 */
export const arrowOf = (key) => ARROWS[key] ?? null;

/**
 * Whether a key takes away what has the focus.
 * @param {string} key
 */
export const isRemoving = (key) => key === "Delete" || key === "Backspace";
