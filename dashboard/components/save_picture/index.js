// @ts-check
// Streamlit's own Plotly, which it leaves on the window, draws the chart once more for a file: dark on white in either theme.

import { find } from "../shared/elements.js";
import { onWhite } from "../shared/paper.js";

/** @import { Call } from "../shared/mount.js" */

/**
 * @typedef {object} Data
 * @property {string} chart its key
 * @property {string} filename without its ending
 * @property {number} width pixels
 * @property {number} height pixels
 */

/** @typedef {Record<string, unknown>} Properties */
/** @typedef {Element & { data?: object[], layout?: Properties }} Plot */
/** @typedef {(figure: { data: object[], layout: Properties }, how: object) => Promise<unknown>} DownloadImage */

/** @param {Call<[Data]>} call */
export default function ({ data: [data], parentElement }) {
  const root = find(parentElement, ".save", HTMLElement);
  const status = find(parentElement, "[role=status]", HTMLElement);
  root.inert = false; // from here on a press does something
  for (const button of parentElement.querySelectorAll("button")) {
    button.onclick = async () => {
      const isSaved = await save(data, button.dataset.format ?? "png", inkOn(root));
      status.textContent = isSaved ? "" : "The chart is not ready yet; try again.";
    };
  }
}

/**
 * @param {Data} data
 * @param {string} format
 * @param {Ink} ink
 */
async function save({ chart, filename, width, height }, format, ink) {
  /** @type {Plot | null} */
  const plot = document.querySelector(`.st-key-${CSS.escape(chart)} .js-plotly-plot`);
  const { Plotly } = /** @type {{ Plotly?: { downloadImage?: DownloadImage } }} */ (/** @type {unknown} */ (window));
  if (!plot?.data || !plot.layout || !Plotly?.downloadImage) return false;
  const layout = { .../** @type {Properties} */ (inked(plot.layout, ink)), width, height };
  await Plotly.downloadImage({ data: plot.data, layout }, { format, filename, width, height, scale: format === "png" ? 2 : 1 });
  return true;
}

/** @typedef {{ text: string, paper: string }} Ink */

/**
 * A layout with its own writing in another colour, on another ground. What lies on coloured cells keeps its colour: that is no
 * part of a layout.
 * @param {unknown} value
 * @param {Ink} ink
 * @param {string} name of the property
 * @returns {unknown}
 */
export function inked(value, ink, name = "") {
  if (/^(paper_|plot_)?bgcolor$/.test(name)) return name === "bgcolor" ? "rgba(0,0,0,0)" : ink.paper;
  if (Array.isArray(value)) return value.map((each) => inked(each, ink));
  if (value === null || typeof value !== "object" || ArrayBuffer.isView(value)) return value;
  const all = Object.entries(value).map(([key, each]) => [key, inked(each, ink, key)]);
  const changed = Object.fromEntries(all);
  return /font$/.test(name) ? { ...changed, color: ink.text } : changed;
}

/**
 * @param {Element} element
 * @returns {Ink}
 */
function inkOn(element) {
  /** @type {(name: string, otherwise: string) => string} */
  const read = (name, otherwise) => getComputedStyle(element).getPropertyValue(name).trim() || otherwise;
  return onWhite(() => ({ text: read("--st-text-color", "#16191e"), paper: read("--st-background-color", "#ffffff") }));
}
