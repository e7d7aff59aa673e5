// @ts-check
// The small chart: how likely each class is before any step and after each.

import { svg } from "../shared/elements.js";
import { ranking } from "./words.js";

/** @import { Drawings } from "./drawings.js" */

const WIDTH = 600; // units of the picture, which is as wide as its place
const HEIGHT = 120;
const ROOM = { left: 54, right: 70, top: 10, bottom: 30 };

/**
 * Where a share after a step lies.
 * @param {number} step
 * @param {number} steps
 * @param {number} share
 * @returns {[number, number]}
 */
export function placeOf(step, steps, share) {
  const x = ROOM.left + ((WIDTH - ROOM.left - ROOM.right) * step) / Math.max(steps, 1);
  return [x, ROOM.top + (HEIGHT - ROOM.top - ROOM.bottom) * (1 - share)];
}

/**
 * @param {SVGSVGElement} picture
 * @param {Drawings} all
 * @param {ArrayLike<number>[] | null} shares of the classes, after each step; null for the axes alone
 */
export function drawStrip(picture, all, shares) {
  picture.setAttribute("viewBox", `0 0 ${WIDTH} ${HEIGHT}`);
  const steps = shares ? shares.length - 1 : 1;
  const marks = [0, 0.5, 1].map((share) => {
    const [left, y] = placeOf(0, steps, share);
    return svg(
      "g",
      {},
      svg("line", { x1: left, x2: WIDTH - ROOM.right, y1: y, y2: y, class: "grid" }),
      svg("text", { x: left - 8, y: y + 4, "text-anchor": "end" }, `${100 * share} %`),
    );
  });
  const numbers = Array.from({ length: steps + 1 }, (_, step) =>
    svg(
      "text",
      { x: placeOf(step, steps, 0)[0], y: HEIGHT - 12, "text-anchor": "middle" },
      step === 0 ? "before" : `step ${step}`,
    ),
  );
  picture.replaceChildren(...marks, ...numbers, ...(shares ? lines(all, shares, steps) : []));
}

/**
 * @param {Drawings} all
 * @param {ArrayLike<number>[]} shares
 * @param {number} steps
 */
function lines(all, shares, steps) {
  const order = ranking(all, shares[steps]);
  return order.toReversed().map(({ way, name, share }) => {
    const isFirst = way === order[0].way;
    const points = shares.map((each, step) =>
      placeOf(step, steps, each[way])
        .map((value) => value.toFixed(1))
        .join(","),
    );
    const [x, y] = placeOf(steps, steps, share);
    return svg(
      "g",
      { class: isFirst ? "line first" : "line" },
      svg("polyline", { points: points.join(" ") }),
      ...(isFirst ? [svg("text", { x: x + 8, y: y + 4 }, name.length > 7 ? `${name.slice(0, 6)}…` : name)] : []),
    );
  });
}
