// @ts-check
// Tasks in a plane and what each method makes of them: maml_engine/analysis/toy_landscape in plain JavaScript, to which a test
// holds it.

import { newton } from "./newton.js";
import { SURFACES } from "./surfaces.js";
import { add, degrees, dot, norm, scale, solve, subtract, times } from "./vectors.js";

/** @import { Local, SurfaceName, Task } from "./surfaces.js" */
/** @import { Vector } from "./vectors.js" */

/**
 * @typedef {object} Landscape
 * @property {SurfaceName} surface
 * @property {Task[]} tasks
 * @property {number} inner_lr step size alpha
 * @property {number} inner_steps K
 * @property {number} proximal lambda, iMAML's pull towards theta
 * @property {number} gap between the optima of a task's support and query losses
 */

/** @typedef {"maml" | "fomaml" | "reptile" | "imaml"} Method */

/** @type {Method[]} */
const METHODS = ["maml", "fomaml", "reptile", "imaml"];
const CANCELLED = 1e-3; // as in maml_engine/analysis/angles.py

/**
 * The task whose loss the inner steps go down.
 * @param {Landscape} landscape
 * @param {Task} task
 * @returns {Task}
 */
const supportTask = (landscape, task) => [
  task[0] + landscape.gap * Math.cos(task[2] + Math.PI / 4),
  task[1] + landscape.gap * Math.sin(task[2] + Math.PI / 4),
  task[2],
];

/**
 * theta_0 .. theta_K of one task.
 * @param {Landscape} landscape
 * @param {Vector} theta
 * @param {Task} task
 */
export function innerPath(landscape, theta, task) {
  const surface = SURFACES[landscape.surface];
  const support = supportTask(landscape, task);
  const path = [theta];
  for (let k = 0; k < landscape.inner_steps; k++) {
    path.push(subtract(path[k], scale(surface(path[k], support)[1], landscape.inner_lr)));
  }
  return path;
}

/**
 * The query loss after adapting, mean over the tasks.
 * @param {Landscape} landscape
 * @param {Vector} theta
 */
export function metaLoss(landscape, theta) {
  const surface = SURFACES[landscape.surface];
  let total = 0;
  for (const task of landscape.tasks) {
    const support = supportTask(landscape, task);
    let point = theta;
    for (let k = 0; k < landscape.inner_steps; k++) {
      point = subtract(point, scale(surface(point, support)[1], landscape.inner_lr));
    }
    total += surface(point, task)[0];
  }
  return total / landscape.tasks.length;
}

/**
 * One task's part of the meta-gradient: the query gradient at theta_K, pulled back by I - alpha H(theta_k), step by step.
 * @param {Landscape} landscape
 * @param {Vector[]} path
 * @param {Task} task
 */
function pulledBack(landscape, path, task) {
  const surface = SURFACES[landscape.surface];
  const support = supportTask(landscape, task);
  let vector = surface(path[path.length - 1], task)[1];
  for (let k = path.length - 2; k >= 0; k--) {
    vector = subtract(vector, scale(times(surface(path[k], support)[2], vector), landscape.inner_lr));
  }
  return vector;
}

/**
 * @param {Landscape} landscape
 * @param {Vector} theta
 */
export function metaGradient(landscape, theta) {
  const parts = landscape.tasks.map((task) => pulledBack(landscape, innerPath(landscape, theta, task), task));
  return scale(parts.reduce(add, [0, 0]), 1 / landscape.tasks.length);
}

/**
 * Where iMAML adapts to: the least support loss with a pull towards theta.
 * @param {Landscape} landscape
 * @param {Vector} theta
 * @param {Task} task
 */
export function proximalSolution(landscape, theta, task) {
  const surface = SURFACES[landscape.surface];
  const support = supportTask(landscape, task);
  const pull = landscape.proximal;
  /** @type {(phi: Vector) => Local} */
  const local = (phi) => {
    const [loss, gradient, hessian] = surface(phi, support);
    const offset = subtract(phi, theta);
    return [
      loss + (pull / 2) * dot(offset, offset),
      add(gradient, scale(offset, pull)),
      [hessian[0] + pull, hessian[1], hessian[2] + pull],
    ];
  };
  return newton(local, (phi) => local(phi)[0], theta);
}

