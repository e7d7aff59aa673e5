// @ts-check
// The sine bench: its parts put together. What stands on it is a scene; hands and keys change the scene, a frame draws it, and
// Python hears of it when the visitor lets go.

import { find, focused } from "../shared/elements.js";
import { mounted } from "../shared/mount.js";
import { followSize } from "../shared/paper.js";
import { spellFull, spellMove, spellRemoval } from "./announce.js";
import { Cards } from "./cards.js";
import { Controls } from "./controls.js";
import { Fitter, focusOf } from "./fits.js";
import { Handles } from "./handles.js";
import { listenToKeys } from "./keyboard.js";
import { Picture } from "./picture.js";
import { Pointer, SNAP } from "./pointer.js";
import { learnerOf, Protocol } from "./protocol.js";
import { addPoint, halfHeight, highestAmplitude, removePoint } from "./scene.js";

/** @import { SetStateValue } from "../shared/mount.js" */
/** @import { View } from "./picture.js" */
/** @import { Data } from "./protocol.js" */
/** @import { Area, Grip, Scene } from "./scene.js" */

/** @typedef {(scene: Scene, area: Area & { highest: number }) => Scene} Change */

const SLOW_FRAME = 12; // milliseconds after which a drag leaves the small picture for later
const LATER = 350; // milliseconds until it is drawn then

export class Bench {
  chosen = -1; // point
  #scheduled = 0; // the frame that is asked for
  #took = 0; // milliseconds, by the last frame
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #later;

  /**
   * @param {ParentNode} parent
   * @param {Data} data
   */
  constructor(parent, data) {
    this.root = find(parent, ".bench", HTMLElement);
    this.live = find(this.root, ".live", HTMLElement);
    this.data = data;
    this.scene = data.scene;
    this.limit = halfHeight(data.scene); // half the height of the y axis
    this.fitter = new Fitter(data, learnerOf);
    this.protocol = new Protocol();
    this.picture = new Picture(this.root);
    this.handles = new Handles(this.root);
    this.cards = new Cards(this);
    this.controls = new Controls(this);
    this.pointer = new Pointer(this);
    listenToKeys(this);
    this.stopFollowing = followSize(this.picture.stage, () => this.frame());
    this.root.inert = false; // until here its buttons did nothing
  }

  /**
   * @param {Data} data
   * @param {SetStateValue} tell
   */
  receive(data, tell) {
    for (const [name, colour] of Object.entries(data.colours)) this.root.style.setProperty(`--${name}`, colour);
    this.data = data;
    this.scene = this.protocol.receive(data, tell, this.scene);
    this.fitter = new Fitter(data, learnerOf);
    this.cards.lay(data.entrants);
    this.controls.lay(data, this.scene);
    if (this.protocol.isAnswered) this.root.dispatchEvent(new CustomEvent("confirmed"));
    if (!this.pointer.drag) this.limit = halfHeight(this.scene);
    this.frame();
    if (this.protocol.lacksWeights(data)) this.commit();
  }

