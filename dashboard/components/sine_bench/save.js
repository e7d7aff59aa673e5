// @ts-check
// What a visitor takes along: the picture, and its numbers.

import { SVG, svg } from "../shared/elements.js";
import { pointsOf } from "./scene.js";

/** @import { Fit } from "./fits.js" */
/** @import { Bench } from "./index.js" */
/** @import { Scene } from "./scene.js" */

const STYLES = ["fill", "stroke", "stroke-width", "stroke-opacity", "stroke-dasharray", "font-family", "font-size"];

/**
 * @param {Bench} bench
 * @param {"svg" | "png" | "csv"} kind
 */
export async function saveAs(bench, kind) {
  const made = { svg: () => asSvg(bench), png: () => asPng(bench), csv: () => asCsv(bench) };
  const href = URL.createObjectURL(await made[kind]());
  Object.assign(document.createElement("a"), { href, download: `sine_bench.${kind}` }).click();
  setTimeout(() => URL.revokeObjectURL(href), 1000);
}

/**
 * The picture by itself: what the style sheet gives it is written into it, and handles become dots.
 * @param {Bench} bench
 */
function asSvg({ root, picture, scene, data }) {
  const copy = /** @type {SVGSVGElement} */ (picture.svg.cloneNode(true));
  const originals = picture.svg.querySelectorAll("path, line, text");
  copy.querySelectorAll("path, line, text").forEach((element, index) => {
    const style = getComputedStyle(originals[index]);
    for (const name of STYLES) element.setAttribute(name, style.getPropertyValue(name));
  });
  const { scale } = picture;
  for (const [x, y] of pointsOf(scene)) {
    copy.append(svg("circle", { cx: scale.px(x), cy: scale.py(y), r: 6.5, fill: data.colours.point }));
  }
  const paper = getComputedStyle(root).getPropertyValue("--st-background-color") || "white";
  copy.prepend(svg("rect", { width: "100%", height: "100%", fill: paper }));
  copy.setAttribute("xmlns", SVG);
  copy.setAttribute("width", String(scale.width));
  copy.setAttribute("height", String(scale.height));
  return new Blob([new XMLSerializer().serializeToString(copy)], { type: "image/svg+xml" });
}

/**
 * @param {Bench} bench
 * @returns {Promise<Blob>}
 */
async function asPng(bench) {
  const picture = new Image();
  const address = URL.createObjectURL(asSvg(bench));
  picture.src = address;
  await picture.decode();
  URL.revokeObjectURL(address);
  const { width, height } = bench.picture.scale;
  const canvas = Object.assign(document.createElement("canvas"), { width: 2 * width, height: 2 * height });
  canvas.getContext("2d")?.drawImage(picture, 0, 0, canvas.width, canvas.height);
  return new Promise((resolve, reject) => {
    canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error("The picture could not be drawn."))), "image/png");
  });
}

/** @param {Bench} bench */
function asCsv({ scene, fitter, protocol }) {
  const text = csv(scene, fitter.xs, fitter.truth(scene), fitter.all(scene, protocol, true));
  return new Blob([text], { type: "text/csv" });
}

/**
 * Long form: what, after which step, x, y.
 * @param {Scene} scene
 * @param {Float64Array} xs
 * @param {Float64Array} truth
 * @param {Map<string, Fit>} fits
 */
export function csv(scene, xs, truth, fits) {
  /** @type {(string | number)[][]} */
  const rows = [["series", "step", "x", "y"]];
  xs.forEach((x, index) => void rows.push(["truth", "", x, truth[index]]));
  for (const [x, y] of pointsOf(scene)) rows.push(["support point", "", x, y]);
  for (const [name, { curves }] of fits) {
    for (const [step, curve] of Object.entries(curves)) xs.forEach((x, index) => void rows.push([name, step, x, curve[index]]));
  }
  return `${rows.map((row) => row.join(",")).join("\n")}\n`;
}
