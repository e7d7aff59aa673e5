// @ts-check
// The learners: one card each, with a switch, the error before and after, and Python's own number beside it.

import { find } from "../shared/elements.js";
import { spellNumber } from "../shared/numbers.js";
import { showLearner } from "./scene.js";

/** @import { Fit } from "./fits.js" */
/** @import { Bench } from "./index.js" */
/** @import { View } from "./picture.js" */
/** @import { Answer, Entrant } from "./protocol.js" */

/**
 * A loss for reading, spelt as Python spells it: three figures, or that there is none.
 * @param {number} loss
 */
export function spellLoss(loss) {
  if (!Number.isFinite(loss) || loss >= 1e6) return "diverged";
  if (loss >= 100) return Math.round(loss).toLocaleString("en-US");
  return loss.toFixed(loss >= 0.1 ? 2 : 3);
}

/**
 * Python's own number beside the browser's, or where it stays; as HTML.
 * @param {Entrant} entrant
 * @param {Fit | undefined} fit none where the learner is switched off
 * @param {{ steps: number, answer: Answer | undefined, isHeld: boolean, isAwaited: boolean }} python
 *   answer: of this very task; isHeld: the visitor has changed something that is not reported; isAwaited: Python will answer
 */
export function pythonSays(entrant, fit, { steps, answer, isHeld, isAwaited }) {
  if (!fit) return "switched off";
  const own = entrant.inner_lr ? ` at α = ${spellNumber(entrant.inner_lr)}` : "";
  if (!entrant.weights && isHeld && !answer) return "answers when you let go";
  if (!answer) return isAwaited ? `JAX …${own}` : own;
  if (!entrant.weights) return `computed by JAX${own}`;
  const [theirs, ours] = [answer.losses[steps], fit.losses[steps]];
  const agree = Math.abs(theirs - ours) <= 1e-3 * (1 + theirs) || spellLoss(theirs) === spellLoss(ours);
  const verdict = agree
    ? '<span class="ok">✓<span class="word"> confirmed by</span></span>'
    : '<span class="off">≠<span class="word"> differs from</span></span>';
  return `${verdict} JAX: ${spellLoss(theirs)}${own}`;
}

export class Cards {
  #laid = "";

  /** @param {Bench} bench */
  constructor(bench) {
    this.bench = bench;
    this.place = find(bench.root, ".cards", HTMLElement);
  }

  /**
   * New cards where other learners meet.
   * @param {Entrant[]} entrants
   */
  lay(entrants) {
    const laid = JSON.stringify(entrants);
    if (laid === this.#laid) return;
    this.#laid = laid;
    this.place.replaceChildren(...entrants.map((entrant) => this.#card(entrant)));
  }

  /** @param {Entrant} entrant */
  #card({ name, label, colour }) {
    const { bench } = this;
    const card = Object.assign(document.createElement("div"), { className: "card" });
    card.style.setProperty("--colour", colour);
    card.innerHTML = `<label class="switch"><input type="checkbox"></label><button type="button" class="name"></button>
      <div class="loss"></div><div class="jax"></div>`;
    const box = find(card, "input", HTMLInputElement);
    box.setAttribute("aria-label", `Show ${label}`);
    box.onchange = () => bench.show(showLearner(bench.scene, name, box.checked));
    const onclick = () => bench.show({ ...showLearner(bench.scene, name, true), focus: name });
    Object.assign(find(card, ".name", HTMLButtonElement), { textContent: label, title: "Draw each of its steps", onclick });
    find(card, ".loss", HTMLElement).title = "Mean squared error over the whole wave, before and after the steps";
    find(card, ".jax", HTMLElement).title =
      "The same, computed by the engine in Python with JAX; the number above is your browser's";
    return card;
  }

  /** @param {View} view */
  write({ scene, data, fits, focus }) {
    const { isAnswered, answers, reports } = this.bench.protocol;
    const isAwaited = data.answers !== null || reports.isHeld;
    [...this.place.querySelectorAll(".card")].forEach((card, index) => {
      const entrant = data.entrants[index];
      const fit = fits.get(entrant.name);
      card.classList.toggle("focus", entrant === focus);
      card.classList.toggle("off", !fit);
      card.classList.toggle("own-rate", Boolean(entrant.inner_lr));
      find(card, "input", HTMLInputElement).checked = Boolean(fit);
      find(card, ".name", HTMLButtonElement).setAttribute("aria-pressed", String(entrant === focus));
      const [before, after] = [fit?.losses[0], fit?.losses[scene.steps]];
      const isKnown = before !== undefined && after !== undefined;
      const loss = isKnown ? `${spellLoss(before)} <span class="arrow">→</span> ${spellLoss(after)}` : "–";
      setHtml(find(card, ".loss", HTMLElement), loss);
      const answer = isAnswered ? answers.get(entrant.name) : undefined;
      const python = { steps: scene.steps, answer, isHeld: reports.isHeld, isAwaited };
      setHtml(find(card, ".jax", HTMLElement), pythonSays(entrant, fit, python));
    });
  }

  /** The learner in focus, as its card says it. */
  focused() {
    const card = find(this.place, ".card.focus", HTMLElement);
    return {
      label: find(card, ".name", HTMLElement).textContent ?? "",
      error: find(card, ".loss", HTMLElement).textContent ?? "",
    };
  }
}

/**
 * @param {Element} element
 * @param {string} content
 */
function setHtml(element, content) {
  if (element.innerHTML !== content) element.innerHTML = content;
}
