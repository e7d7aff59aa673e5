// @ts-check
// The mathematics: dense networks of one input, and gradient descent on a support set. Doubles throughout; the engine has
// 32-bit floats, and after ten steps the two agree to better than 1e-4.

import { floats } from "../shared/floats.js";

/**
 * The inner rule: which arrays move, and how far.
 * @typedef {object} Rule
 * @property {boolean[]} moves for each kernel and each bias
 * @property {number} [decay] of the bench's step size, from one step to the next
 * @property {string} [per_parameter] base64: a step size for each parameter
 * @property {number[][]} [per_step] a step size for each array and each step
 */

/**
 * A learner as `weights.py` sends it.
 * @typedef {object} Weights
 * @property {number[]} sizes units of each layer, input and output included
 * @property {"relu" | "tanh" | "sine"} activation
 * @property {string} params base64
 * @property {number[]} scaling mean and standard deviation of x, then of y
 * @property {Rule} rule
 */

/** @typedef {Float64Array<ArrayBuffer>} Params one flat array: each layer's kernel [in, out] row by row, then its bias */

/** @type {Record<Weights["activation"], [(z: number) => number, (z: number, a: number) => number]>} */
const ACTIVATIONS = {
  // value of an activation, and its slope from what went in and what came out
  relu: [(z) => (z > 0 ? z : 0), (z) => (z > 0 ? 1 : 0)],
  tanh: [Math.tanh, (_, a) => 1 - a * a],
  sine: [Math.sin, (z) => Math.cos(z)],
};

/** One learner: its network, its start and its inner rule. */
export class BrowserLearner {
  /** @param {Weights} weights */
  constructor({ sizes, activation, params, scaling, rule }) {
    this.sizes = sizes;
    this.value = ACTIVATIONS[activation][0];
    this.slope = ACTIVATIONS[activation][1];
    this.start = floats(params);
    const [xMean, xStd, yMean, yStd] = scaling;
    this.x = { mean: xMean, std: xStd };
    this.y = { mean: yMean, std: yStd };
    this.rule = rule;
    this.perParameter = rule.per_parameter ? floats(rule.per_parameter) : null;
    /** @type {[number, number][]} where each kernel and each bias begins and ends */
    this.arrays = [];
    let offset = 0;
    for (let layer = 0; layer + 1 < sizes.length; layer++) {
      for (const length of [sizes[layer] * sizes[layer + 1], sizes[layer + 1]]) {
        this.arrays.push([offset, offset + length]);
        offset += length;
      }
    }
    // What went into each layer's units and what came out of them, for one example at a time.
    this.into = sizes.map((size) => new Float64Array(size));
    this.out = sizes.map((size) => new Float64Array(size));
    this.error = sizes.map((size) => new Float64Array(size));
    this.gradient = new Float64Array(offset);
    /** @type {Params[]} each step's, the same arrays every time: at every frame new ones would be a megabyte */
    this.steps = [];
  }

  /**
   * The prediction for one input, in the network's units; leaves every layer's values behind for `addGradient`.
   * @param {Params} params
   * @param {number} x
   */
  forward(params, x) {
    const { sizes, arrays, into, out, value } = this;
    const last = sizes.length - 1;
    out[0][0] = x;
    for (let layer = 0; layer < last; layer++) {
      const inputs = out[layer];
      const sums = into[layer + 1];
      const units = sizes[layer + 1];
      const bias = arrays[2 * layer + 1][0];
      for (let j = 0; j < units; j++) sums[j] = params[bias + j];
      let row = arrays[2 * layer][0];
      for (let i = 0; i < inputs.length; i++, row += units) {
        const input = inputs[i];
        if (input === 0) continue; // half of a ReLU's units
        for (let j = 0; j < units; j++) sums[j] += input * params[row + j];
      }
      if (layer + 1 < last) for (let j = 0; j < units; j++) out[layer + 1][j] = value(sums[j]);
    }
    return into[last][0];
  }

