// @ts-check
// The numbers beside and below the picture: losses, each method's update, each task.

import { html, svg } from "../shared/elements.js";
import { isUsed } from "../shared/parts.js";
import { spell, spellAngle } from "./announce.js";
import { metaLoss } from "./landscape.js";
import { SURFACES } from "./surfaces.js";
import { norm, subtract } from "./vectors.js";

/** @import { View } from "./index.js" */
/** @import { Method } from "./landscape.js" */
/** @import { Data } from "./protocol.js" */

/**
 * @param {string} caption
 * @param {string[]} heads
 * @param {HTMLElement} body
 */
function table(caption, heads, body) {
  const cells = heads.map((head) => html("th", { scope: "col" }, head));
  return html("table", {}, html("caption", {}, caption), html("thead", {}, html("tr", {}, ...cells)), body);
}

/** The meta-loss at theta and at the two optima. */
export class Losses {
  element = html("div", { class: "losses" });

  /** @param {View} view */
  write({ data, scene, survey }) {
    /** @type {(words: string, value: number) => HTMLElement[]} */
    const line = (words, value) => [html("span", {}, words), html("span", { class: "value" }, spell(value))];
    this.element.replaceChildren(
      ...line("Meta-loss at θ", metaLoss(scene, scene.theta)),
      ...line("… at the meta-optimum ★", survey.best.meta_loss),
      ...(isUsed(data, "joint") ? line("… at the joint optimum □", metaLoss(scene, survey.joint.theta)) : []),
    );
  }
}

/** A row for each method, with a switch. */
export class MethodTable {
  /** @type {{ method: Method, input: HTMLInputElement, cells: HTMLElement[] }[]} */
  #rows = [];
  #body = html("tbody");

  /** @param {(shown: Method[]) => void} onShown */
  constructor(onShown) {
    this.onShown = onShown;
    this.element = table("Update of θ", ["Method", "norm", "to MAML", "end loss"], this.#body);
  }

  /**
   * The rows, once.
   * @param {Data["methods"]} methods
   */
  lay(methods) {
    if (this.#rows.length) return;
    this.#rows = /** @type {Method[]} */ (Object.keys(methods)).map((method) => {
      const { name, colour, dash } = methods[method];
      const input = html("input", { type: "checkbox", "data-method": method });
      input.onchange = () => this.onShown(this.#rows.filter((row) => row.input.checked).map((row) => row.method));
      const stroke = { stroke: colour, "stroke-width": 3.5, "stroke-dasharray": dash ? "7 4" : "none" };
      const line = svg(
        "svg",
        { viewBox: "0 0 30 10", "aria-hidden": "true" },
        svg("line", { x2: 30, y1: 5, y2: 5, ...stroke }),
      );
      const head = html("th", { scope: "row" }, html("label", { class: "method" }, input, line, name));
      const cells = [html("td"), html("td"), html("td")];
      this.#body.append(html("tr", {}, head, ...cells));
      return { method, input, cells };
    });
  }

  /** @param {View} view */
  write({ scene, directions, angles, trails }) {
    for (const { method, input, cells } of this.#rows) {
      const path = trails?.find((trail) => trail.method === method)?.path;
      input.checked = scene.shown.includes(method);
      cells[0].textContent = spell(norm(directions[method]));
      cells[1].textContent = method === "maml" ? "–" : spellAngle(angles[method]);
      cells[2].textContent = path ? spell(metaLoss(scene, path[path.length - 1])) : "–";
    }
  }
}

/** A row for each task. */
export class TaskTable {
  #body = html("tbody");
  element = table("Tasks", ["Task", "loss at θ", "after K steps", "from ★ to it"], this.#body);

  /** @param {View} view */
  write({ scene, chosen, survey, paths }) {
    const surface = SURFACES[scene.surface];
    const rows = scene.tasks.map((task, index) => {
      const end = paths[index][paths[index].length - 1];
      const distance = survey.best.is_flat ? Number.NaN : norm(subtract(survey.best.theta, [task[0], task[1]]));
      const values = [surface(scene.theta, task)[0], surface(end, task)[0], distance];
      const cells = values.map((value) => html("td", {}, Number.isNaN(value) ? "–" : spell(value)));
      const head = html("th", { scope: "row" }, String(index + 1));
      return html("tr", { class: chosen === index ? "chosen" : "" }, head, ...cells);
    });
    this.#body.replaceChildren(...rows);
  }
}
