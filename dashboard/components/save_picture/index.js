// @ts-check
// Plotly's own way to a picture is behind the camera of its bar, which knows one format: the camera is pressed from here, with
// the format and a background put in its place for that moment.

import { find } from "../shared/elements.js";

/** @import { Call } from "../shared/mount.js" */

/**
 * @typedef {object} Data
 * @property {string} chart its key
 * @property {string} filename without its ending
 * @property {number} width pixels
 * @property {number} height pixels
 */

/** @typedef {Element & { _context?: { toImageButtonOptions: object }, layout?: { paper_bgcolor: string } }} Plot */

/** @param {Call<[Data]>} call */
export default function ({ data: [data], parentElement }) {
  find(parentElement, ".save", HTMLElement).inert = false; // from here on a press does something
  const status = find(parentElement, "[role=status]", HTMLElement);
  for (const button of parentElement.querySelectorAll("button")) {
    button.onclick = () => {
      const isSaved = save(data, button.dataset.format ?? "png", background(parentElement));
      status.textContent = isSaved ? "" : "The chart is not ready yet; try again.";
    };
  }
}

/**
 * @param {Data} data
 * @param {string} format
 * @param {string} background
 */
function save({ chart, filename, width, height }, format, background) {
  /** @type {Plot | null} */
  const plot = document.querySelector(`.st-key-${CSS.escape(chart)} .js-plotly-plot`);
  /** @type {HTMLElement | null | undefined} */
  const camera = plot?.querySelector('.modebar-btn[data-title^="Download plot"]');
  if (!camera || !plot?._context || !plot.layout) return false;
  const kept = { options: plot._context.toImageButtonOptions, colour: plot.layout.paper_bgcolor };
  plot._context.toImageButtonOptions = { format, filename, width, height, scale: format === "png" ? 2 : 1 };
  plot.layout.paper_bgcolor = background; // light writing on nothing could not be read on white paper
  camera.click();
  plot._context.toImageButtonOptions = kept.options;
  plot.layout.paper_bgcolor = kept.colour;
  return true;
}

/** @param {ParentNode} parent */
function background(parent) {
  const colour = getComputedStyle(find(parent, ".save", HTMLElement)).getPropertyValue("--st-background-color");
  return colour.trim() || "#ffffff";
}
