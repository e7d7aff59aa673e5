// @ts-check
// The small chart: how likely each class is before any step and after each.

import { svg } from "../shared/elements.js";
import { ranking } from "./words.js";

/** @import { Drawings } from "./drawings.js" */

const WIDTH = 600; // units of the picture, which is as wide as its place
const HEIGHT = 120;
const ROOM = { left: 64, right: 76, top: 10, bottom: 30 };

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
 * @param {(ArrayLike<number> | null)[] | null} shares of the classes, after each step or some of them; null for the axes alone
 * @param {number} chosen the step that the bars show
 */
export function drawStrip(picture, all, shares, chosen) {
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
    svg("text", { x: placeOf(step, steps, 0)[0], y: HEIGHT - 12, "text-anchor": "middle" }, numberOf(step, steps)),
  );
  const [x, top] = placeOf(chosen, steps, 1);
  const mark = steps > 1 ? [svg("line", { x1: x, x2: x, y1: top, y2: placeOf(chosen, steps, 0)[1], class: "chosen" })] : [];
  picture.replaceChildren(...marks, ...numbers, ...mark, ...(shares ? lines(all, shares, steps, chosen) : []));
}

/**
 * What stands below a step: where there are many, its number alone.
 * @param {number} step
 * @param {number} steps
 */
function numberOf(step, steps) {
  if (step === 0) return "before";
  return steps > 6 ? `${step}` : `step ${step}`;
}

/**
 * @param {Drawings} all
 * @param {(ArrayLike<number> | null)[]} shares
 * @param {number} steps
 * @param {number} chosen
 */
function lines(all, shares, steps, chosen) {
  const there = shares.flatMap((each, step) => (each ? [{ each, step }] : []));
  const order = ranking(all, /** @type {ArrayLike<number>} */ (shares[chosen]));
  const last = there[there.length - 1];
  return order.toReversed().map(({ way, name }) => {
    const isFirst = way === order[0].way;
    const points = there.map(({ each, step }) =>
      placeOf(step, steps, each[way])
        .map((value) => value.toFixed(1))
        .join(","),
    );
    const [x, y] = placeOf(last.step, steps, last.each[way]);
    return svg(
      "g",
      { class: isFirst ? "line first" : "line" },
      svg("polyline", { points: points.join(" ") }),
      ...(isFirst ? [svg("text", { x: x + 8, y: y + 4 }, name.length > 7 ? `${name.slice(0, 6)}…` : name)] : []),
    );
  });
}
