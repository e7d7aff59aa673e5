// @ts-check
// What stands on the bench: a wave, support points, how far the learners step. Pure: whatever changes a scene gives a new one.

import { clamp, roundTo } from "../shared/numbers.js";

/** @import { Scale } from "../shared/chart.js" */

/**
 * One task and how the learners meet it, as in `scene.py`.
 * @typedef {object} Scene
 * @property {number} amplitude of the truth, A sin(x + phase)
 * @property {number} phase radians, from 0 to 2 pi
 * @property {[number, number][]} points support points: x, and how far off the wave
 * @property {number} steps gradient steps k
 * @property {number} inner_lr step size alpha
 * @property {string[]} hidden names of learners that are switched off
 * @property {string} focus the learner whose every step is drawn; "" is the first
 */

/**
 * Where points may lie.
 * @typedef {object} Area
 * @property {[number, number]} xRange
 * @property {number} limit half the height of the y axis
 */

/** @typedef {{ kind: "point", index: number } | { kind: "amplitude" } | { kind: "phase" }} Grip what a handle moves */

/**
 * Where the wave's two handles are: the amplitude's at a turn, the phase's at a zero.
 * @typedef {object} WavePlaces
 * @property {number} turn x
 * @property {number} sign of the wave there
 * @property {number} zero x
 */

export const MIN_AMPLITUDE = 0.1;
const HALF_HEIGHTS = [1.5, 2.5, 4, 6.5, 10, 13, 20, 40, 80, 160];

/** @param {number} value */
export const round2 = (value) => roundTo(value, 2);

/**
 * @param {Scene} scene
 * @param {number} x
 */
export const waveAt = (scene, x) => scene.amplitude * Math.sin(x + scene.phase);

/**
 * The support points where they lie, (x, y).
 * @param {Scene} scene
 * @returns {[number, number][]}
 */
export const pointsOf = (scene) => scene.points.map(([x, off]) => [x, waveAt(scene, x) + off]);

/**
 * A phase from 0 to a full turn.
 * @param {number} phase
 */
export function turned(phase) {
  return round2(((phase % (2 * Math.PI)) + 2 * Math.PI) % (2 * Math.PI));
}

/**
 * Half the height of a y axis that has room for the wave and the points: one of a few, so that it seldom changes.
 * @param {Scene} scene
 */
export function halfHeight(scene) {
  const needed = 1.12 * Math.max(scene.amplitude, ...pointsOf(scene).map(([, y]) => Math.abs(y)));
  return HALF_HEIGHTS.find((height) => height >= needed) ?? needed;
}

/**
 * The largest amplitude that hands can give the wave.
 * @param {Scene} base what the page asks for
 */
export const highestAmplitude = (base) => Math.max(10, base.amplitude);

/**
 * Whether Python's answers to one scene are answers to another: they hold for any number of steps and whoever is hidden.
 * @param {Scene} one
 * @param {Scene} other
 */
export function isSameTask(one, other) {
  /** @param {Scene} scene */
  const task = ({ amplitude, phase, points, inner_lr }) => JSON.stringify([amplitude, phase, points, inner_lr]);
  return task(one) === task(other);
}

/**
 * @param {Scene} scene
 * @param {number} amplitude
 * @param {number} highest
 * @returns {Scene}
 */
export const withAmplitude = (scene, amplitude, highest) => {
  return { ...scene, amplitude: clamp(round2(amplitude), [MIN_AMPLITUDE, highest]) };
};

/**
 * @param {Scene} scene
 * @param {number} phase
 * @returns {Scene}
 */
export const withPhase = (scene, phase) => ({ ...scene, phase: turned(phase) });

/**
 * The scene with one point at (x, y); onto the wave where it comes closer than `snap`.
 * @param {Scene} scene
 * @param {number} index
 * @param {[number, number]} place
 * @param {Area} area
 * @param {number} snap
 */
export function movePoint(scene, index, [x, y], { xRange, limit }, snap = 0) {
  const at = round2(clamp(x, xRange));
  const off = round2(clamp(y, [-2 * limit, 2 * limit]) - waveAt(scene, at));
  return withPoint(scene, index, [at, Math.abs(off) < snap ? 0 : off]);
}

/**
 * The scene with one point at x, as far off the wave as it was.
 * @param {Scene} scene
 * @param {number} index
 * @param {number} x
 * @param {Area} area
 */
export function slidePoint(scene, index, x, { xRange }) {
  return withPoint(scene, index, [round2(clamp(x, xRange)), scene.points[index][1]]);
}

/**
 * @param {Scene} scene
 * @param {number} index
 * @param {[number, number]} point
 * @returns {Scene}
 */
function withPoint(scene, index, point) {
  return { ...scene, points: scene.points.map((old, place) => (place === index ? point : old)) };
}

/**
 * The scene with one more point, the last one: at (x, y), or on the wave where y is null.
 * @param {Scene} scene
 * @param {[number, number | null]} place
 * @param {Area} area
 * @param {number} snap
 */
export function addPoint(scene, [x, y], area, snap = 0) {
  /** @type {Scene} */
  const more = { ...scene, points: [...scene.points, [0, 0]] };
  const index = scene.points.length;
  return y === null ? slidePoint(more, index, x, area) : movePoint(more, index, [x, y], area, snap);
}

/**
 * @param {Scene} scene
 * @param {number} index
 * @returns {Scene}
 */
export const removePoint = (scene, index) => ({ ...scene, points: scene.points.filter((_, place) => place !== index) });

/**
 * Where on the x axis there is most room.
 * @param {Scene} scene
 * @param {[number, number]} xRange
 */
export function widestGap(scene, [low, high]) {
  const xs = [low, ...scene.points.map(([x]) => x).sort((one, other) => one - other), high];
  let best = 0;
  let at = (low + high) / 2;
  for (let index = 0; index + 1 < xs.length; index++) {
    if (xs[index + 1] - xs[index] > best + 1e-9) [best, at] = [xs[index + 1] - xs[index], (xs[index] + xs[index + 1]) / 2];
  }
  return at;
}

/**
 * @param {Scene} scene
 * @param {string} name of a learner
 * @param {boolean} isShown
 * @returns {Scene}
 */
export function showLearner(scene, name, isShown) {
  const others = scene.hidden.filter((other) => other !== name);
  return { ...scene, hidden: isShown ? others : [...others, name] };
}

/**
 * Where the wave turns and where it crosses zero, farthest from the support points: room for the two handles.
 * @param {Scene} scene
 * @param {Scale} scale
 * @returns {WavePlaces}
 */
export function freePlaces(scene, scale) {
  const points = pointsOf(scene).map(([x, y]) => [scale.px(x), scale.py(y)]);
  const [low, high] = scale.xRange;
  const room = 22 / scale.perX;
  /** @type {(from: number, y: number) => { x: number, sign: number }} */
  const freest = (from, y) => {
    const places = [];
    for (let half = Math.ceil((low + room - from) / Math.PI); from + half * Math.PI <= high - room; half++) {
      const x = from + half * Math.PI;
      const sign = half % 2 ? -1 : 1;
      const away = Math.min(80, ...points.map(([px, py]) => Math.hypot(scale.px(x) - px, scale.py(y * sign) - py)));
      places.push({ x, sign, score: away - 2 * Math.abs(x - (low + high) / 2) });
    }
    places.sort((one, other) => other.score - one.score);
    return places[0] ?? { x: clamp(from, [low, high]), sign: 1 };
  };
  const turn = freest(Math.PI / 2 - scene.phase, scene.amplitude);
  return { turn: turn.x, sign: turn.sign, zero: freest(-scene.phase, 0).x };
}
