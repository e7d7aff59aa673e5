// @ts-check
// What stands beside and below the picture: sliders, buttons, tables of numbers.

import { find, html } from "../shared/elements.js";
import { isUsed } from "../shared/parts.js";
import { drawn } from "./marks.js";
import { saveAs } from "./save.js";
import { Sliders } from "./sliders.js";
import { canTurn } from "./surfaces.js";
import { Losses, MethodTable, TaskTable } from "./tables.js";

/** @import { Plane, View } from "./index.js" */
/** @import { Mark } from "./marks.js" */
/** @import { Data } from "./protocol.js" */

export class Panel {
  /** @param {Plane} plane */
  constructor(plane) {
    /** @type {(words: string, onclick: () => void, kind?: string) => HTMLButtonElement} */
    const button = (words, onclick, kind = "") => html("button", { type: "button", class: kind, onclick }, words);
    this.root = plane.root;
    this.sliders = new Sliders((name, value) => plane.set({ [name]: value }));
    this.losses = new Losses();
    this.methods = new MethodTable((shown) => plane.show(shown));
    this.tasks = new TaskTable();
    this.buttons = {
      descend: button("Let them descend", () => plane.descend(), "main"),
      best: button("θ to the meta-optimum", () => plane.jump()),
      add: button("Add a task", () => plane.addTask()),
      remove: button("Remove it", () => plane.removeTask(plane.chosen)),
      turn: button("Turn it", () => plane.turnTask()),
    };
    const { descend, best, add, remove, turn } = this.buttons;
    const files = [button("SVG", () => saveAs(plane, "svg")), button("PNG", () => saveAs(plane, "png"))];
    const save = html("div", { class: "save", role: "group", "aria-label": "Save the picture" }, ...files);
    const [moves, changes] = [
      html("div", { class: "buttons" }, descend, best),
      html("div", { class: "buttons" }, add, remove, turn),
    ];
    find(this.root, ".side", HTMLElement).append(this.sliders.element, this.losses.element, this.methods.element, moves);
    find(this.root, ".under", HTMLElement).append(this.tasks.element, changes, save);
    /** @type {Record<string, HTMLElement>} by the parts of the plane that they are */
    this.parts = {
      losses: this.losses.element,
      methods: this.methods.element,
      table: this.tasks.element,
      descent: moves,
      tasks: changes,
    };
  }

  /**
   * What depends on the page alone: colours, the ends of the sliders, the methods.
   * @param {Data} data
   */
  lay(data) {
    const { colours, methods, ranges } = data;
    for (const [part, element] of Object.entries(this.parts)) element.hidden = !isUsed(data, part);
    for (const element of this.root.querySelectorAll(".key [data-part]")) {
      if (element instanceof HTMLElement) element.hidden = !isUsed(data, element.dataset.part ?? "");
    }
    this.root.classList.toggle("in-lesson", Boolean(data.uses));
    this.root.style.setProperty("--before", colours.before);
    this.root.style.setProperty("--after", colours.after);
    this.root.style.setProperty("--implicit", methods.imaml.colour);
    this.sliders.setRanges(ranges);
    this.methods.lay(methods);
  }

  /** @param {View} view */
  write(view) {
    const { scene, data, chosen, survey, isRunning } = view;
    this.sliders.write(scene, data);
    this.losses.write(view);
    this.methods.write(view);
    this.tasks.write(view);
    const marks = drawn(view);
    for (const element of this.root.querySelectorAll(".key [data-mark]")) {
      if (element instanceof HTMLElement) element.hidden = !marks[/** @type {Mark} */ (element.dataset.mark)];
    }
    const { descend, best, add, remove, turn } = this.buttons;
    const isTask = chosen !== "theta";
    const which = isTask ? `task ${chosen + 1}` : "a task";
    descend.textContent = isRunning ? "Stop" : "Let them descend";
    descend.disabled = !scene.shown.length;
    best.disabled = survey.best.is_flat;
    add.disabled = scene.tasks.length >= data.max_tasks;
    remove.textContent = `Remove ${which}`;
    turn.textContent = `Turn ${which}`;
    remove.disabled = !isTask || scene.tasks.length === 1;
    turn.disabled = !isTask || !canTurn(scene.surface);
  }
}
