// @ts-check
// Charts of the page, changed by Streamlit's own Plotly, which it leaves on the window.

import { asUpdate } from "./choices.js";

/** @import { Changes } from "./choices.js" */

/** @typedef {Element & { _fullLayout?: object, emit: (event: string) => void }} Plot */
/** @typedef {(plot: Plot, traces: object, layout: object, numbers: number[]) => Promise<unknown>} Update */

const PATIENCE = 10_000; // milliseconds for a chart to be drawn for the first time
const LOOK = 50; // milliseconds between looks

/** @returns {Update | null} null where this Streamlit shows no Plotly to the page */
export function updater() {
  const { Plotly } = /** @type {{ Plotly?: { update?: Update } }} */ (/** @type {unknown} */ (window));
  return typeof Plotly?.update === "function" ? Plotly.update : null;
}

/**
 * @param {string} chart
 * @returns {Plot | null} once it is drawn
 */
function drawn(chart) {
  /** @type {Plot | null} */
  const plot = document.querySelector(`.st-key-${CSS.escape(chart)} .js-plotly-plot`);
  return plot?._fullLayout ? plot : null;
}

/** The changes that a chart waits for, since they are only drawn when it is ready; later ones take the place of earlier. */
/** @type {Map<string, Changes>} */
const waiting = new Map();
/** @type {Set<string>} charts that are being drawn */
const busy = new Set();

/**
 * Shows changes on a chart, now or as soon as it can be.
 * @param {string} chart
 * @param {Changes} changes
 */
export function show(chart, changes) {
  const { traces, layout, alt } = waiting.get(chart) ?? { traces: {}, layout: {}, alt: "" };
  /** @type {Changes} */
  const all = { traces: { ...traces }, layout: { ...layout, ...changes.layout }, alt: changes.alt || alt };
  for (const [number, properties] of Object.entries(changes.traces)) {
    all.traces[number] = { ...all.traces[number], ...properties };
  }
  waiting.set(chart, all);
  if (!busy.has(chart)) draw(chart, performance.now() + PATIENCE);
}

/**
 * @param {string} chart
 * @param {number} until when it is waited for
 */
async function draw(chart, until) {
  busy.add(chart);
  try {
    for (let changes = waiting.get(chart); changes; changes = waiting.get(chart)) {
      const [plot, update] = [drawn(chart), updater()];
      if (plot && update) {
        waiting.delete(chart);
        const [properties, numbers] = asUpdate(changes.traces);
        await update(plot, properties, changes.layout, numbers);
        if (changes.alt) plot.closest("[aria-label]")?.setAttribute("aria-label", changes.alt);
        plot.emit("plotly_redraw"); // so that Streamlit keeps what is shown now, too
      } else if (performance.now() > until) {
        waiting.delete(chart);
      } else {
        await new Promise((resolve) => setTimeout(resolve, LOOK));
      }
    }
  } finally {
    busy.delete(chart);
  }
}
