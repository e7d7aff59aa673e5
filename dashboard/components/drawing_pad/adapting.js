// @ts-check
// What the methods make of the network for one task. A method that steps takes as many as it was trained with; one that solves
// has one step. Before the first nothing is known of the task, and all classes are as likely, unless the head was learned.

import { floats } from "../shared/floats.js";
import { Conv4, softmax } from "./conv4.js";

/** @import { Layout, Params } from "./layers.js" */

/**
 * A learner as `weights.py` sends it.
 * @typedef {object} Weights
 * @property {string} digest
 * @property {Layout} layout
 * @property {string} params base64 of little-endian 32-bit floats
 * @property {number} ways of its head
 * @property {"head" | "zero" | "prototypes"} start where the head begins: as it was learned, at zero, or at the class means
 * @property {boolean} solves whether that is all
 * @property {number} inner_lr
 * @property {number} steps
 */

/** @typedef {{ image: Float64Array, way: number }} Example */

export class PadLearner {
  /** @param {Weights} weights */
  constructor(weights) {
    this.weights = weights;
    this.network = new Conv4(weights.layout);
    this.learned = floats(weights.params);
  }

  /** How many steps it takes. */
  get steps() {
    return this.weights.solves ? 1 : this.weights.steps;
  }

  /**
   * Whether it can tell so many classes apart.
   * @param {number} ways
   */
  fits(ways) {
    return this.weights.start !== "head" || ways === this.weights.ways;
  }

  /**
   * The parameters before anything is known of a task.
   * @param {number} ways
   * @returns {Params}
   */
  before(ways) {
    if (this.weights.start === "head") return this.learned;
    const params = new Float64Array(this.network.head + (this.network.features + 1) * ways);
    params.set(this.learned.subarray(0, this.network.head));
    return params;
  }

  /**
   * Adapts to drawings; stops after each image for whoever has something else to do, and gives the parameters before any step and
   * after each.
   * @param {Example[]} support
   * @param {number} ways
   * @returns {Generator<undefined, Params[], undefined>}
   */
  *adapt(support, ways) {
    const { network, weights } = this;
    const path = [this.before(ways)];
    if (support.length === 0) return path;
    let params = path[0];
    if (weights.start === "prototypes") {
      params = params.slice();
      const features = [];
      for (const { image } of support) {
        features.push(network.embed(params, image));
        yield;
      }
      params.set(headOfMeans(features, support, ways), network.head);
    }
    if (weights.solves) return [...path, params];
    for (let step = 0; step < weights.steps; step++) {
      const gradient = new Float64Array(params.length);
      for (const example of support) {
        network.addGradient(params, example, 1 / support.length, gradient);
        yield;
      }
      params = params.map((value, at) => value - weights.inner_lr * gradient[at]);
      path.push(params);
    }
    return path;
  }

  /**
   * How likely each class is, after each step of a path.
   * @param {Params[]} path
   * @param {Float64Array} image
   * @returns {Float64Array[]}
   */
  ranked(path, image) {
    const { network } = this;
    return path.map((params) => softmax(network.logits(params, network.embed(params, image))));
  }
}

/**
 * ProtoNet's last layer: 2 c'f - |c|^2 for the mean c of each class's features; a class without a drawing has the mean of all.
 * @param {Float64Array[]} features
 * @param {Example[]} support
 * @param {number} ways
 * @returns {Float64Array} [features, ways], then the bias
 */
export function headOfMeans(features, support, ways) {
  const size = features[0].length;
  const head = new Float64Array((size + 1) * ways);
  for (let way = 0; way < ways; way++) {
    const own = features.filter((_, index) => support[index].way === way);
    const rows = own.length ? own : features;
    for (let feature = 0; feature < size; feature++) {
      const mean = rows.reduce((sum, row) => sum + row[feature], 0) / rows.length;
      head[feature * ways + way] = 2 * mean;
      head[size * ways + way] -= mean * mean;
    }
  }
  return head;
}
