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
 * @property {string} caption what it is of; plain text
 */

const LINE = 130; // characters of a caption that fit beside each other
const LINE_HEIGHT = 16; // pixels

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
async function save({ chart, filename, width, height, caption }, format, ink) {
  /** @type {Plot | null} */
  const plot = document.querySelector(`.st-key-${CSS.escape(chart)} .js-plotly-plot`);
  const { Plotly } = /** @type {{ Plotly?: { downloadImage?: DownloadImage } }} */ (/** @type {unknown} */ (window));
  if (!plot?.data || !plot.layout || !Plotly?.downloadImage) return false;
  const lines = linesOf(caption, LINE);
  const tall = height + LINE_HEIGHT * lines.length;
  const named = { ...plot.layout, width, height: tall, ...(lines.length > 0 && { title: below(lines) }) };
  const layout = /** @type {Properties} */ (inked(named, ink));
  const how = { format, filename, width, height: tall, scale: format === "png" ? 2 : 1 };
  await Plotly.downloadImage({ data: plot.data, layout }, how);
  return true;
}

/**
 * A text in lines, broken between words.
 * @param {string} text
 * @param {number} longest characters
 */
export function linesOf(text, longest) {
  /** @type {string[]} */
  const lines = [];
  for (const word of text.split(" ").filter(Boolean)) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= longest) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}

/**
 * Lines of plain text as a title at the foot of a picture: Plotly reads a little HTML in it.
 * @param {string[]} lines
 */
export function below(lines) {
  const escaped = lines.map((line) => line.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;"));
  const place = { x: 0, xref: "container", xanchor: "left", y: 0, yref: "container", yanchor: "bottom", automargin: true };
  return { text: escaped.join("<br>"), ...place, pad: { l: 8, b: 8 }, font: { size: 11 } };
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