  end() {
    this.stopFollowing();
    this.controls.end();
    clearTimeout(this.#later);
    this.protocol.reports.flush();
  }

  // What changes the scene.

  /** @returns {Area & { highest: number }} */
  get area() {
    return { xRange: this.data.x_range, limit: this.limit, highest: highestAmplitude(this.data.base) };
  }

  /**
   * The visitor changes what is learned from or how.
   * @param {Change} change
   */
  change(change) {
    this.scene = change(this.scene, this.area);
    this.protocol.outdate();
    this.schedule();
  }

  /** @param {Grip} grip what was dragged */
  letGo(grip) {
    this.announce(grip);
    this.commit();
  }

  /**
   * A key's change.
   * @param {Grip} grip
   * @param {Change} change
   */
  press(grip, change) {
    this.change(change);
    this.limit = Math.max(this.limit, halfHeight(this.scene));
    this.announce(grip);
    this.commitSoon();
  }

  /**
   * A new point at (x, y), or on the wave where y is null.
   * @param {[number, number | null]} place
   */
  add(place) {
    const index = this.scene.points.length;
    const most = this.data.most.points;
    if (index >= most) {
      this.say(spellFull(most));
      return;
    }
    this.change((scene, area) => addPoint(scene, place, area, SNAP / this.picture.scale.perY));
    this.chosen = index;
    this.letGo({ kind: "point", index });
  }

  /** @param {number} index of a point */
  remove(index) {
    if (!this.scene.points[index]) return;
    const hadFocus = this.handles.place.contains(focused(this.root));
    this.change((scene) => removePoint(scene, index));
    this.chosen = Math.min(index, this.scene.points.length - 1);
    this.frame();
    if (hadFocus) (this.handles.point(this.chosen) ?? this.controls.add).focus({ preventScroll: true });
    this.say(spellRemoval(this.scene));
    this.commit();
  }

  reset() {
    this.chosen = -1;
    this.change(() => this.data.base);
    this.controls.lay(this.data, this.scene);
    this.commit();
  }

  /**
   * How far the learners step; Python's numbers hold for any number of steps.
   * @param {number} steps
   */
  setSteps(steps) {
    this.scene = { ...this.scene, steps };
    this.protocol.reports.hold();
    this.schedule();
  }

  /**
   * Other learners are shown, or another one's steps.
   * @param {Scene} scene
   */
  show(scene) {
    this.scene = scene;
    this.commit();
  }

  /** @param {number} index of a point */
  choose(index) {
    this.chosen = index;
    this.schedule();
  }

  /** Tells Python what stands on the bench. */
  commit() {
    this.protocol.send(this.scene);
    this.limit = halfHeight(this.scene);
    this.schedule();
  }

  /** Tells Python when the keys have rested. */
  commitSoon() {
    this.protocol.reports.whenKeysRest(() => this.commit());
  }

  // What is shown.

  schedule() {
    if (!this.#scheduled) this.#scheduled = requestAnimationFrame(() => this.frame());
  }

  /** One frame: adapts every learner that is shown, then draws. */
  frame() {
    cancelAnimationFrame(this.#scheduled);
    this.#scheduled = 0;
    const { root, data, scene, fitter, picture, controls } = this;
    if (!root.isConnected || !picture.stage.clientWidth) return;
    const begun = performance.now();
    // Sizes first: asked for after something has changed, the browser would lay out the page anew.
    const [size, stripSize] = [sizeOf(picture.stage), sizeOf(controls.strip)];
    const isWhole = !this.pointer.drag || this.#took < SLOW_FRAME;
    const fits = fitter.all(scene, this.protocol, isWhole);
    const focus = focusOf(data.entrants, scene);
    /** @type {View} */
    const view = { scene, data, fits, focus, xs: fitter.xs, truth: fitter.truth(scene), ...this.#hands() };
    root.style.setProperty("--focus", focus?.colour ?? null);
    picture.draw(view, size);
    this.handles.draw(view, picture.scale);
    this.cards.write(view);
    controls.write(view);
    if (isWhole) controls.drawStrip(view, stripSize);
    this.#took = performance.now() - begun;
    clearTimeout(this.#later);
    if (!isWhole) this.#later = setTimeout(() => this.#drawWhole(), LATER);
    const curves = Object.fromEntries([...fits].map(([name, fit]) => [name, fit.curves]));
    root.dispatchEvent(new CustomEvent("frame", { detail: { milliseconds: this.#took, curves } }));
  }

  #hands() {
    const { limit, chosen, pointer } = this;
    return { limit, chosen, highest: this.area.highest, heldPlaces: pointer.drag?.places ?? null };
  }

  #drawWhole() {
    this.#took = 0;
    this.schedule();
  }

  /** @param {Grip} grip what was moved */
  announce(grip) {
    this.frame();
    this.say(spellMove(this.scene, grip, this.cards.focused()));
  }

  /** @param {string} sentence */
  say(sentence) {
    this.live.textContent = sentence;
  }
}

/**
 * @param {Element} element
 * @returns {[number, number]} pixels
 */
const sizeOf = (element) => [element.clientWidth, element.clientHeight];

export default mounted((parent, /** @type {Data} */ data) => new Bench(parent, data));
