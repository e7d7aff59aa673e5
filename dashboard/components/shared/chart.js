// @ts-check
// A chart from numbers: scales, curves as SVG paths, axes. Knows nothing of pointers or of Python.

import { svg } from "./elements.js";

const EDGE = 8; // pixels; a number nearer to the end of the axis would be cut
export const MARGIN = { left: 34, right: 10, top: 8, bottom: 40 };

/** Between the units of the data and pixels. */
export class Scale {
  /**
   * @param {number} width pixels
   * @param {number} height pixels
   * @param {[number, number]} xRange
   * @param {number} limit half the height, in units of y
   * @param {number} middle of the y axis
   */
  constructor(width, height, xRange, limit, middle = 0) {
    this.width = width;
    this.height = height;
    this.xRange = xRange;
    this.limit = limit;
    this.middle = middle;
    this.perX = (width - MARGIN.left - MARGIN.right) / (xRange[1] - xRange[0]);
    this.perY = (height - MARGIN.top - MARGIN.bottom) / (2 * limit);
  }

  /** @param {number} x */
  px(x) {
    return MARGIN.left + (x - this.xRange[0]) * this.perX;
  }

  /** @param {number} y */
  py(y) {
    return MARGIN.top + (this.middle + this.limit - y) * this.perY;
  }

  /** @param {number} px */
  x(px) {
    return this.xRange[0] + (px - MARGIN.left) / this.perX;
  }

  /** @param {number} py */
  y(py) {
    return this.middle + this.limit - (py - MARGIN.top) / this.perY;
  }
}

/**
 * A curve as a path; where it is no number there is a gap, and far outside it runs along an edge that nobody sees.
 * @param {ArrayLike<number>} xs
 * @param {ArrayLike<number>} ys
 * @param {Scale} scale
 */
export function pathOf(xs, ys, scale) {
  const { height } = scale;
  let path = "";
  let pen = "M";
  for (let index = 0; index < xs.length; index++) {
    const py = scale.py(ys[index]);
    if (Number.isNaN(py)) {
      pen = "M";
      continue;
    }
    const seen = py < -height ? -height : py > 2 * height ? 2 * height : py;
    path += `${pen}${Math.round(10 * scale.px(xs[index])) / 10} ${Math.round(10 * seen) / 10}`;
    pen = "L";
  }
  return path;
}

/**
 * Round numbers from `low` to `high`, three to eight of them.
 * @param {number} low
 * @param {number} high
 */
export function ticks(low, high) {
  const rough = (high - low) / 7;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((digit) => digit * power).find((candidate) => candidate >= rough) ?? 10 * power;
  const found = [];
  for (let tick = Math.ceil(low / step) * step; tick <= high + 1e-9; tick += step) found.push(Math.round(tick / step) * step);
  return found;
}

/** @param {number} tick */
export function spellTick(tick) {
  return String(Math.round(tick * 1000) / 1000).replace("-", "−");
}

/**
 * Grid lines, numbers and what the axes mean, in place of what the group holds.
 * @param {SVGGElement} group
 * @param {Scale} scale
 * @param {[string, string]} titles
 */
export function drawAxes(group, scale, titles) {
  group.replaceChildren();
  const { width, height, limit, middle, xRange } = scale;
  /** @type {(x1: number, y1: number, x2: number, y2: number, kind: string) => void} */
  const line = (x1, y1, x2, y2, kind) => group.append(svg("line", { x1, y1, x2, y2, class: kind }));
  /** @type {(x: number, y: number, anchor: string, content: string) => void} */
  const text = (x, y, anchor, content) => group.append(svg("text", { x, y, "text-anchor": anchor }, content));
  for (const tick of ticks(middle - limit, middle + limit)) {
    const y = scale.py(tick);
    line(MARGIN.left, y, width - MARGIN.right, y, tick === 0 ? "zero" : "grid");
    text(MARGIN.left - 6, y + 4, "end", spellTick(tick));
  }
  for (const tick of ticks(...xRange)) {
    const x = scale.px(tick);
    line(x, MARGIN.top, x, height - MARGIN.bottom, "grid");
    const isLast = x > width - MARGIN.right - EDGE;
    text(isLast ? width : x, height - MARGIN.bottom + 16, isLast ? "end" : "middle", spellTick(tick));
  }
  text((MARGIN.left + width - MARGIN.right) / 2, height - MARGIN.bottom + 34, "middle", titles[0]);
  text(MARGIN.left + 6, MARGIN.top + 12, "start", titles[1]);
}
