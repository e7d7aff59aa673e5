// @ts-check
// The parameter plane: its parts put together. What stands in it is a scene; what is dragged is computed and drawn here, and
// Python hears of it once, on release.

import { find } from "../shared/elements.js";
import { mounted } from "../shared/mount.js";
import { followSize } from "../shared/paper.js";
import { spellEnds, spellScene } from "./announce.js";
import { Descent } from "./descent.js";
import { Front } from "./front.js";
import { Ground } from "./ground.js";
import { Handles } from "./handles.js";
import { press } from "./keyboard.js";
import { innerPath, updates } from "./landscape.js";
import { Panel } from "./panel.js";
import { grip } from "./pointer.js";
import { Protocol } from "./protocol.js";
import { addTask, moveTo, removeTask, turnTask } from "./scene.js";
import { surveyOf } from "./survey.js";
import { readTheme } from "./theme.js";
import { Viewport } from "./viewport.js";

/** @import { SetStateValue } from "../shared/mount.js" */
/** @import { Trails } from "./descent.js" */
/** @import { Method } from "./landscape.js" */
/** @import { Data } from "./protocol.js" */
/** @import { Scene, Which } from "./scene.js" */
/** @import { Survey } from "./survey.js" */
/** @import { Theme } from "./theme.js" */
/** @import { Vector } from "./vectors.js" */

/**
 * What a frame shows.
 * @typedef {object} View
 * @property {Data} data
 * @property {Scene} scene
 * @property {Which} chosen
 * @property {Viewport} viewport
 * @property {Theme} theme
 * @property {Survey} survey
 * @property {Record<Method, Vector>} directions each method's, uphill
 * @property {Record<Method, number>} angles each method's to MAML's, in degrees
 * @property {Vector[][]} paths each task's inner steps
 * @property {Trails | null} trails
 * @property {boolean} isRunning the methods descend
 */

/** @typedef {"all" | "coarse" | "theta"} What is drawn: coarse: while a task is dragged, small grids; theta: the ground stays */

export class Plane {
  /** @type {Which} */
  chosen = "theta";
  survey = /** @type {Survey | null} */ (null);
  #drawn = "";

  /**
   * @param {ParentNode} parent
   * @param {Data} data
   */
  constructor(parent, data) {
    this.root = find(parent, ".plane", HTMLElement);
    this.stage = find(this.root, ".stage", HTMLElement);
    this.picture = find(this.stage, "svg", SVGSVGElement);
    this.live = find(this.root, ".live", HTMLElement);
    this.data = data;
    this.scene = data.now;
    this.viewport = new Viewport(0, data.window);
    this.theme = readTheme(this.root);
    this.protocol = new Protocol();
    this.descent = new Descent();
    this.panel = new Panel(this);
    this.ground = new Ground(find(this.root, "canvas", HTMLCanvasElement));
    this.front = new Front(this.picture);
    this.front.floor.onpointerdown = (event) => event.pointerType === "mouse" && grip(this, "theta", event);
    this.handles = new Handles(this.picture, {
      grip: (which, event) => grip(this, which, event),
      press: (which, event) => press(this, which, event),
      choose: (which) => which !== this.chosen && this.choose(which),
    });
    this.stopFollowing = followSize(this.stage, () => this.refresh());
  }

  /**
   * @param {Data} data
   * @param {SetStateValue} tell
   */
  receive(data, tell) {
    const scene = this.protocol.receive(data, tell, this.scene);
    if (scene !== this.scene) {
      this.chosen = "theta";
      this.descent.clear();
    }
    this.data = data;
    this.scene = scene;
    this.viewport = new Viewport(this.viewport.size, data.window);
    this.panel.lay(data);
    this.refresh();
  }

  /** In the size and the colours of now; what stands here already is not drawn again. */
  refresh() {
    this.theme = readTheme(this.root);
    if (this.#isResized() || this.#standing() !== this.#drawn) this.update("all");
  }

  end() {
    this.descent.stop();
    this.protocol.reports.drop();
    this.stopFollowing();
  }

  // What is shown.

  #standing() {
    return JSON.stringify([this.scene, this.data.window, this.theme]);
  }

