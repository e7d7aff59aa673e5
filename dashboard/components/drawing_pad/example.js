// @ts-check
// What the pad shows somebody who has drawn nothing yet: five symbols, drawn once each, and one of them drawn again.

import { nameOf } from "./drawings.js";

/** @import { Drawing, Drawings } from "./drawings.js" */

/**
 * A stroke along a curve.
 * @param {number} count of points
 * @param {(share: number) => [number, number]} at share of the way, 0 to 1
 */
const along = (count, at) => Array.from({ length: count }, (_, index) => at(index / (count - 1)).map(Math.round)).flat();

/**
 * @param {[number, number]} middle
 * @param {number} radius
 * @param {number} turns
 * @param {number} from which angle, in turns
 * @param {number} grow radius at the end, over that at the beginning
 */
const spiral = ([x, y], radius, turns, from, grow) =>
  along(40, (share) => {
    const angle = 2 * Math.PI * (from + turns * share);
    const far = radius * (1 + (grow - 1) * share);
    return [x + far * Math.cos(angle), y + far * Math.sin(angle)];
  });

/** @type {Drawing[]} */
const SYMBOLS = [
  [spiral([500, 500], 30, 2.2, 0.1, 9)],
  [
    [500, 180, 250, 760, 780, 740, 505, 185],
    [500, 420, 505, 600],
  ],
  [spiral([500, 360], 180, 1.03, 0.25, 1), [500, 540, 495, 860], [340, 700, 670, 690]],
  [[220, 300, 420, 640, 560, 320, 700, 660, 800, 280]],
  [
    [300, 200, 310, 820],
    [310, 480, 560, 380, 690, 480, 680, 810],
    [600, 180, 640, 200],
  ],
];

/** @type {Drawings} */
export const EXAMPLE = {
  classes: SYMBOLS.map((drawing, way) => ({ name: nameOf(way), drawings: [drawing] })),
  query: [spiral([470, 400], 150, 0.98, 0.3, 1.08), [480, 550, 520, 810, 515, 850], [390, 730, 640, 650]],
};
