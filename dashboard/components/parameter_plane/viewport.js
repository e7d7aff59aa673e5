// @ts-check
// Between the units of the plane and pixels of the square picture. Pure.

import { clamp } from "../shared/numbers.js";

/** @import { Area } from "./optimum.js" */
/** @import { Vector } from "./vectors.js" */

export const MARGIN = { left: 40, right: 10, top: 10, bottom: 42 };

export class Viewport {
  /**
   * @param {number} size pixels a side
   * @param {Area} area that it shows
   */
  constructor(size, area) {
    this.size = size;
    this.area = area;
    this.span = size - MARGIN.left - MARGIN.right; // pixels of x
    this.height = size - MARGIN.top - MARGIN.bottom; // pixels of y
  }

  /**
   * @param {Vector} point
   * @returns {[number, number]} pixels
   */
  toScreen([x, y]) {
    const [[lowX, highX], [lowY, highY]] = this.area;
    return [MARGIN.left + ((x - lowX) / (highX - lowX)) * this.span, MARGIN.top + ((highY - y) / (highY - lowY)) * this.height];
  }

  /**
   * The nearest point of the area.
   * @param {[number, number]} place pixels
   * @returns {Vector}
   */
  fromScreen([left, top]) {
    const [[lowX, highX], [lowY, highY]] = this.area;
    const x = lowX + ((left - MARGIN.left) / this.span) * (highX - lowX);
    const y = highY - ((top - MARGIN.top) / this.height) * (highY - lowY);
    return this.inside([x, y]);
  }

  /**
   * @param {Vector} point
   * @returns {Vector}
   */
  inside([x, y]) {
    return [clamp(x, this.area[0]), clamp(y, this.area[1])];
  }
}