  /** Takes on the size of the stage; whether it is another one. */
  #isResized() {
    const size = this.stage.clientWidth;
    if (!size || size === this.viewport.size) return false;
    this.viewport = new Viewport(size, this.data.window);
    this.ground.resize(size);
    this.picture.setAttribute("viewBox", `0 0 ${size} ${size}`);
    return true;
  }

  /** @param {What} what */
  update(what) {
    if (!this.viewport.size) return;
    const began = performance.now();
    const { data, scene, chosen, viewport, theme, descent } = this;
    const isGroundNew = what !== "theta" || !this.survey;
    const survey = isGroundNew || !this.survey ? surveyOf(scene, data.window, what === "coarse") : this.survey;
    this.survey = survey;
    const paths = scene.tasks.map((task) => innerPath(scene, scene.theta, task));
    const { trails, isRunning } = descent;
    const view = { data, scene, chosen, viewport, theme, survey, ...updates(scene, scene.theta), paths, trails, isRunning };
    if (isGroundNew) this.ground.draw(view);
    this.front.draw(view);
    this.handles.draw(view);
    this.panel.write(view);
    this.#drawn = survey.isCoarse ? "" : this.#standing();
    this.root.dataset.frame = (performance.now() - began).toFixed(2);
    this.root.dataset.now = JSON.stringify(scene);
  }

  // What changes the scene.

  /** Something is in the visitor's hand; what keys have done before is reported first. */
  hold() {
    this.protocol.reports.flush();
    this.protocol.reports.hold();
  }

  /**
   * Another scene, in which one handle has moved.
   * @param {Which} which
   * @param {Scene} scene
   */
  move(which, scene) {
    this.descent.clear();
    this.scene = scene;
    this.update(which === "theta" ? "theta" : "coarse");
  }

  /**
   * A slider's change.
   * @param {Partial<Scene>} change
   */
  set(change) {
    this.descent.clear();
    this.scene = { ...this.scene, ...change };
    this.update("coarse");
    this.commitSoon();
  }

  /** @param {Method[]} shown */
  show(shown) {
    this.move("theta", { ...this.scene, shown });
    this.commit();
  }

  /** Theta to the meta-optimum. */
  jump() {
    if (!this.survey) return;
    this.move("theta", moveTo(this.scene, "theta", this.viewport.inside(this.survey.best.theta)));
    this.commit();
  }

  /** @param {Which} which */
  choose(which) {
    this.chosen = which;
    this.update("theta");
  }

  addTask() {
    this.#changeTasks(addTask(this.scene, this.data.window), this.scene.tasks.length);
  }

  /** @param {Which} which */
  removeTask(which) {
    if (this.scene.tasks.length === 1 || which === "theta") return;
    this.#changeTasks(removeTask(this.scene, which), "theta");
  }

  turnTask() {
    if (this.chosen !== "theta") this.#changeTasks(turnTask(this.scene, this.chosen), this.chosen);
  }

  /**
   * @param {Scene} scene
   * @param {Which} chosen
   */
  #changeTasks(scene, chosen) {
    this.descent.clear();
    this.scene = scene;
    this.chosen = chosen;
    this.update("all");
    this.handles.element(chosen).focus({ preventScroll: true });
    this.commit();
  }

  /** Each method by itself, or an end to it. */
  descend() {
    const onFrame = () => this.update("theta");
    /** @param {Trails} trails */
    const onEnd = (trails) => {
      this.update("theta");
      this.live.textContent = spellEnds(this.scene, this.data.methods, trails);
    };
    if (this.descent.isRunning) this.descent.clear();
    else this.descent.start(this.scene, this.data, { onFrame, onEnd });
    this.update("theta");
  }

  /** Tells Python what stands in the plane. */
  commit() {
    if (this.survey?.isCoarse) this.update("all");
    this.scene = this.protocol.send(this.scene);
    this.live.textContent = spellScene(this.scene, this.data.methods);
  }

  /** Tells Python when the keys have rested. */
  commitSoon() {
    this.protocol.reports.whenKeysRest(() => this.commit());
  }
}

export default mounted((parent, /** @type {Data} */ data) => new Plane(parent, data));
