// @ts-check
// Streamlit's theme, as far as a canvas cannot take it from a style sheet.

/** @import { Colour } from "./contours.js" */

/**
 * @typedef {object} Theme
 * @property {string} text colour
 * @property {string} font
 * @property {string} background colour
 * @property {Colour[]} palette of the bands between levels
 */

const SOFT = 0.42; // of the palette's colours; the rest is the page's: what lies on top stays readable

/**
 * @param {Element} element
 * @returns {Theme}
 */
export function readTheme(element) {
  const style = getComputedStyle(element);
  /** @param {string} name */
  const value = (name) => style.getPropertyValue(name).trim();
  const background = value("--st-background-color");
  const paper = channels(background);
  const palette = value("--st-chart-sequential-colors").split(",").slice(0, 8);
  return {
    text: value("--st-text-color"),
    font: value("--st-font"),
    background,
    palette: palette.map((colour) => soft(channels(colour.trim()), paper)),
  };
}

/**
 * @param {string} colour in any spelling
 * @returns {Colour}
 */
function channels(colour) {
  const context = /** @type {CanvasRenderingContext2D} */ (document.createElement("canvas").getContext("2d"));
  context.fillStyle = colour;
  const spelled = context.fillStyle; // as #rrggbb
  const [red, green, blue] = [1, 3, 5].map((start) => Number.parseInt(spelled.slice(start, start + 2), 16));
  return [red, green, blue];
}

/**
 * @param {Colour} colour
 * @param {Colour} paper
 * @returns {Colour}
 */
function soft(colour, paper) {
  const [red, green, blue] = colour.map((channel, index) => Math.round(paper[index] + SOFT * (channel - paper[index])));
  return [red, green, blue];
}
