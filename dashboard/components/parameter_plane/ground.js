// @ts-check
// The ground on a canvas: the meta-loss shaded, the tasks' losses as lines, the axes.

import { contourSegments, levelsOf, shade } from "./contours.js";
import { MARGIN } from "./viewport.js";

/** @import { View } from "./index.js" */
/** @import { Survey } from "./survey.js" */

const LEVELS = { meta: 10, own: 9 };
const SHOWN = { own: 3, chosen: 6 }; // of a task's levels, the lowest ones
const PIXELS = { fine: 400, coarse: 160 }; // a side of the shading, before it is stretched

export class Ground {
  /** @param {HTMLCanvasElement} canvas */
  constructor(canvas) {
    this.canvas = canvas;
    this.context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  }

  /**
   * Pixels for a picture of that size.
   * @param {number} size
   */
  resize(size) {
    this.canvas.width = this.canvas.height = Math.round(size * (window.devicePixelRatio || 1));
  }

  /** @param {View} view */
  draw(view) {
    const { context } = this;
    const { viewport, survey, theme } = view;
    const { size, span, height } = viewport;
    const { left, top } = MARGIN;
    const ratio = this.canvas.width / size;
    const levels = levelsOf(survey.meta, LEVELS.meta);
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, size, size);
    context.save();
    context.beginPath();
    context.rect(left, top, span, height);
    context.clip();
    context.imageSmoothingEnabled = true;
    const pixels = survey.isCoarse ? PIXELS.coarse : PIXELS.fine;
    const colours = theme.palette;
    context.drawImage(pictureOf(survey, { levels, colours, pixels }), left, top, span, height);
    this.#drawLines(view, levels);
    context.restore();
    this.#drawAxes(view);
  }

  /**
   * @param {View} view
   * @param {number[]} levels of the meta-loss
   */
  #drawLines({ data, chosen, survey, viewport }, levels) {
    const { context } = this;
    const { left, top } = MARGIN;
    const unit = [viewport.span / (survey.size - 1), viewport.height / (survey.size - 1)];
    /** @type {(values: Float64Array, level: number) => void} */
    const trace = (values, level) => {
      context.beginPath();
      for (const [x0, y0, x1, y1] of contourSegments(values, survey.size, level)) {
        context.moveTo(left + x0 * unit[0], top + viewport.height - y0 * unit[1]);
        context.lineTo(left + x1 * unit[0], top + viewport.height - y1 * unit[1]);
      }
      context.stroke();
    };
    context.strokeStyle = data.colours.after;
    context.lineWidth = 1;
    context.globalAlpha = 0.45;
    for (const level of levels) trace(survey.meta, level);
    context.strokeStyle = data.colours.truth;
    survey.own.forEach((values, index) => {
      const isChosen = chosen === index;
      context.globalAlpha = isChosen ? 1 : 0.75;
      context.lineWidth = isChosen ? 2 : 1;
      for (const level of levelsOf(values, LEVELS.own).slice(0, isChosen ? SHOWN.chosen : SHOWN.own)) trace(values, level);
    });
  }

  /** @param {View} view */
  #drawAxes({ data, theme, viewport }) {
    const { context } = this;
    const { span, height } = viewport;
    const [[lowX, highX], [lowY, highY]] = viewport.area;
    const { left, top } = MARGIN;
    context.globalAlpha = 1;
    context.strokeStyle = data.colours.truth;
    context.lineWidth = 1;
    context.strokeRect(left, top, span, height);
    context.fillStyle = theme.text;
    context.font = `12px ${theme.font}`;
    context.textAlign = "center";
    context.textBaseline = "top";
    for (let x = Math.ceil(lowX); x <= highX; x += 2) {
      context.fillText(String(x), viewport.toScreen([x, lowY])[0], top + height + 5);
    }
    context.fillText(data.axes[0], left + span / 2, top + height + 23);
    context.textAlign = "right";
    context.textBaseline = "middle";
    for (let y = Math.ceil(lowY); y <= highY; y += 2) {
      context.fillText(String(y), left - 6, viewport.toScreen([lowX, y])[1]);
    }
    context.save();
    context.translate(10, top + height / 2);
    context.rotate(-Math.PI / 2);
    context.textAlign = "center";
    context.fillText(data.axes[1], 0, 0);
    context.restore();
  }
}

/**
 * The shading as something that a canvas can draw.
 * @param {Survey} survey
 * @param {{ levels: number[], colours: View["theme"]["palette"], pixels: number }} how
 */
function pictureOf({ meta, size }, how) {
  const { pixels } = how;
  const canvas = Object.assign(document.createElement("canvas"), { width: pixels, height: pixels });
  canvas.getContext("2d")?.putImageData(new ImageData(shade(meta, { size, ...how }), pixels, pixels), 0, 0);
  return canvas;
}