/**
 * Each method's direction uphill, task by task; Reptile's is theta - theta_K.
 * @param {Landscape} landscape
 * @param {Vector} theta
 * @param {Method[]} wanted the others have none
 */
function byTask(landscape, theta, wanted) {
  const surface = SURFACES[landscape.surface];
  /** @type {Record<Method, Vector[]>} */
  const found = { maml: [], fomaml: [], reptile: [], imaml: [] };
  for (const task of landscape.tasks) {
    const path = innerPath(landscape, theta, task);
    const end = path[path.length - 1];
    /** @type {Record<Method, () => Vector>} */
    const parts = {
      maml: () => pulledBack(landscape, path, task),
      fomaml: () => surface(end, task)[1],
      reptile: () => subtract(theta, end),
      imaml: () => implicitGradient(landscape, theta, task),
    };
    for (const method of wanted) found[method].push(parts[method]());
  }
  return found;
}

/**
 * @template Value
 * @param {(method: Method) => Value} value
 */
function forEach(value) {
  return /** @type {Record<Method, Value>} */ (Object.fromEntries(METHODS.map((method) => [method, value(method)])));
}

/**
 * Each method's direction uphill, averaged over the tasks.
 * @param {Landscape} landscape
 * @param {Vector} theta
 * @param {Method[]} wanted
 */
export function directions(landscape, theta, wanted = METHODS) {
  const found = byTask(landscape, theta, wanted);
  return forEach((method) => scale(found[method].reduce(add, [0, 0]), 1 / landscape.tasks.length));
}

/**
 * The same with the angle of each to MAML's, in degrees; NaN where one of the two points nowhere, since it is 0 or, the tasks'
 * own having cancelled, what rounding leaves of 0.
 * @param {Landscape} landscape
 * @param {Vector} theta
 */
export function updates(landscape, theta) {
  const found = byTask(landscape, theta, METHODS);
  const count = landscape.tasks.length;
  /** @type {Record<Method, Vector>} */
  const means = forEach((method) => scale(found[method].reduce(add, [0, 0]), 1 / count));
  const pointing = forEach((method) => {
    const taskNorm = found[method].reduce((sum, each) => sum + norm(each), 0) / count;
    return scale(means[method], norm(means[method]) > CANCELLED * taskNorm ? 1 : 0);
  });
  return { directions: means, angles: forEach((method) => degrees(pointing[method], pointing.maml)) };
}

/**
 * One task's part of iMAML's meta-gradient, (I + H / lambda)^-1 times the query gradient at the proximal solution.
 * @param {Landscape} landscape
 * @param {Vector} theta
 * @param {Task} task
 */
function implicitGradient(landscape, theta, task) {
  const surface = SURFACES[landscape.surface];
  const solution = proximalSolution(landscape, theta, task);
  const pull = landscape.proximal;
  const hessian = surface(solution, supportTask(landscape, task))[2];
  return solve([1 + hessian[0] / pull, hessian[1] / pull, 1 + hessian[2] / pull], surface(solution, task)[1]);
}

/**
 * One outer step: plain gradient descent, no longer than `longest`. Reptile's chord is divided by alpha K.
 * @param {Landscape} landscape
 * @param {Vector} theta
 * @param {Method} method
 * @param {{ metaLr: number, longest: number }} sizes
 */
export function outerStep(landscape, theta, method, { metaLr, longest }) {
  const share = method === "reptile" ? landscape.inner_lr * Math.max(1, landscape.inner_steps) : 1;
  const move = scale(directions(landscape, theta, [method])[method], metaLr / share);
  return subtract(theta, scale(move, Math.min(1, longest / Math.max(norm(move), 1e-300))));
}
