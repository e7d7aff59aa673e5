// @ts-check
// What is drawn: classes with their drawings, and the query. Values that are never changed: every change gives a new one.

import { clamp } from "../shared/numbers.js";
import { distance } from "./raster.js";

/** @import { Stroke } from "./raster.js" */

export const WAYS = /** @type {const} */ ([2, 10]);
export const MAX_SHOTS = 5; // drawings a class
export const MAX_STROKES = 40; // a drawing
export const MAX_POINTS = 1500; // a drawing
export const SIDE = 1000; // units of the pad
export const MAX_NAME = 24;

/** @typedef {Stroke[]} Drawing */

/**
 * @typedef {object} Class
 * @property {string} name
 * @property {Drawing[]} drawings an empty one counts for nothing
 */

/**
 * @typedef {object} Drawings
 * @property {Class[]} classes
 * @property {Drawing} query
 */

/**
 * Where a drawing belongs.
 * @typedef {object} Place
 * @property {number} way a class, from 0; -1 for the query
 * @property {number} shot its drawing, from 0
 */

/** @type {Place} */
export const QUERY = { way: -1, shot: 0 };

/**
 * @param {number} ways
 * @returns {Drawings}
 */
export function blank(ways) {
  return { classes: Array.from({ length: ways }, (_, way) => ({ name: nameOf(way), drawings: [] })), query: [] };
}

/** @param {number} way */
export const nameOf = (way) => String.fromCharCode(65 + way);

/**
 * The drawing at a place; empty where there is none yet.
 * @param {Drawings} all
 * @param {Place} place
 */
export const drawingAt = ({ classes, query }, { way, shot }) => (way < 0 ? query : (classes[way]?.drawings[shot] ?? []));

/**
 * With another drawing at a place; behind the last one of a class it becomes its next.
 * @param {Drawings} all
 * @param {Place} place
 * @param {Drawing} drawing
 * @returns {Drawings}
 */
export function withDrawing(all, { way, shot }, drawing) {
  if (way < 0) return { ...all, query: drawing };
  const drawings = all.classes[way].drawings.slice();
  drawings[Math.min(shot, drawings.length, MAX_SHOTS - 1)] = drawing;
  return withClass(all, way, { drawings });
}

/**
 * @param {Drawings} all
 * @param {number} way
 * @param {Partial<Class>} changes
 * @returns {Drawings}
 */
function withClass(all, way, changes) {
  return { ...all, classes: all.classes.map((each, index) => (index === way ? { ...each, ...changes } : each)) };
}

/**
 * With one more stroke, if there is room for it.
 * @param {Drawings} all
 * @param {Place} place
 * @param {Stroke} stroke
 */
export function withStroke(all, place, stroke) {
  const drawing = drawingAt(all, place);
  const points = [...drawing, stroke].reduce((sum, each) => sum + each.length / 2, 0);
  if (stroke.length < 2 || drawing.length >= MAX_STROKES || points > MAX_POINTS) return all;
  return withDrawing(all, place, [...drawing, stroke]);
}

/**
 * Without the strokes that an eraser touches.
 * @param {Drawings} all
 * @param {Place} place
 * @param {[number, number]} at
 * @param {number} reach of the eraser
 */
export function erased(all, place, at, reach) {
  const drawing = drawingAt(all, place);
  const left = drawing.filter((stroke) => away(stroke, at) > reach);
  return left.length === drawing.length ? all : withDrawing(all, place, left);
}

/**
 * From a point to a stroke.
 * @param {Stroke} stroke
 * @param {[number, number]} at
 */
function away(stroke, [x, y]) {
  let least = Infinity;
  for (let index = 0; index < stroke.length; index += 2) {
    const from = Math.max(index - 2, 0);
    const [dx, dy] = [stroke[index] - stroke[from], stroke[index + 1] - stroke[from + 1]];
    least = Math.min(least, distance([x - stroke[from], y - stroke[from + 1]], [dx, dy]));
  }
  return least;
}

/**
 * The drawings of a class that are learned from, and those that are held back to be asked about: all beyond the first few.
 * @param {Class} one
 * @param {number} first how many are learned from
 */
export function parted({ drawings }, first) {
  const drawn = drawings.map((drawing, shot) => ({ drawing, shot })).filter(({ drawing }) => drawing.length > 0);
  return { learned: drawn.slice(0, first).map(({ drawing }) => drawing), heldBack: drawn.slice(first) };
}

/**
 * Without empty drawings, which undoing and erasing leave.
 * @param {Drawings} all
 * @returns {Drawings}
 */
export function tidied(all) {
  return {
    ...all,
    classes: all.classes.map((each) => ({ ...each, drawings: each.drawings.filter((drawing) => drawing.length > 0) })),
  };
}

/**
 * @param {Drawings} all
 * @param {number} way
 */
export const withoutDrawings = (all, way) => withClass(all, way, { drawings: [] });

/**
 * @param {Drawings} all
 * @param {number} way
 * @param {string} name
 */
export const renamed = (all, way, name) => withClass(all, way, { name: name.trim().slice(0, MAX_NAME) || nameOf(way) });

/**
 * With so many classes: new ones behind, or without the last.
 * @param {Drawings} all
 * @param {number} ways
 * @returns {Drawings}
 */
export function withWays(all, ways) {
  const { classes } = blank(clamp(ways, WAYS));
  return { ...all, classes: classes.map((fresh, way) => all.classes[way] ?? fresh) };
}

/**
 * The place for what is drawn next: the first class that has the fewest drawings; the query where every class has as many.
 * @param {Drawings} all
 * @returns {Place}
 */
export function nextPlace({ classes }) {
  const counts = classes.map(({ drawings }) => drawings.filter((drawing) => drawing.length > 0).length);
  const least = Math.min(...counts);
  if (least > 0 && counts.every((count) => count === least)) return QUERY;
  const way = counts.indexOf(least);
  return { way, shot: least };
}

/**
 * Drawings as somebody's file, an earlier visit or a forger may have them; null where they are none.
 * @param {any} value
 * @returns {Drawings | null}
 */
export function checked(value) {
  const { classes, query } = value ?? {};
  if (!Array.isArray(classes) || classes.length < WAYS[0] || classes.length > WAYS[1] || !isDrawing(query)) return null;
  /** @param {any} each */
  const isClass = (each) =>
    typeof each?.name === "string" &&
    Array.isArray(each.drawings) &&
    each.drawings.length <= MAX_SHOTS &&
    each.drawings.every(isDrawing);
  if (!classes.every(isClass)) return null;
  const kept = classes.map(({ name, drawings }, way) => ({ name: name.slice(0, MAX_NAME) || nameOf(way), drawings }));
  return tidied({ classes: kept, query });
}

/** @param {any} drawing */
function isDrawing(drawing) {
  if (!Array.isArray(drawing) || drawing.length > MAX_STROKES) return false;
  let points = 0;
  for (const stroke of drawing) {
    if (!Array.isArray(stroke) || stroke.length < 2 || stroke.length % 2) return false;
    if (!stroke.every((value) => Number.isInteger(value) && value >= 0 && value <= SIDE)) return false;
    points += stroke.length / 2;
  }
  return points <= MAX_POINTS;
}
