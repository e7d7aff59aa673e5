// @ts-check
// What is chosen, by the address, and what of each chart hangs on it. Knows neither the page nor Plotly.

/**
 * @typedef {object} Control
 * @property {string} key its name in the address
 * @property {string} label
 * @property {boolean} slider
 * @property {[string, string][]} choices each as the address spells it, and as it is shown
 * @property {string} default one of them, which the address leaves out
 * @property {string} help
 * @property {boolean} [is_fixed] whether a lesson has settled it: it is not shown
 */

/**
 * What a chart shows differently.
 * @typedef {object} Changes
 * @property {Record<string, Record<string, unknown>>} traces Plotly's properties by the trace's number
 * @property {Record<string, unknown>} layout Plotly's properties by their path
 * @property {string} alt
 */

/**
 * @typedef {object} Picture
 * @property {string} chart its key
 * @property {string[]} by keys of the controls that it hangs on
 * @property {Record<string, Changes>} changes by the values of those, joined by "|"
 */

/** @typedef {Record<string, string>} Values by the controls' keys */

/**
 * What the address says of a control: a value as the address spells it, or as a person reads it.
 * @param {string} search
 * @param {Pick<Control, "key" | "choices" | "default">} control
 */
export function valueIn(search, { key, choices, default: fallback }) {
  const spelt = new URLSearchParams(search).getAll(key).at(-1);
  const found = choices.find(([value]) => value === spelt) ?? choices.find(([, label]) => label === spelt);
  return found?.[0] ?? fallback;
}

/**
 * @param {string} search
 * @param {Pick<Control, "key" | "choices" | "default">[]} controls
 * @returns {Values}
 */
export function valuesIn(search, controls) {
  return Object.fromEntries(controls.map((control) => [control.key, valueIn(search, control)]));
}

/**
 * The choice that a key goes to from another one, around the ends; null for a key that goes nowhere.
 * @param {Control} control
 * @param {string} value
 * @param {string} key
 */
export function neighbour({ choices }, value, key) {
  const values = choices.map(([each]) => each);
  const place = values.indexOf(value);
  const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[key];
  if (step) return values[(place + step + values.length) % values.length];
  return key === "Home" ? values[0] : key === "End" ? values[values.length - 1] : null;
}

/**
 * Of each chart that differs between two choices, all that is to be changed.
 * @param {Picture[]} pictures
 * @param {Values} before
 * @param {Values} now
 * @returns {Map<string, Changes>} by the chart's key
 */
export function changesBetween(pictures, before, now) {
  const charts = new Map();
  for (const { chart, by, changes } of pictures) {
    if (by.every((key) => before[key] === now[key])) continue;
    const wanted = changes[by.map((key) => now[key]).join("|")];
    if (!wanted) continue;
    const all = charts.get(chart) ?? { traces: {}, layout: {}, alt: "" };
    for (const [number, properties] of Object.entries(wanted.traces)) {
      all.traces[number] = { ...all.traces[number], ...properties };
    }
    Object.assign(all.layout, wanted.layout);
    all.alt = wanted.alt || all.alt;
    charts.set(chart, all);
  }
  return charts;
}

/**
 * Changes of traces as Plotly's `update` takes them: each property with a value for every trace, undefined where it stays.
 * @param {Changes["traces"]} traces
 * @returns {[Record<string, unknown[]>, number[]]} properties, and the numbers of the traces
 */
export function asUpdate(traces) {
  const numbers = Object.keys(traces);
  const names = new Set(Object.values(traces).flatMap((properties) => Object.keys(properties)));
  const update = [...names].map((name) => [name, numbers.map((number) => traces[number][name])]);
  return [Object.fromEntries(update), numbers.map(Number)];
}
