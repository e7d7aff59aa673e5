// @ts-check
// One block of the network, forwards and backwards, on one image: convolution, normalisation, ReLU. Doubles throughout.

export const KERNEL = 3;
export const STRIDE = 2;

/** @typedef {Float64Array<ArrayBuffer>} Params blocks (kernel [3, 3, in, out], scale, bias), then the head: [features, ways], bias */

/**
 * @typedef {object} Layout
 * @property {number[]} features of the image, then of each block
 * @property {number} groups of features that are normalised together, over all places of the image
 * @property {number} epsilon added to the variance
 */

/**
 * @typedef {object} Block where its arrays begin, and its sizes
 * @property {number} kernel
 * @property {number} scale
 * @property {number} bias
 * @property {number} from side of what comes in
 * @property {number} to side of what goes out
 * @property {number} pad rows above and columns to the left that "SAME" adds
 * @property {number} inputs
 * @property {number} outputs
 */

/**
 * @typedef {object} Trace what going back needs of one block
 * @property {Float64Array} input
 * @property {Float64Array} normal
 * @property {Float64Array} factor one over the spread of each group
 * @property {Float64Array} output
 */

/**
 * Calls `visit(input's place, kernel's place, output's place)` for each pair of places that the kernel joins; the first two and
 * the last are where their features begin.
 * @param {Block} block
 * @param {(input: number, kernel: number, output: number) => void} visit
 */
function eachPair({ kernel, from, to, pad, inputs, outputs }, visit) {
  for (let row = 0; row < to; row++) {
    for (let column = 0; column < to; column++) {
      const output = (row * to + column) * outputs;
      for (let y = 0; y < KERNEL; y++) {
        const fromRow = row * STRIDE + y - pad;
        if (fromRow < 0 || fromRow >= from) continue;
        for (let x = 0; x < KERNEL; x++) {
          const fromColumn = column * STRIDE + x - pad;
          if (fromColumn < 0 || fromColumn >= from) continue;
          visit((fromRow * from + fromColumn) * inputs, kernel + (y * KERNEL + x) * inputs * outputs, output);
        }
      }
    }
  }
}

/**
 * @param {Params} params
 * @param {Block} block
 * @param {Float64Array} x
 */
export function convolved(params, block, x) {
  const { to, inputs, outputs } = block;
  const result = new Float64Array(to * to * outputs);
  eachPair(block, (input, kernel, output) => {
    for (let from = 0; from < inputs; from++) {
      const value = x[input + from];
      if (value === 0) continue; // paper, and what a ReLU has cut: half of all
      const at = kernel + from * outputs;
      for (let feature = 0; feature < outputs; feature++) result[output + feature] += value * params[at + feature];
    }
  });
  return result;
}

/**
 * @param {Float64Array} x changed in place
 * @param {Layout} layout
 * @param {Block} block
 */
export function normalised(x, { groups, epsilon }, { outputs }) {
  const size = outputs / groups;
  const count = x.length / groups;
  const factor = new Float64Array(groups);
  for (let group = 0; group < groups; group++) {
    const [first, end] = [group * size, (group + 1) * size];
    let [sum, squares] = [0, 0];
    for (let place = 0; place < x.length; place += outputs) {
      for (let at = place + first; at < place + end; at++) sum += x[at];
    }
    const mean = sum / count;
    for (let place = 0; place < x.length; place += outputs) {
      for (let at = place + first; at < place + end; at++) squares += (x[at] - mean) ** 2;
    }
    factor[group] = 1 / Math.sqrt(squares / count + epsilon);
    for (let place = 0; place < x.length; place += outputs) {
      for (let at = place + first; at < place + end; at++) x[at] = (x[at] - mean) * factor[group];
    }
  }
  return { normal: x, factor };
}

/**
 * @param {Params} params
 * @param {Block} block
 * @param {Float64Array} normal
 */
export function activated(params, { scale, bias, outputs }, normal) {
  return normal.map((value, at) => Math.max(value * params[scale + (at % outputs)] + params[bias + (at % outputs)], 0));
}

/**
 * The slope before a block's normalisation, from the one behind its ReLU.
 * @param {Params} params
 * @param {Layout} layout
 * @param {Block} block
 * @param {Trace} trace
 * @param {Float64Array} slope changed in place
 * @param {Params} gradient
 */
export function throughNorm(params, { groups }, block, { normal, factor, output }, slope, gradient) {
  const { scale, bias, outputs } = block;
  for (let at = 0; at < slope.length; at++) {
    const feature = at % outputs;
    if (output[at] === 0) slope[at] = 0;
    gradient[scale + feature] += slope[at] * normal[at];
    gradient[bias + feature] += slope[at];
    slope[at] *= params[scale + feature];
  }
  const size = outputs / groups;
  const count = slope.length / groups;
  for (let group = 0; group < groups; group++) {
    const [first, end] = [group * size, (group + 1) * size];
    let [sum, along] = [0, 0];
    for (let place = 0; place < slope.length; place += outputs) {
      for (let at = place + first; at < place + end; at++) {
        sum += slope[at];
        along += slope[at] * normal[at];
      }
    }
    for (let place = 0; place < slope.length; place += outputs) {
      for (let at = place + first; at < place + end; at++) {
        slope[at] = factor[group] * (slope[at] - sum / count - (normal[at] * along) / count);
      }
    }
  }
  return slope;
}

/**
 * The slope before a convolution; adds the kernel's gradient.
 * @param {Params} params
 * @param {Block} block
 * @param {Float64Array} input
 * @param {Float64Array} slope
 * @param {Params} gradient
 * @param {boolean} goesOn whether something before it has parameters
 */
export function throughConvolution(params, block, input, slope, gradient, goesOn) {
  const { inputs, outputs } = block;
  const back = new Float64Array(goesOn ? input.length : 0);
  eachPair(block, (place, kernel, output) => {
    for (let from = 0; from < inputs; from++) {
      const at = kernel + from * outputs;
      const value = input[place + from];
      if (value !== 0) for (let to = 0; to < outputs; to++) gradient[at + to] += value * slope[output + to];
      if (!goesOn || value === 0) continue; // behind a ReLU that has cut nothing comes back
      let sum = 0;
      for (let to = 0; to < outputs; to++) sum += params[at + to] * slope[output + to];
      back[place + from] += sum;
    }
  });
  return back;
}
