// @ts-check
// What a network sees of a drawing: 28 x 28, ink 1 on paper 0. The one rule; `strokes.py` says the same in Python, held to this one
// by tests. A drawing's bounding box is centred, its longer side made as long as that of an Omniglot character (17 of 28 pixels in
// the middle of them), and drawn with a pen as wide as theirs (1.3 pixels); a pixel's ink falls off over one pixel at the edge.

import { clamp } from "../shared/numbers.js";

export const SIZE = 28; // pixels a side
export const SIDE = 17; // pixels that the longer side of a drawing's box takes, from the middle of its lines
export const RADIUS = 0.65; // of the pen, in pixels
export const SMALLEST = 60; // units of the pad: a smaller drawing (a dot) is not blown up beyond what this one would be

/** @typedef {number[]} Stroke x and y of each point in turn, in units of the pad: 0 to 1000, from the left and from the top */

/**
 * Where a drawing lies.
 * @param {Stroke[]} strokes
 * @returns {{ left: number, right: number, top: number, bottom: number } | null} null where there is no point
 */
export function boxOf(strokes) {
  const box = { left: Infinity, right: -Infinity, top: Infinity, bottom: -Infinity };
  for (const stroke of strokes) {
    for (let at = 0; at < stroke.length; at += 2) {
      box.left = Math.min(box.left, stroke[at]);
      box.right = Math.max(box.right, stroke[at]);
      box.top = Math.min(box.top, stroke[at + 1]);
      box.bottom = Math.max(box.bottom, stroke[at + 1]);
    }
  }
  return box.right < box.left ? null : box;
}

/**
 * A drawing as a network sees it.
 * @param {Stroke[]} strokes
 * @returns {Float64Array} [SIZE * SIZE] row by row; all 0 where nothing is drawn
 */
export function raster(strokes) {
  const image = new Float64Array(SIZE * SIZE);
  const box = boxOf(strokes);
  if (!box) return image;
  const scale = SIDE / Math.max(box.right - box.left, box.bottom - box.top, SMALLEST);
  const [middleX, middleY] = [(box.left + box.right) / 2, (box.top + box.bottom) / 2];
  /** @param {number} x */
  const px = (x) => (x - middleX) * scale + SIZE / 2;
  /** @param {number} y */
  const py = (y) => (y - middleY) * scale + SIZE / 2;
  for (const stroke of strokes) {
    for (let at = 0; at < stroke.length; at += 2) {
      const from = Math.max(at - 2, 0); // a first point is a segment of no length
      drawSegment(image, [px(stroke[from]), py(stroke[from + 1])], [px(stroke[at]), py(stroke[at + 1])]);
    }
  }
  return image;
}

/**
 * Adds the ink of one segment; where segments meet, a pixel has the most ink that one of them gives it.
 * @param {Float64Array} image
 * @param {[number, number]} from in pixels
 * @param {[number, number]} to
 */
function drawSegment(image, [x0, y0], [x1, y1]) {
  const reach = RADIUS + 0.5;
  const [dx, dy] = [x1 - x0, y1 - y0];
  const firstRow = Math.max(Math.floor(Math.min(y0, y1) - reach), 0);
  const lastRow = Math.min(Math.ceil(Math.max(y0, y1) + reach), SIZE - 1);
  const first = Math.max(Math.floor(Math.min(x0, x1) - reach), 0);
  const last = Math.min(Math.ceil(Math.max(x0, x1) + reach), SIZE - 1);
  for (let row = firstRow; row <= lastRow; row++) {
    for (let column = first; column <= last; column++) {
      const [x, y] = [column + 0.5 - x0, row + 0.5 - y0];
      const ink = 0.5 + RADIUS - distance([x, y], [dx, dy]);
      const pixel = row * SIZE + column;
      image[pixel] = Math.max(image[pixel], Math.min(ink, 1));
    }
  }
}

/**
 * From a point to a segment that begins at the origin.
 * @param {readonly [number, number]} point
 * @param {readonly [number, number]} end of the segment
 */
export function distance([x, y], [dx, dy]) {
  const square = dx * dx + dy * dy;
  const along = square > 0 ? clamp((x * dx + y * dy) / square, [0, 1]) : 0;
  return Math.hypot(x - along * dx, y - along * dy);
}

/** @type {WeakMap<Stroke[], Float64Array>} */
const images = new WeakMap();

/**
 * The same, worked out once for each drawing, as drawings are never changed.
 * @param {Stroke[]} drawing
 */
export function imageOf(drawing) {
  const image = images.get(drawing) ?? raster(drawing);
  images.set(drawing, image);
  return image;
}
