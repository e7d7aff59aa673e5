// @ts-check
// Tells Python what is brushed on a chart of parallel axes beside this.

import { mounted } from "../shared/mount.js";
import { rangesOf } from "./ranges.js";

/** @import { SetStateValue } from "../shared/mount.js" */
/** @import { Dimension } from "./ranges.js" */

/**
 * @typedef {object} Data
 * @property {string} chart its key
 * @property {Record<string, string>} names label of an axis -> its name
 */
/** @typedef {Element & { data?: { dimensions?: Dimension[] }[], on?: (event: string, call: () => void) => void }} Plot */

const PATIENCE = 20_000; // milliseconds for the chart to be drawn
const LOOK = 100; // milliseconds between looks
const SETTLED = 600; // milliseconds after which a chart that was drawn anew has its brushes back, or has lost them

class AxisBrush {
  #told = "{}";
  /** @type {WeakSet<Plot>} */
  #heard = new WeakSet();
  #isOver = false;

  /** @param {Data} data */
  constructor(data) {
    this.data = data;
  }

  /**
   * @param {Data} data
   * @param {SetStateValue} tell
   */
  receive(data, tell) {
    this.data = data;
    this.tell = tell;
    this.listen(performance.now() + PATIENCE);
    setTimeout(() => this.say(), SETTLED);
  }

  end() {
    this.#isOver = true;
  }

  /** @returns {Plot | null} */
  get plot() {
    return document.querySelector(`.st-key-${CSS.escape(this.data.chart)} .js-plotly-plot`);
  }

  /** @param {number} until when it is waited for */
  listen(until) {
    const { plot } = this;
    if (this.#isOver || (plot && this.#heard.has(plot))) return;
    if (plot?.on && plot.data) {
      this.#heard.add(plot);
      plot.on("plotly_restyle", () => this.say());
    } else if (performance.now() < until) {
      setTimeout(() => this.listen(until), LOOK);
    }
  }

  /** What is brushed now, where that is news. */
  say() {
    const dimensions = this.plot?.data?.[0]?.dimensions;
    if (this.#isOver || !dimensions) return;
    const ranges = rangesOf(dimensions, this.data.names);
    const said = JSON.stringify(ranges);
    if (said === this.#told) return;
    this.#told = said;
    this.tell?.("brushed", ranges);
  }
}

export default mounted((_, /** @type {Data} */ data) => new AxisBrush(data));
