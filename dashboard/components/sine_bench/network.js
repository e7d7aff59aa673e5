// The mathematics: dense networks of one input, and gradient descent on a support set. Doubles throughout; the engine has
// 32-bit floats, and after ten steps the two agree to better than 1e-4.

const ACTIVATIONS = {
  // value of an activation, and its slope from what went in and what came out
  relu: [z => (z > 0 ? z : 0), z => (z > 0 ? 1 : 0)],
  tanh: [Math.tanh, (z, a) => 1 - a * a],
  sine: [Math.sin, z => Math.cos(z)],
}

/** Base64 of little-endian 32-bit floats, as doubles. */
function floats(text) {
  const bytes = Uint8Array.from(atob(text), character => character.charCodeAt(0))
  const view = new DataView(bytes.buffer)
  return Float64Array.from({ length: bytes.length / 4 }, (_, index) => view.getFloat32(4 * index, true))
}

/**
 * One learner: its network, its start and its inner rule, as `weights.py` sends them.
 * Parameters are one flat array: each layer's kernel [in, out] row by row, then its bias.
 */
class BrowserLearner {
  constructor({ sizes, activation, params, scaling, rule }) {
    this.sizes = sizes
    this.value = ACTIVATIONS[activation][0]
    this.slope = ACTIVATIONS[activation][1]
    this.start = floats(params)
    ;[this.xMean, this.xStd, this.yMean, this.yStd] = scaling
    this.rule = rule
    this.perParameter = rule.per_parameter ? floats(rule.per_parameter) : null
    this.arrays = [] // where each kernel and each bias begins and ends
    let offset = 0
    for (let layer = 0; layer + 1 < sizes.length; layer++) {
      for (const length of [sizes[layer] * sizes[layer + 1], sizes[layer + 1]]) {
        this.arrays.push([offset, offset + length])
        offset += length
      }
    }
    // What went into each layer's units and what came out of them, for one example at a time.
    this.into = sizes.map(size => new Float64Array(size))
    this.out = sizes.map(size => new Float64Array(size))
    this.error = sizes.map(size => new Float64Array(size))
    this.gradient = new Float64Array(offset)
    this.steps = [] // each step's parameters, the same arrays every time: at every frame new ones would be a megabyte
  }

  /** The prediction for one input, in the network's units; leaves every layer's values behind for `addGradient`. */
  forward(params, x) {
    const { sizes, arrays, into, out, value } = this
    const last = sizes.length - 1
    out[0][0] = x
    for (let layer = 0; layer < last; layer++) {
      const inputs = out[layer], sums = into[layer + 1], units = sizes[layer + 1]
      const bias = arrays[2 * layer + 1][0]
      for (let j = 0; j < units; j++) sums[j] = params[bias + j]
      let row = arrays[2 * layer][0]
      for (let i = 0; i < inputs.length; i++, row += units) {
        const input = inputs[i]
        if (input === 0) continue // half of a ReLU's units
        for (let j = 0; j < units; j++) sums[j] += input * params[row + j]
      }
      if (layer + 1 < last) for (let j = 0; j < units; j++) out[layer + 1][j] = value(sums[j])
    }
    return into[last][0]
  }

  /** Adds the gradient of one example's loss, whose derivative by the prediction is `slope`; after `forward`. */
  addGradient(params, slope) {
    const { sizes, arrays, into, out, error, gradient } = this
    const last = sizes.length - 1
    error[last][0] = slope
    for (let layer = last - 1; layer >= 0; layer--) {
      const inputs = out[layer], errors = error[layer + 1], units = sizes[layer + 1]
      const bias = arrays[2 * layer + 1][0]
      for (let j = 0; j < units; j++) gradient[bias + j] += errors[j]
      let row = arrays[2 * layer][0]
      for (let i = 0; i < inputs.length; i++, row += units) {
        const input = inputs[i]
        const slope = layer > 0 ? this.slope(into[layer][i], input) : 0
        if (layer > 0) error[layer][i] = 0
        if (input === 0 && slope === 0) continue // the other half of a ReLU's units
        let back = 0
        for (let j = 0; j < units; j++) {
          gradient[row + j] += input * errors[j]
          back += params[row + j] * errors[j]
        }
        if (layer > 0) error[layer][i] = back * slope
      }
    }
  }

  /**
   * Parameters after 0, 1, .. `steps` gradient steps on the mean squared error of `points` ([[x, y], ..]).
   * They hold until the next call, which writes into the same arrays.
   */
  adapt(points, steps, innerLr) {
    const path = [this.start]
    for (let step = 0; step < steps; step++) {
      const params = path[step]
      this.gradient.fill(0)
      for (const [x, y] of points) {
        const prediction = this.forward(params, (x - this.xMean) / this.xStd)
        this.addGradient(params, (2 / points.length) * (prediction - (y - this.yMean) / this.yStd))
      }
      path.push(this.descend(params, step, innerLr))
    }
    return path
  }

  descend(params, step, innerLr) {
    const { rule, arrays, gradient, perParameter } = this
    const moved = (this.steps[step] ??= new Float64Array(params.length))
    moved.set(params)
    arrays.forEach(([begin, end], index) => {
      if (!rule.moves[index]) return
      const size = rule.per_step
        ? rule.per_step[index][Math.min(step, rule.per_step[index].length - 1)]
        : perParameter ? 1 : innerLr * rule.decay ** step
      for (let i = begin; i < end; i++) moved[i] -= (perParameter ? perParameter[i] : size) * gradient[i]
    })
    return moved
  }

  /** Predictions at `xs`, in the units of the data. */
  curve(params, xs) {
    const ys = new Float64Array(xs.length)
    for (let index = 0; index < xs.length; index++) {
      ys[index] = this.forward(params, (xs[index] - this.xMean) / this.xStd) * this.yStd + this.yMean
    }
    return ys
  }

  /** Whether the bench's step size means anything to it. */
  get takesStepSize() {
    return !this.rule.per_step && !this.perParameter
  }
}

/** Mean squared difference; Infinity where anything is no number. */
function meanSquaredError(ys, truth) {
  let sum = 0
  for (let index = 0; index < ys.length; index++) sum += (ys[index] - truth[index]) ** 2
  const mean = sum / ys.length
  return Number.isFinite(mean) ? mean : Infinity
}
