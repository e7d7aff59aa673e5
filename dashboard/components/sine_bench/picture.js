// @ts-check
// The picture: axes, curves, and how far points lie off the wave.

import { drawAxes, MARGIN, pathOf, Scale } from "../shared/chart.js";
import { find, setAttributes, svg } from "../shared/elements.js";
import { pointsOf, waveAt } from "./scene.js";

/** @import { Fit } from "./fits.js" */
/** @import { Data, Entrant } from "./protocol.js" */
/** @import { Scene, WavePlaces } from "./scene.js" */

/**
 * What a frame shows.
 * @typedef {object} View
 * @property {Scene} scene
 * @property {Data} data
 * @property {Float64Array} xs of all curves
 * @property {Float64Array} truth
 * @property {Map<string, Fit>} fits by the names of the learners that are shown
 * @property {Entrant | undefined} focus the learner whose every step is drawn
 * @property {number} limit half the height of the y axis
 * @property {number} highest amplitude that hands can give
 * @property {number} chosen point; -1 for none
 * @property {WavePlaces | null} heldPlaces of the wave's handles, while something is dragged
 */

export class Picture {
  scale = new Scale(1, 1, [0, 1], 1);
  #framed = "";

  /** @param {ParentNode} root */
  constructor(root) {
    this.stage = find(root, ".stage", HTMLElement);
    this.svg = find(root, ".picture", SVGSVGElement);
    this.clip = svg("rect");
    this.axes = svg("g");
    this.truth = svg("path", { class: "truth" });
    this.each = svg("g");
    this.before = svg("path", { class: "before" });
    this.after = svg("g");
    this.off = svg("g");
    const curves = svg("g", { "clip-path": "url(#inside)" }, this.truth, this.each, this.before, this.after, this.off);
    this.svg.append(svg("defs", {}, svg("clipPath", { id: "inside" }, this.clip)), this.axes, curves);
  }

  /**
   * Where the pointer is, in units of the axes.
   * @param {MouseEvent} event
   * @returns {[number, number]}
   */
  at(event) {
    const box = this.stage.getBoundingClientRect();
    return [this.scale.x(event.clientX - box.left), this.scale.y(event.clientY - box.top)];
  }

  /**
   * @param {View} view
   * @param {[number, number]} size pixels
   */
  draw(view, size) {
    this.#drawFrame(view, size);
    this.truth.setAttribute("d", pathOf(view.xs, view.truth, this.scale));
    this.#drawFits(view);
    this.#drawOff(view);
  }

  /**
   * Axes, anew only where the size or the range has changed.
   * @param {View} view
   * @param {[number, number]} size
   */
  #drawFrame({ data, limit }, [width, height]) {
    const wanted = [width, height, ...data.x_range, limit].join();
    if (wanted === this.#framed) return;
    this.#framed = wanted;
    this.scale = new Scale(width, height, data.x_range, limit);
    this.svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
    const [insideWidth, insideHeight] = [width - MARGIN.left - MARGIN.right, height - MARGIN.top - MARGIN.bottom];
    setAttributes(this.clip, { x: MARGIN.left, y: MARGIN.top, width: insideWidth, height: insideHeight });
    drawAxes(this.axes, this.scale, ["x, radians", "y"]);
  }

  /** @param {View} view */
  #drawFits({ xs, scene, data, fits, focus }) {
    const { scale } = this;
    const curves = (focus && fits.get(focus.name)?.curves) ?? {};
    this.before.setAttribute("d", curves[0] ? pathOf(xs, curves[0], scale) : "");
    const between = curves[0] ? Math.max(0, scene.steps - 1) : 0;
    fill(this.each, between, (index) => ({
      d: pathOf(xs, curves[index + 1], scale),
      class: "each",
      stroke: mixed(data.colours.between, focus?.colour ?? "", index / Math.max(1, between)),
      "stroke-opacity": 0.45 + (0.35 * (index + 1)) / scene.steps,
    }));
    // The one in focus comes last, on top.
    const after = scene.steps === 0 ? [] : data.entrants.filter(({ name }) => fits.get(name)?.curves[scene.steps]);
    after.sort((one, other) => Number(one === focus) - Number(other === focus));
    fill(this.after, after.length, (index) => {
      const fit = /** @type {Fit} */ (fits.get(after[index].name));
      const kinds = ["after", after[index] === focus ? "focus" : "", fit.isStale ? "stale" : ""];
      return { d: pathOf(xs, fit.curves[scene.steps], scale), class: kinds.join(" ").trim(), stroke: after[index].colour };
    });
  }

  /** @param {View} view */
  #drawOff({ scene }) {
    const { scale } = this;
    const points = pointsOf(scene);
    fill(this.off, points.length, (index) => {
      const [x, y] = points[index];
      const isOff = scene.points[index][1] !== 0;
      return { d: isOff ? `M${scale.px(x)} ${scale.py(y)}V${scale.py(waveAt(scene, x))}` : "", class: "off-wave" };
    });
  }
}

/**
 * As many paths in `group` as wanted, each with the attributes that `attributesOf(index)` says.
 * @param {SVGGElement} group
 * @param {number} wanted
 * @param {(index: number) => Record<string, string | number>} attributesOf
 */
function fill(group, wanted, attributesOf) {
  while (group.childElementCount > wanted) group.lastElementChild?.remove();
  while (group.childElementCount < wanted) group.append(svg("path"));
  [...group.children].forEach((path, index) => void setAttributes(path, attributesOf(index)));
}

/**
 * "#rrggbb" at `share` of the way to another.
 * @param {string} from
 * @param {string} to
 * @param {number} share
 */
export function mixed(from, to, share) {
  /** @type {(colour: string, start: number) => number} */
  const channel = (colour, start) => Number.parseInt(colour.slice(start, start + 2), 16);
  const parts = [1, 3, 5].map((start) => {
    return Math.round(channel(from, start) + share * (channel(to, start) - channel(from, start)));
  });
  return `rgb(${parts.join(" ")})`;
}
