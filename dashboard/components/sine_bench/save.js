// @ts-check
// What a visitor takes along: the picture, and its numbers.

import { svg } from "../shared/elements.js";
import { counted, spellNumber } from "../shared/numbers.js";
import { download, fileOf, sheetOf } from "../shared/sheet.js";
import { spellLoss } from "./cards.js";
import { focusOf } from "./fits.js";
import { pointsOf } from "./scene.js";

/** @import { Words } from "../shared/sheet.js" */
/** @import { Fit } from "./fits.js" */
/** @import { Bench } from "./index.js" */
/** @import { Data } from "./protocol.js" */
/** @import { Scene } from "./scene.js" */

/**
 * @param {Bench} bench
 * @param {"svg" | "png" | "csv"} kind
 */
export async function saveAs(bench, kind) {
  download(kind === "csv" ? asCsv(bench) : await fileOf(asSheet(bench), kind), `sine_bench.${kind}`);
}

/**
 * The picture by itself; handles become dots.
 * @param {Bench} bench
 */
function asSheet({ picture, scene, data, fitter, protocol }) {
  const { scale } = picture;
  const words = wordsOf(scene, data, fitter.all(scene, protocol, true));
  return sheetOf(picture.svg, [scale.width, scale.height], words, (copy) => {
    for (const [x, y] of pointsOf(scene)) {
      copy.append(svg("circle", { cx: scale.px(x), cy: scale.py(y), r: 6.5, fill: data.colours.point }));
    }
  });
}

/**
 * What the picture shows, and what each line in it is.
 * @param {Scene} scene
 * @param {Data} data
 * @param {Map<string, Fit>} fits
 * @returns {Words}
 */
export function wordsOf(scene, data, fits) {
  const { steps, points } = scene;
  const focus = focusOf(data.entrants, scene);
  const shown = data.entrants.filter(({ name }) => fits.has(name));
  /** @param {Data["entrants"][number]} entrant */
  const spelt = ({ name, label, inner_lr }) => {
    const { losses } = /** @type {Fit} */ (fits.get(name));
    const own = inner_lr ? `, α = ${spellNumber(inner_lr)}` : "";
    const known = steps in losses;
    return known ? `${label}${own}: error ${spellLoss(losses[0])} → ${spellLoss(losses[steps])}` : `${label}${own}`;
  };
  const { colours } = data;
  /** @type {Words["legend"]} */
  const legend = [
    { label: "truth", colour: colours.truth, mark: "line", width: 5 },
    { label: "support points", colour: colours.point, mark: "dot" },
  ];
  if (focus && fits.has(focus.name)) {
    legend.push({ label: `${focus.label} before adapting`, colour: colours.before, mark: "line" });
    if (steps > 1) legend.push({ label: "after each step", colour: focus.colour, mark: "line", width: 1.25 });
  }
  if (steps)
    for (const each of shown)
      legend.push({ label: spelt(each), colour: each.colour, mark: "line", width: each === focus ? 3 : 2.5 });
  return {
    title: `A sine wave from ${counted(points.length, "point")}, after ${counted(steps, "gradient step")}`,
    subtitle:
      `Amplitude ${spellNumber(scene.amplitude)}, phase ${spellNumber(scene.phase)} radians; step size α = ` +
      `${spellNumber(scene.inner_lr)}. Errors are mean squared errors over the whole wave, before → after adapting.`,
    legend,
  };
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
