// @ts-check
// Numbers: kept within bounds, rounded, spelt for reading.

/**
 * @param {number} value
 * @param {readonly [number, number]} range
 */
export const clamp = (value, [low, high]) => Math.min(Math.max(value, low), high);

/**
 * Rounded to so many decimals; never -0.
 * @param {number} value
 * @param {number} decimals
 */
export const roundTo = (value, decimals) => Math.round(value * 10 ** decimals) / 10 ** decimals + 0;

/**
 * Three figures.
 * @param {number} value
 */
export const spellNumber = (value) => String(Number(value.toPrecision(3)));

/**
 * "1 step", "2 steps".
 * @param {number} count
 * @param {string} what
 */
export const counted = (count, what) => `${count} ${what}${count === 1 ? "" : "s"}`;
