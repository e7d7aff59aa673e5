// @ts-check
// Points and directions in the plane, [x, y], and symmetric matrices, [xx, xy, yy].

/** @typedef {[number, number]} Vector */
/** @typedef {[number, number, number]} Matrix */

/** @type {(a: Vector, b: Vector) => Vector} */
export const add = (a, b) => [a[0] + b[0], a[1] + b[1]];

/** @type {(a: Vector, b: Vector) => Vector} */
export const subtract = (a, b) => [a[0] - b[0], a[1] - b[1]];

/** @type {(a: Vector, factor: number) => Vector} */
export const scale = (a, factor) => [a[0] * factor, a[1] * factor];

/** @type {(a: Vector, b: Vector) => number} */
export const dot = (a, b) => a[0] * b[0] + a[1] * b[1];

/** @type {(a: Vector) => number} */
export const norm = (a) => Math.hypot(a[0], a[1]);

/**
 * The angle between two directions; NaN where one of them is none or has overflowed.
 * @type {(a: Vector, b: Vector) => number}
 */
export const degrees = (a, b) => {
  const [m, n] = [norm(a), norm(b)];
  if (!(m > 0 && n > 0 && m + n < Number.POSITIVE_INFINITY)) return Number.NaN;
  const [u, v] = [scale(a, 1 / m), scale(b, 1 / n)];
  return (360 / Math.PI) * Math.atan2(norm(subtract(u, v)), norm(add(u, v)));
};

/** @type {(h: Matrix, v: Vector) => Vector} */
export const times = (h, v) => [h[0] * v[0] + h[1] * v[1], h[1] * v[0] + h[2] * v[1]];

/** @type {(h: Matrix, v: Vector) => Vector} */
export const solve = (h, v) => {
  const determinant = h[0] * h[2] - h[1] * h[1];
  return [(h[2] * v[0] - h[1] * v[1]) / determinant, (h[0] * v[1] - h[1] * v[0]) / determinant];
};

/** @type {(h: Matrix) => [number, number]} the lesser first */
export const eigenvalues = (h) => {
  const middle = (h[0] + h[2]) / 2;
  const radius = Math.hypot((h[0] - h[2]) / 2, h[1]);
  return [middle - radius, middle + radius];
};
