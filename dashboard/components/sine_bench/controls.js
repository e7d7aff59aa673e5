// @ts-check
// Sliders and buttons below the picture.

import { CHOSEN } from "../shared/address.js";
import { find } from "../shared/elements.js";
import { counted, spellNumber } from "../shared/numbers.js";
import { isUsed } from "../shared/parts.js";
import { hint } from "./announce.js";
import { focusOf } from "./fits.js";
import { learnerOf } from "./protocol.js";
import { saveAs } from "./save.js";
import { widestGap } from "./scene.js";
import { drawStrip } from "./strip.js";
import { verdict } from "./verdict.js";

/** @import { Bench } from "./index.js" */
/** @import { View } from "./picture.js" */
/** @import { Data } from "./protocol.js" */
/** @import { Scene } from "./scene.js" */

const PLAY_STEP = 320; // milliseconds

export class Controls {
  /** @type {ReturnType<typeof setInterval> | undefined} while the steps are played */
  #playing;

  /** @param {Bench} bench */
  constructor(bench) {
    const { root } = bench;
    /** @param {string} selector */
    const button = (selector) => find(root, selector, HTMLButtonElement);
    /** @param {string} selector */
    const text = (selector) => find(root, selector, HTMLElement);
    this.bench = bench;
    this.steps = find(root, ".k", HTMLInputElement);
    this.rate = find(root, ".alpha", HTMLInputElement);
    this.strip = find(root, ".strip", SVGSVGElement);
    this.play = button(".play");
    this.add = button(".add");
    this.remove = button(".remove");
    this.reset = button(".reset");
    /** @type {[string, HTMLElement[]][]} what hangs on a part of the bench */
    this.parts = [
      ["points", [this.add, this.remove]],
      ["rate", [text(".rate")]],
      ["steps", [text(".steps"), this.play]],
    ];
    this.texts = { steps: text(".k-value"), rate: text(".rate-value"), after: text(".after-label"), hint: text(".hint") };
    this.verdict = text(".verdict");
    /** What the legend names from so many steps on. */
    this.legend = /** @type {NodeListOf<HTMLElement>} */ (root.querySelectorAll(".legend [data-from]"));
    this.#listen();
    this.follow = (/** @type {Event} */ event) => this.#follow(/** @type {CustomEvent} */ (event).detail);
    window.addEventListener(CHOSEN, this.follow);
    this.add.onclick = () => bench.add([widestGap(bench.scene, bench.data.x_range), null]);
    this.remove.onclick = () => bench.remove(bench.chosen);
    this.reset.onclick = () => bench.reset();
    this.play.onclick = () => this.#startOrStop();
    for (const kind of /** @type {const} */ (["svg", "png", "csv"])) {
      button(`[data-save=${kind}]`).onclick = () => saveAs(bench, kind);
    }
  }

  #listen() {
    const { bench, steps, rate } = this;
    steps.addEventListener("input", () => bench.setSteps(Number(steps.value)));
    rate.addEventListener("input", () => {
      const inner_lr = Number((10 ** Number(rate.value)).toPrecision(2));
      rate.setAttribute("aria-valuetext", spellNumber(inner_lr));
      bench.change((scene) => ({ ...scene, inner_lr }));
    });
    // A key changes a slider with every stroke; a pointer once, when it lets go.
    let isKeyed = false;
    for (const slider of [steps, rate]) {
      slider.addEventListener("keydown", () => {
        isKeyed = true;
      });
      slider.addEventListener("pointerdown", () => {
        isKeyed = false;
      });
      slider.addEventListener("change", () => (isKeyed ? bench.commitSoon() : bench.commit()));
    }
  }

  /**
   * The sliders to where the scene has them.
   * @param {Data} data
   * @param {Scene} scene
   */
  lay(data, scene) {
    const { entrants, most, step_sizes } = data;
    const { steps, rate } = this;
    for (const [part, elements] of this.parts) {
      for (const element of elements) element.hidden = !isUsed(data, part);
    }
    this.reset.hidden = Boolean(data.uses); // the page has a way back of its own
    this.bench.root.classList.toggle("in-lesson", Boolean(data.uses));
    this.verdict.hidden = !data.subject;
    steps.max = String(most.steps);
    if (Number(steps.value) !== scene.steps) steps.value = String(scene.steps);
    [rate.min, rate.max] = step_sizes.map((size) => String(Math.log10(size)));
    const place = Math.log10(scene.inner_lr);
    if (Math.abs(Number(rate.value) - place) > 0.006) rate.value = String(place);
    rate.setAttribute("aria-valuetext", spellNumber(scene.inner_lr));
    const takes = entrants.some((entrant) => !entrant.inner_lr && (learnerOf(entrant)?.takesStepSize ?? true));
    rate.disabled = !takes;
    rate.title = takes ? "" : "These learners have learned their step sizes.";
  }

  /** @param {View} view */
  write(view) {
    const { scene, data, chosen } = view;
    this.verdict.textContent = verdict(view);
    this.remove.disabled = !scene.points[chosen];
    this.add.disabled = scene.points.length >= data.most.points;
    this.texts.hint.textContent = hint(data, scene);
    this.texts.steps.textContent = String(scene.steps);
    this.texts.rate.textContent = spellNumber(scene.inner_lr);
    for (const mark of this.legend) mark.hidden = scene.steps < Number(mark.dataset.from);
    this.texts.after.textContent = `after ${counted(scene.steps, "step")}`;
  }

  /**
   * @param {View} view
   * @param {[number, number]} size pixels
   */
  drawStrip({ scene, data, fits }, size) {
    const focus = focusOf(data.entrants, scene);
    const lines = data.entrants.flatMap((entrant) => {
      const fit = fits.get(entrant.name);
      return fit ? [{ losses: fit.along, colour: entrant.colour, isFocus: entrant === focus }] : [];
    });
    drawStrip(this.strip, size, lines, { steps: scene.steps, most: data.most.steps });
  }

  /** Takes the steps one by one, slowly. */
  #startOrStop() {
    const { bench } = this;
    if (this.#playing !== undefined) {
      this.stop();
      bench.commit();
      return;
    }
    const most = bench.data.most.steps;
    /** @param {number} steps */
    const go = (steps) => {
      bench.setSteps(steps);
      this.steps.value = String(steps);
    };
    go(bench.scene.steps >= most ? 0 : bench.scene.steps);
    this.#showPlaying(true);
    this.#playing = setInterval(() => {
      go(bench.scene.steps + 1);
      if (bench.scene.steps < most) return;
      this.stop();
      bench.commit();
    }, PLAY_STEP);
  }

  /**
   * A switch of the page has set a field of the scene: no news to Python, which reads it in the address.
   * @param {{ key: string, value: string }} chosen
   */
  #follow({ key, value }) {
    const { bench } = this;
    const field = bench.data.follows[key];
    if (!field) return;
    const now = { [field]: field === "steps" ? Number(value) : value };
    bench.data = { ...bench.data, base: { ...bench.data.base, ...now } };
    bench.scene = { ...bench.scene, ...now };
    this.lay(bench.data, bench.scene);
    bench.schedule();
  }

  end() {
    this.stop();
    window.removeEventListener(CHOSEN, this.follow);
  }

  stop() {
    clearInterval(this.#playing);
    this.#playing = undefined;
    this.#showPlaying(false);
  }

  /** @param {boolean} isPlaying */
  #showPlaying(isPlaying) {
    this.play.classList.toggle("playing", isPlaying);
    find(this.play, ".text", HTMLElement).textContent = isPlaying ? "Stop" : "Play";
  }
}
