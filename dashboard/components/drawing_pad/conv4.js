// @ts-check
// The mathematics: the convolutional network of few-shot classification for one image at a time, and its gradients. Doubles
// throughout; `maml_engine/models/conv4.py` is the same in 32 bits. Normalisation is within one image, so a drawing is judged alone.

import { activated, convolved, KERNEL, normalised, STRIDE, throughConvolution, throughNorm } from "./layers.js";
import { SIZE } from "./raster.js";

/** @import { Block, Layout, Params, Trace } from "./layers.js" */

export class Conv4 {
  /** @param {Layout} layout */
  constructor(layout) {
    this.layout = layout;
    /** @type {Block[]} */
    this.blocks = [];
    let at = 0;
    let from = SIZE;
    for (let index = 1; index < layout.features.length; index++) {
      const [inputs, outputs] = layout.features.slice(index - 1, index + 1);
      const to = Math.ceil(from / STRIDE);
      const missing = Math.max(STRIDE * (to - 1) + KERNEL - from, 0);
      const scale = at + KERNEL * KERNEL * inputs * outputs;
      const bias = scale + outputs;
      this.blocks.push({ kernel: at, scale, bias, from, to, pad: Math.floor(missing / 2), inputs, outputs });
      [at, from] = [bias + outputs, to];
    }
    this.head = at; // where the head begins
    this.features = layout.features[layout.features.length - 1];
    this.places = from * from; // that the features are the mean of
  }

  /** @param {Params} params */
  ways(params) {
    return (params.length - this.head) / (this.features + 1);
  }

  /**
   * Features of one image, `[features]`; what going back needs is put into `traces`.
   * @param {Params} params
   * @param {Float64Array} image
   * @param {Trace[]} [traces]
   */
  embed(params, image, traces) {
    let x = image;
    for (const block of this.blocks) {
      const trace = normalised(convolved(params, block, x), this.layout, block);
      const output = activated(params, block, trace.normal);
      traces?.push({ input: x, ...trace, output });
      x = output;
    }
    const features = new Float64Array(this.features);
    for (let at = 0; at < x.length; at++) features[at % this.features] += x[at] / this.places;
    return features;
  }

  /**
   * One number a class, `[ways]`.
   * @param {Params} params
   * @param {Float64Array} features
   */
  logits(params, features) {
    const ways = this.ways(params);
    const logits = params.slice(this.head + this.features * ways);
    for (let feature = 0; feature < this.features; feature++) {
      for (let way = 0; way < ways; way++) logits[way] += features[feature] * params[this.head + feature * ways + way];
    }
    return logits;
  }

  /**
   * Adds `share` times the gradient of one image's cross-entropy to `gradient`.
   * @param {Params} params
   * @param {{ image: Float64Array, way: number }} example
   * @param {number} share
   * @param {Params} gradient
   */
  addGradient(params, { image, way }, share, gradient) {
    /** @type {Trace[]} */
    const traces = [];
    const features = this.embed(params, image, traces);
    const slopes = softmax(this.logits(params, features));
    slopes[way] -= 1;
    const ways = slopes.length;
    const back = new Float64Array(this.features);
    for (let class_ = 0; class_ < ways; class_++) {
      const slope = share * slopes[class_];
      gradient[this.head + this.features * ways + class_] += slope;
      for (let feature = 0; feature < this.features; feature++) {
        const at = this.head + feature * ways + class_;
        gradient[at] += slope * features[feature];
        back[feature] += (slope * params[at]) / this.places;
      }
    }
    let slope = new Float64Array(this.places * this.features).map((_, at) => back[at % this.features]);
    for (let index = this.blocks.length - 1; index >= 0; index--) {
      const block = this.blocks[index];
      const trace = traces[index];
      const inner = throughNorm(params, this.layout, block, trace, slope, gradient);
      slope = throughConvolution(params, block, trace.input, inner, gradient, index > 0);
    }
  }
}

/**
 * @param {ArrayLike<number>} logits
 * @returns {Float64Array}
 */
export function softmax(logits) {
  const values = Float64Array.from(logits);
  const most = Math.max(...values);
  let sum = 0;
  for (let at = 0; at < values.length; at++) sum += values[at] = Math.exp(values[at] - most);
  return values.map((value) => value / sum);
}
