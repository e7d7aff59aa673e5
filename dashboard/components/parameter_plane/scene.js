// @ts-check
// What stands in the plane: theta, tasks, and how the methods move. Pure: whatever changes a scene gives a new one.

import { roundTo } from "../shared/numbers.js";
import { norm, subtract } from "./vectors.js";

/** @import { Landscape, Method } from "./landscape.js" */
/** @import { Area } from "./optimum.js" */
/** @import { Task } from "./surfaces.js" */
/** @import { Vector } from "./vectors.js" */

/** @typedef {Landscape & { theta: Vector, shown: Method[] }} Scene as in `scene.py`; shown: whose updates are drawn */
/** @typedef {"theta" | number} Which theta, or a task by its index */

const DIGITS = 4; // decimals of what Python is told
const PLACES = 8; // a side of the grid on which a new task finds its place
const TURN = Math.PI / 12;

/**
 * @param {Scene} scene
 * @param {Which} which
 * @returns {Vector}
 */
export function positionOf({ theta, tasks }, which) {
  return which === "theta" ? theta : [tasks[which][0], tasks[which][1]];
}

/**
 * @param {Scene} scene
 * @param {Which} which
 * @param {Vector} point
 * @returns {Scene}
 */
export function moveTo(scene, which, point) {
  return which === "theta" ? { ...scene, theta: point } : withTask(scene, which, [...point, scene.tasks[which][2]]);
}

/**
 * @param {Scene} scene
 * @param {number} index
 * @param {Task} task
 * @returns {Scene}
 */
const withTask = (scene, index, task) => ({ ...scene, tasks: scene.tasks.map((old, place) => (place === index ? task : old)) });

/**
 * The scene with one more task, the last one: at the place of a coarse grid that is farthest from all others.
 * @param {Scene} scene
 * @param {Area} area
 * @returns {Scene}
 */
export function addTask(scene, [[lowX, highX], [lowY, highY]]) {
  const { tasks } = scene;
  /** @type {Vector} */
  let best = [lowX, lowY];
  let farthest = -1;
  for (let i = 1; i < PLACES; i++) {
    for (let j = 1; j < PLACES; j++) {
      /** @type {Vector} */
      const point = [lowX + ((highX - lowX) * i) / PLACES, lowY + ((highY - lowY) * j) / PLACES];
      const near = Math.min(...tasks.map((task) => norm(subtract([task[0], task[1]], point))));
      if (near > farthest) [best, farthest] = [point, near];
    }
  }
  return { ...scene, tasks: [...tasks, [...best, (0.9 * tasks.length) % Math.PI]] };
}

/**
 * @param {Scene} scene
 * @param {number} index
 * @returns {Scene}
 */
export const removeTask = (scene, index) => ({ ...scene, tasks: scene.tasks.filter((_, place) => place !== index) });

/**
 * @param {Scene} scene
 * @param {number} index
 */
export function turnTask(scene, index) {
  const [x, y, turn] = scene.tasks[index];
  return withTask(scene, index, [x, y, (turn + TURN) % Math.PI]);
}

/**
 * The scene in as many digits as Python keeps.
 * @param {Scene} scene
 * @returns {Scene}
 */
export function rounded(scene) {
  /** @param {number} value */
  const round = (value) => roundTo(value, DIGITS);
  const [x, y] = scene.theta;
  return { ...scene, theta: [round(x), round(y)], tasks: scene.tasks.map(([x, y, turn]) => [round(x), round(y), round(turn)]) };
}
