// @ts-check
// What is brushed on parallel axes, from Plotly's own description of them.

/**
 * @typedef {object} Dimension one axis
 * @property {string} label
 * @property {number[] | number[][]} [constraintrange] one range, or several
 */

/**
 * The ranges of each axis that has any, low end first.
 * @param {Dimension[]} dimensions
 * @param {Record<string, string>} names label -> name
 * @returns {Record<string, number[][]>}
 */
export function rangesOf(dimensions, names) {
  /** @type {Record<string, number[][]>} */
  const found = {};
  for (const { label, constraintrange } of dimensions) {
    const range = /** @type {(number | number[])[]} */ (constraintrange ?? []);
    if (!range.length || !Object.hasOwn(names, label)) continue;
    const pairs = /** @type {number[][]} */ (typeof range[0] === "number" ? [range] : range);
    found[names[label]] = pairs.map(([from, to]) => (from <= to ? [from, to] : [to, from]));
  }
  return found;
}
