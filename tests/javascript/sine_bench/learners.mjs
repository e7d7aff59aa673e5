// Learners for tests, spelt as Python spells them.

export const base64 = (values) => Buffer.from(Float32Array.from(values).buffer).toString("base64");

/** A dense network of one input; all of it moves by the bench's step size unless said otherwise. */
export function weightsOf(sizes, params, { activation = "relu", scaling = [0, 1, 0, 1], rule = {} } = {}) {
  const moves = Array(2 * (sizes.length - 1)).fill(true);
  return { sizes, activation, params: base64(params), scaling, rule: { moves, decay: 1, ...rule } };
}

export const entrant = (name, others = {}) => ({
  name,
  label: name,
  colour: "#000000",
  weights: name,
  why: "",
  inner_lr: null,
  ...others,
});
