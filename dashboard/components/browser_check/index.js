// @ts-check
// A frame of the sine bench, by itself: adapt, then predict the curve after the last step. The slowest twentieth of the frames is
// left out.

import { find } from "../shared/elements.js";
import { BrowserLearner } from "../sine_bench/network.js";

/** @import { Call } from "../shared/mount.js" */
/** @import { Weights } from "../sine_bench/network.js" */

/**
 * @typedef {object} Data
 * @property {Weights} weights
 * @property {[number, number][]} points support set
 * @property {number[]} xs where to predict
 * @property {number} steps
 * @property {number} inner_lr
 * @property {number} frames
 */

/** @param {Call<Data>} call */
export default function ({ data, parentElement, setStateValue }) {
  const button = find(parentElement, "button", HTMLButtonElement);
  button.inert = false; // from here on a press does something
  button.onclick = () => {
    const learner = new BrowserLearner(data.weights);
    const milliseconds = [];
    let predictions = new Float64Array();
    for (let frame = 0; frame < data.frames; frame++) {
      const began = performance.now();
      const path = learner.adapt(data.points, data.steps, data.inner_lr);
      predictions = learner.curve(path[data.steps], data.xs);
      milliseconds.push(performance.now() - began);
    }
    milliseconds.sort((a, b) => a - b);
    setStateValue("answer", {
      predictions: Array.from(predictions),
      milliseconds: milliseconds[Math.ceil(0.95 * data.frames) - 1],
      at: Date.now(), // the same answer twice is still an answer
    });
  };
}