  /**
   * Adds the gradient of one example's loss, whose derivative by the prediction is `slope`; after `forward`.
   * @param {Params} params
   * @param {number} slope
   */
  addGradient(params, slope) {
    const { sizes, arrays, into, out, error, gradient } = this;
    const last = sizes.length - 1;
    error[last][0] = slope;
    for (let layer = last - 1; layer >= 0; layer--) {
      const inputs = out[layer];
      const errors = error[layer + 1];
      const units = sizes[layer + 1];
      const bias = arrays[2 * layer + 1][0];
      for (let j = 0; j < units; j++) gradient[bias + j] += errors[j];
      let row = arrays[2 * layer][0];
      for (let i = 0; i < inputs.length; i++, row += units) {
        const input = inputs[i];
        const inner = layer > 0 ? this.slope(into[layer][i], input) : 0;
        if (layer > 0) error[layer][i] = 0;
        if (input === 0 && inner === 0) continue; // the other half of a ReLU's units
        let back = 0;
        for (let j = 0; j < units; j++) {
          gradient[row + j] += input * errors[j];
          back += params[row + j] * errors[j];
        }
        if (layer > 0) error[layer][i] = back * inner;
      }
    }
  }

  /**
   * Parameters after 0, 1, .. `steps` gradient steps on the mean squared error of the points.
   * They hold until the next call, which writes into the same arrays.
   * @param {[number, number][]} points support set, (x, y)
   * @param {number} steps
   * @param {number} innerLr
   * @returns {Params[]}
   */
  adapt(points, steps, innerLr) {
    const path = [this.start];
    for (let step = 0; step < steps; step++) {
      const params = path[step];
      this.gradient.fill(0);
      for (const [x, y] of points) {
        const prediction = this.forward(params, (x - this.x.mean) / this.x.std);
        this.addGradient(params, (2 / points.length) * (prediction - (y - this.y.mean) / this.y.std));
      }
      path.push(this.descend(params, step, innerLr));
    }
    return path;
  }

  /**
   * @param {Params} params
   * @param {number} step counted from 0
   * @param {number} innerLr
   */
  descend(params, step, innerLr) {
    const { rule, arrays, gradient, perParameter } = this;
    this.steps[step] ??= new Float64Array(params.length);
    const moved = this.steps[step];
    moved.set(params);
    arrays.forEach(([begin, end], index) => {
      if (!rule.moves[index]) return;
      const size = this.stepSize(index, step, innerLr);
      for (let i = begin; i < end; i++) moved[i] -= (perParameter ? perParameter[i] : size) * gradient[i];
    });
    return moved;
  }

  /**
   * The step size of one array, where it is not one of each parameter's.
   * @param {number} index
   * @param {number} step
   * @param {number} innerLr
   */
  stepSize(index, step, innerLr) {
    const learned = this.rule.per_step?.[index];
    return learned ? learned[Math.min(step, learned.length - 1)] : innerLr * (this.rule.decay ?? 1) ** step;
  }

  /**
   * Predictions at `xs`, in the units of the data.
   * @param {Params} params
   * @param {ArrayLike<number>} xs
   */
  curve(params, xs) {
    const ys = new Float64Array(xs.length);
    for (let index = 0; index < xs.length; index++) {
      ys[index] = this.forward(params, (xs[index] - this.x.mean) / this.x.std) * this.y.std + this.y.mean;
    }
    return ys;
  }

  /** Whether the bench's step size means anything to it. */
  get takesStepSize() {
    return !this.rule.per_step && !this.perParameter;
  }
}

/**
 * Mean squared difference; Infinity where anything is no number.
 * @param {ArrayLike<number>} ys
 * @param {ArrayLike<number>} truth
 */
export function meanSquaredError(ys, truth) {
  let sum = 0;
  for (let index = 0; index < ys.length; index++) sum += (ys[index] - truth[index]) ** 2;
  const mean = sum / ys.length;
  return Number.isFinite(mean) ? mean : Infinity;
}
