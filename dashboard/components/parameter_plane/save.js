// @ts-check
// The plane as a picture that is taken along.

import { svg } from "../shared/elements.js";
import { counted, spellNumber } from "../shared/numbers.js";
import { onWhite } from "../shared/paper.js";
import { download, fileOf, sheetOf } from "../shared/sheet.js";
import { drawn } from "./marks.js";

/** @import { Words } from "../shared/sheet.js" */
/** @import { Plane } from "./index.js" */
/** @import { Data } from "./protocol.js" */
/** @import { Mark } from "./marks.js" */
/** @import { Scene } from "./scene.js" */
/** @import { Survey } from "./survey.js" */

/**
 * @param {Plane} plane
 * @param {"svg" | "png"} kind
 */
export async function saveAs(plane, kind) {
  const sheet = onWhite(() => asSheet(plane));
  plane.refresh(); // in the colours of the theme again
  download(await fileOf(sheet, kind), `parameter_plane.${kind}`);
}

/** @param {Plane} plane */
function asSheet(plane) {
  plane.refresh();
  const { size } = plane.viewport;
  const words = wordsOf(plane.scene, plane.data, drawn({ ...plane, survey: /** @type {Survey} */ (plane.survey) }));
  return sheetOf(plane.picture, [size, size], words, (copy) => {
    copy.prepend(svg("image", { href: plane.ground.canvas.toDataURL(), width: size, height: size }));
  });
}

/**
 * What the picture shows, and what each line in it is.
 * @param {Scene} scene
 * @param {Data} data
 * @param {Record<Mark, boolean>} marks those that are drawn
 * @returns {Words}
 */
export function wordsOf({ surface, tasks, inner_steps, inner_lr, proximal, gap, shown }, { methods, colours }, marks) {
  const pull = marks.solution ? `, pull λ = ${spellNumber(proximal)}` : "";
  const off = gap ? `, support optimum off by ${gap.toFixed(1)}` : "";
  /** @type {Words["legend"]} */
  const legend = [
    { label: "θ", colour: colours.before, mark: "dot" },
    { label: "each task's steps", colour: colours.after, mark: "line", width: 2 },
    { label: "each task's loss", colour: colours.truth, mark: "line", width: 1 },
  ];
  for (const method of shown) {
    const { name, colour, dash } = methods[method];
    legend.push({ label: `${name} moves θ this way`, colour, mark: "line", width: 3.5, dash: dash ? "7 4" : "none" });
  }
  return {
    title: `${surface[0].toUpperCase()}${surface.slice(1)}: ${counted(tasks.length, "task")} and the loss after adapting`,
    subtitle:
      `K = ${counted(inner_steps, "inner step")} of size α = ${spellNumber(inner_lr)}${pull}${off}. Shaded: the meta-loss after ` +
      `them${marks.best ? ", ★ at its bottom" : ""}${marks.joint ? "; □ the bottom of the loss before adapting" : ""}.`,
    legend,
  };
}
