// @ts-check
// The small picture above the slider: the losses after each step.

import { svg } from "../shared/elements.js";

/** @typedef {{ losses: number[], colour: string, isFocus: boolean }} Line */

/** @param {number} loss */
const isDrawn = (loss) => loss > 0 && loss < 1e6;

/**
 * One line a learner, log scale; the marks lie above the slider's.
 * @param {SVGElement} strip
 * @param {[number, number]} size pixels
 * @param {Line[]} lines
 * @param {{ steps: number, most: number }} slider where it stands and where it ends
 */
export function drawStrip(strip, [width, height], lines, { steps, most }) {
  const [inset, top, floor] = [8, 6, height - 6];
  const drawn = lines.flatMap(({ losses }) => losses).filter(isDrawn);
  strip.replaceChildren(svg("line", { class: "floor", x1: 0, x2: width, y1: floor + 4, y2: floor + 4 }));
  if (!drawn.length) return;
  const low = Math.log(Math.min(...drawn));
  const high = Math.max(Math.log(Math.max(...drawn)), low + 0.5);
  /** @param {number} step */
  const px = (step) => inset + ((width - 2 * inset) * step) / most;
  /** @param {number} loss */
  const py = (loss) => top + ((high - Math.log(loss)) / (high - low)) * (floor - top);
  strip.append(svg("line", { class: "now", x1: px(steps), x2: px(steps), y1: 0, y2: floor + 4 }));
  for (const { losses, colour, isFocus } of lines) {
    let path = "";
    let pen = "M";
    losses.forEach((loss, step) => {
      if (isDrawn(loss)) path += `${pen}${px(step).toFixed(1)} ${py(loss).toFixed(1)}`;
      pen = isDrawn(loss) ? "L" : "M";
    });
    strip.append(svg("path", { d: path, stroke: colour, "stroke-opacity": isFocus ? 1 : 0.75 }));
    const now = losses[steps];
    if (isDrawn(now)) strip.append(svg("circle", { cx: px(steps), cy: py(now), r: isFocus ? 4 : 3, fill: colour }));
  }
}
