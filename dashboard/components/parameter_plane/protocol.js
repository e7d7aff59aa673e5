// @ts-check
// From and to Python, whose side is `__init__.py`; the only file here that knows what it sends.

import { Reports } from "../shared/reports.js";
import { rounded } from "./scene.js";

/** @import { SetStateValue } from "../shared/mount.js" */
/** @import { Method } from "./landscape.js" */
/** @import { Area } from "./optimum.js" */
/** @import { Scene } from "./scene.js" */

/**
 * @typedef {object} Data
 * @property {Scene} now what Python takes to stand here
 * @property {number} seen number of the last report that Python has had
 * @property {string[] | null} [uses] its parts that the page uses, as `PARTS` has them in `__init__.py`; null for all
 * @property {Area} window
 * @property {[string, string]} axes their titles
 * @property {number} max_tasks
 * @property {number} meta_lr of the methods' own descent
 * @property {number} longest_step
 * @property {number} descent_steps
 * @property {number} steepness how large a gradient is drawn at full length, where none is larger
 * @property {Record<"inner_lr" | "proximal" | "gap", [number, number]>} ranges
 * @property {Record<Method, { name: string, colour: string, dash: boolean }>} methods
 * @property {Record<"truth" | "before" | "after" | "joint", string>} colours
 */

export class Protocol {
  reports = new Reports("now");

  /**
   * Takes in what Python says; gives the scene that stands now: Python's only if it has seen the visitor's last one, and not
   * under the visitor's hand.
   * @param {Data} data
   * @param {SetStateValue} tell
   * @param {Scene} scene what stood here
   */
  receive(data, tell, scene) {
    this.tell = tell;
    return this.reports.isNews(data.seen) && JSON.stringify(scene) !== JSON.stringify(data.now) ? data.now : scene;
  }

  /**
   * Tells Python what stands in the plane; gives it as Python keeps it.
   * @param {Scene} scene
   */
  send(scene) {
    const kept = rounded(scene);
    this.reports.send(/** @type {SetStateValue} */ (this.tell), kept);
    return kept;
  }
}
