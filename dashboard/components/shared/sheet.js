// @ts-check
// A picture that is taken along: by itself it says what it shows, by a title, a line below it and a legend, dark on white.

import { SVG, svg } from "./elements.js";
import { onWhite } from "./paper.js";

/**
 * @typedef {object} Entry of a legend
 * @property {string} label
 * @property {string} colour
 * @property {"line" | "dot"} mark
 * @property {number} [width] of the line, pixels
 * @property {string} [dash] of the line
 */

/**
 * What stands above a picture.
 * @typedef {object} Words
 * @property {string} title
 * @property {string} subtitle
 * @property {Entry[]} legend
 */

/** @typedef {(text: string, font: string) => number} Measure how wide a text is, pixels */

const INK = { text: "#16191e", quiet: "#4f555d", paper: "#ffffff" };
const FONT = "Inter, 'Source Sans 3', system-ui, 'Segoe UI', 'Helvetica Neue', Arial, sans-serif";
const FONTS = { title: `600 16px ${FONT}`, text: `13px ${FONT}` };
const EDGE = 12; // pixels, around all
const MARK = 22; // pixels, of a line in the legend
const GAP = { mark: 7, entry: 18, line: 18, title: 22 }; // pixels
const STYLES = ["fill", "fill-opacity", "stroke", "stroke-width", "stroke-opacity", "stroke-dasharray", "paint-order"];
const TEXT_STYLES = [...STYLES, "font-family", "font-size", "font-weight", "text-anchor", "dominant-baseline"];

/**
 * A text in lines that are no wider than `width`.
 * @param {string} text
 * @param {number} width pixels
 * @param {(text: string) => number} measure
 */
export function wrapped(text, width, measure) {
  /** @type {string[]} */
  const lines = [];
  for (const word of text.split(" ")) {
    const longer = lines.length ? `${lines[lines.length - 1]} ${word}` : word;
    if (lines.length && measure(longer) <= width) lines[lines.length - 1] = longer;
    else lines.push(word);
  }
  return lines;
}

/**
 * Where title, subtitle and legend stand above a picture, and how much room they take.
 * @param {Words} words
 * @param {number} width pixels
 * @param {Measure} measure
 */
export function laidOut({ title, subtitle, legend }, width, measure) {
  let y = EDGE;
  /** @type {(text: string, kind: "title" | "text", step: number, fill: string) => object[]} */
  const lines = (text, kind, step, fill) =>
    wrapped(text, width, (part) => measure(part, FONTS[kind])).map((line) => {
      y += step;
      return { text: line, y: y - 5, kind, fill };
    });
  const texts = /** @type {{ text: string, y: number, kind: "title" | "text", fill: string }[]} */ ([
    ...lines(title, "title", GAP.title, INK.text),
    ...lines(subtitle, "text", GAP.line, INK.quiet),
  ]);
  y += GAP.line + 4;
  let x = 0;
  const entries = legend.map((entry) => {
    const wide = MARK + GAP.mark + measure(entry.label, FONTS.text);
    if (x && x + wide > width) {
      x = 0;
      y += GAP.line;
    }
    const place = { ...entry, x, y: y - 5 };
    x += wide + GAP.entry;
    return place;
  });
  return { texts, entries, height: y + 6 };
}

/**
 * A picture with its words above it, as an SVG of its own: what the style sheet gives it is written into it.
 * @param {SVGSVGElement} picture
 * @param {[number, number]} size of it, pixels
 * @param {Words} words
 * @param {(copy: SVGElement) => void} [finish] adds to the copy
 */
export function sheetOf(picture, [width, height], words, finish = () => {}) {
  const above = laidOut(words, width, measured);
  const sheet = svg("svg", { width: width + 2 * EDGE, height: above.height + height + EDGE });
  sheet.setAttribute("xmlns", SVG);
  sheet.setAttribute("viewBox", `0 0 ${width + 2 * EDGE} ${above.height + height + EDGE}`);
  const head = svg("g", { transform: `translate(${EDGE} 0)`, "font-family": FONT });
  for (const { text, y, kind, fill } of above.texts) {
    const [size, weight] = kind === "title" ? [16, 600] : [13, 400];
    head.append(svg("text", { x: 0, y, fill, "font-size": size, "font-weight": weight }, text));
  }
  for (const entry of above.entries) head.append(...legendParts(entry));
  const copy = styledCopy(picture);
  finish(copy);
  const place = { x: EDGE, y: above.height, width, height, viewBox: `0 0 ${width} ${height}` };
  for (const [name, value] of Object.entries(place)) copy.setAttribute(name, String(value));
  sheet.append(svg("rect", { width: "100%", height: "100%", fill: INK.paper }), head, copy);
  return sheet;
}

/** @param {Entry & { x: number, y: number }} entry */
function legendParts({ label, colour, mark, width = 2.5, dash = "none", x, y }) {
  const middle = y - 4.5;
  const shape =
    mark === "dot"
      ? svg("circle", { cx: x + MARK / 2, cy: middle, r: 5.5, fill: colour })
      : svg("line", {
          x1: x,
          x2: x + MARK,
          y1: middle,
          y2: middle,
          stroke: colour,
          "stroke-width": width,
          "stroke-dasharray": dash,
        });
  return [shape, svg("text", { x: x + MARK + GAP.mark, y, "font-size": 13, fill: INK.text }, label)];
}

/**
 * The picture as it looks on white paper.
 * @param {SVGSVGElement} picture
 */
function styledCopy(picture) {
  const copy = /** @type {SVGSVGElement} */ (picture.cloneNode(true));
  const drawn = "path, line, text, circle, rect, polygon, polyline";
  const originals = picture.querySelectorAll(drawn);
  onWhite(() => {
    copy.querySelectorAll(drawn).forEach((element, index) => {
      const style = getComputedStyle(originals[index]);
      const names = element.tagName === "text" ? TEXT_STYLES : STYLES;
      for (const name of names) element.setAttribute(name, style.getPropertyValue(name));
      element.removeAttribute("style");
    });
  });
  return copy;
}

/**
 * @param {string} text
 * @param {string} font
 */
function measured(text, font) {
  const context = document.createElement("canvas").getContext("2d");
  if (!context) return 7 * text.length;
  context.font = font;
  return context.measureText(text).width;
}

/**
 * A picture as a file that a browser saves.
 * @param {SVGSVGElement} sheet
 * @param {"svg" | "png"} kind
 */
export async function fileOf(sheet, kind) {
  const file = new Blob([new XMLSerializer().serializeToString(sheet)], { type: "image/svg+xml" });
  return kind === "svg" ? file : asPng(file, [sheet.width.baseVal.value, sheet.height.baseVal.value]);
}

/**
 * @param {Blob} drawing
 * @param {[number, number]} size pixels; the picture has twice as many
 * @returns {Promise<Blob>}
 */
async function asPng(drawing, [width, height]) {
  const picture = new Image();
  const address = URL.createObjectURL(drawing);
  picture.src = address;
  await picture.decode();
  URL.revokeObjectURL(address);
  const canvas = Object.assign(document.createElement("canvas"), { width: 2 * width, height: 2 * height });
  canvas.getContext("2d")?.drawImage(picture, 0, 0, canvas.width, canvas.height);
  return new Promise((resolve, reject) => {
    canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error("The picture could not be drawn."))), "image/png");
  });
}

/**
 * @param {Blob} file
 * @param {string} name
 */
export function download(file, name) {
  const href = URL.createObjectURL(file);
  Object.assign(document.createElement("a"), { href, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(href), 1000);
}
