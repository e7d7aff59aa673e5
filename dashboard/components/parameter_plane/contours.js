// @ts-check
// Contour lines and shading of values on a grid [size * size], row by row from the low end of y.

/** @typedef {[number, number, number]} Colour red, green, blue, from 0 to 255 */

/**
 * Line segments [x0, y0, x1, y1] in grid units where the values cross `level` (marching squares).
 * @param {ArrayLike<number>} values
 * @param {number} size
 * @param {number} level
 */
export function contourSegments(values, size, level) {
  /** @type {[number, number, number, number][]} */
  const segments = [];
  /** @type {(a: number, b: number) => number} */
  const crossing = (a, b) => (level - a) / (b - a);
  for (let row = 0; row < size - 1; row++) {
    for (let column = 0; column < size - 1; column++) {
      const at = row * size + column;
      const [sw, se, nw, ne] = [values[at], values[at + 1], values[at + size], values[at + size + 1]];
      /** @type {[number, number][]} */
      const points = [];
      if (sw < level !== se < level) points.push([column + crossing(sw, se), row]);
      if (se < level !== ne < level) points.push([column + 1, row + crossing(se, ne)]);
      if (nw < level !== ne < level) points.push([column + crossing(nw, ne), row + 1]);
      if (sw < level !== nw < level) points.push([column, row + crossing(sw, nw)]);
      for (let index = 0; index + 1 < points.length; index += 2) segments.push([...points[index], ...points[index + 1]]);
    }
  }
  return segments;
}

/**
 * `count` levels from just above the least value, each further one more than the one before: dense at the bottom.
 * @param {Float64Array} values
 * @param {number} count
 */
export function levelsOf(values, count) {
  const finite = values.filter(Number.isFinite).sort();
  if (!finite.length) return [];
  const low = finite[0];
  const high = finite[Math.floor(0.97 * (finite.length - 1))];
  return Array.from({ length: count }, (_, index) => low + (high - low) * ((index + 0.5) / count) ** 2);
}

/**
 * Red, green, blue and alpha of each pixel, row by row from the high end of y: one colour for each band between levels, values
 * between grid points interpolated.
 * @param {ArrayLike<number>} values
 * @param {{ size: number, levels: number[], colours: Colour[], pixels: number }} how `pixels`: a side
 */
export function shade(values, { size, levels, colours, pixels }) {
  const shaded = new Uint8ClampedArray(4 * pixels * pixels);
  const step = (size - 1) / (pixels - 1);
  for (let row = 0; row < pixels; row++) {
    const y = (pixels - 1 - row) * step;
    const below = Math.min(size - 2, Math.floor(y));
    const up = y - below;
    for (let column = 0; column < pixels; column++) {
      const x = column * step;
      const left = Math.min(size - 2, Math.floor(x));
      const right = x - left;
      const at = below * size + left;
      const low = values[at] + right * (values[at + 1] - values[at]);
      const high = values[at + size] + right * (values[at + size + 1] - values[at + size]);
      const value = low + up * (high - low);
      let band = levels.length;
      if (Number.isFinite(value)) for (band = 0; band < levels.length && value >= levels[band]; ) band++;
      const [red, green, blue] = colours[Math.round((band / Math.max(1, levels.length)) * (colours.length - 1))];
      const pixel = 4 * (row * pixels + column);
      shaded[pixel] = red;
      shaded[pixel + 1] = green;
      shaded[pixel + 2] = blue;
      shaded[pixel + 3] = 255;
    }
  }
  return shaded;
}
