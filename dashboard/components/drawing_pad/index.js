// @ts-check
// The drawing pad: its parts put together. What is drawn is a value; hands and keys change it, a learner adapts to it here in the
// browser, a frame shows both, and Python hears of it when the pen has rested.

import { find } from "../shared/elements.js";
import { mounted } from "../shared/mount.js";
import { Reports } from "../shared/reports.js";
import { Adapter } from "./adapter.js";
import { checked, drawingAt, erased, MAX_SHOTS, QUERY, renamed, withDrawing, withoutDrawings, withWays } from "./drawings.js";
import { EXAMPLE } from "./example.js";
import { Face } from "./face.js";
import { held, keep, learnerOf } from "./learners.js";
import { Pad, REACH } from "./pad.js";
import { Sheet } from "./sheet.js";
import { load, save } from "./storage.js";
import { heldBackWords, placeWords, verdictWords } from "./words.js";

/** @import { SetStateValue } from "../shared/mount.js" */
/** @import { Subject } from "./adapter.js" */
/** @import { Weights } from "./adapting.js" */
/** @import { Drawings, Place } from "./drawings.js" */

/**
 * @typedef {object} Data
 * @property {Subject} learner
 * @property {Weights | null} weights of the learner, where they are not here yet
 * @property {number} seen number of the last report that Python has had
 * @property {{ id: string, drawings: unknown } | null} given drawings that the visitor has brought back
 * @property {Record<string, string>} colours
 */

const SLOW_FRAME = 16; // milliseconds after which the steps that no bar shows are left out while a pen is down

export class Board {
  reports = new Reports("drawn");
  /** @type {Data | undefined} */
  data;
  /** @type {SetStateValue | undefined} */
  tell;
  #taken = "";
  #scheduled = 0;
  #isSlow = false; // whether a ranking of all steps takes longer than a frame
  #isNew = false; // something has changed that is to be said when it is ranked
  #step = Infinity; // the one that the bars show; beyond the last it is the last
  #first = MAX_SHOTS; // drawings of each class that are learned from

  /** @param {ParentNode} parent */
  constructor(parent) {
    const root = find(parent, ".board", HTMLElement);
    this.root = root;
    const stored = load();
    this.#taken = stored?.taken ?? "";
    this.#first = stored?.first ?? MAX_SHOTS;
    this.sheet = new Sheet(stored?.drawings ?? EXAMPLE);
    this.isStored = stored !== null;
    this.adapter = new Adapter(() => this.schedule());
    this.pad = new Pad(find(root, "canvas.pad", HTMLCanvasElement), {
      moved: () => this.#hold(),
      drawn: (stroke) => this.#change(this.sheet.withStroke(stroke)),
      erase: (at) => {
        this.sheet.erase((all) => erased(all, this.sheet.chosen, at, REACH));
        this.#hold();
      },
      erased: () => this.sheet.lift() && this.#changed(),
      pressed: (key, event) => this.#pressed(key, event),
    });
    this.face = new Face(root, {
      choose: (place) => this.choose(place),
      clear: (way) => this.#change(withoutDrawings(this.sheet.all, way)),
      rename: (way, name) => this.#change(renamed(this.sheet.all, way, name)),
      show: (step) => {
        this.#step = step === this.adapter.steps ? Infinity : step;
        this.schedule();
      },
      learnFrom: (first) => {
        this.#first = first;
        this.#changed();
      },
    });
    root.onpointerleave = () => this.reports.flush(); // towards a button of Python's, which is to have heard
    const presses = {
      next: () => this.next(),
      undo: () => this.undo(),
      eraser: () => this.#erase(),
      empty: () => this.#empty(),
      more: () => this.#change(withWays(this.sheet.all, this.sheet.all.classes.length + 1)),
      fewer: () => this.#change(withWays(this.sheet.all, this.sheet.all.classes.length - 1)),
      all: () => this.#clearAll(),
    };
    for (const [name, press] of Object.entries(presses)) {
      find(root, `.tools .${name}`, HTMLButtonElement).onclick = press;
    }
  }

  /**
   * @param {Data} data
   * @param {SetStateValue} tell
   */
  receive(data, tell) {
    this.data = data;
    this.tell = tell;
    for (const [name, colour] of Object.entries(data.colours)) this.root.style.setProperty(`--${name}`, colour);
    keep(data.weights);
    this.reports.isNews(data.seen);
    const given = data.given?.id !== this.#taken ? checked(data.given?.drawings) : null;
    if (given) {
      this.#taken = String(data.given?.id);
      this.sheet.set(given);
      this.#changed();
    } else if (this.isStored || (data.learner.digest && !learnerOf(data.learner.digest))) {
      this.#report(); // of what was drawn at an earlier visit; or Python takes weights to be here that a page has lost
    }
    this.isStored = false;
    this.root.inert = false; // until here its buttons did nothing
    this.face.forget(); // the theme may be another
    this.frame();
  }

  end() {
    this.pad.stop();
    this.adapter.end();
    this.reports.flush();
    cancelAnimationFrame(this.#scheduled);
  }

  // What changes the drawings.

  /** Something is in the visitor's hand. */
  #hold() {
    this.reports.hold();
    this.schedule();
  }

  /** @param {Drawings} all */
  #change(all) {
    if (this.sheet.set(all)) this.#changed();
    else this.schedule();
  }

  #changed() {
    save({ drawings: this.sheet.all, taken: this.#taken, first: this.#first });
    this.#report();
    this.schedule();
    this.#isNew = true;
  }

  #report() {
    this.reports.whenKeysRest(() => {
      this.reports.send(/** @type {SetStateValue} */ (this.tell), { drawings: this.sheet.all, holds: held() });
    });
  }

  undo() {
    this.pad.drop();
    if (this.sheet.undo()) this.#changed();
  }

  next() {
    if (this.sheet.next()) this.#changed();
    this.#say(`Drawing ${placeWords(this.sheet.all, this.sheet.chosen)}.`);
    this.schedule();
  }

  #empty() {
    this.pad.drop();
    this.#change(withDrawing(this.sheet.all, this.sheet.chosen, []));
  }

  #clearAll() {
    this.pad.drop();
    this.sheet.clear();
    this.#changed();
  }

  #erase() {
    this.pad.isErasing = !this.pad.isErasing;
    this.schedule();
  }

  /** @param {Place} place */
  choose(place) {
    this.pad.drop();
    this.sheet.choose(place);
    this.#say(`Drawing ${placeWords(this.sheet.all, this.sheet.chosen)}.`);
    this.schedule();
  }

  /**
   * @param {string} key
   * @param {KeyboardEvent} event
   */
  #pressed(key, event) {
    if ((event.ctrlKey || event.metaKey) && key.toLowerCase() === "z") this.undo();
    else if (event.ctrlKey || event.metaKey || event.altKey) return false;
    else if (key === "Delete") this.#empty();
    else if (key.toLowerCase() === "n") this.next();
    else if (key.toLowerCase() === "q") this.choose(QUERY);
    else if (key.toLowerCase() === "e") this.#erase();
    else if (/^[0-9]$/.test(key)) this.#chooseClass((Number(key) + 9) % 10);
    else return false;
    return true;
  }

  /** @param {number} way */
  #chooseClass(way) {
    const drawn = this.sheet.all.classes[way]?.drawings.length;
    if (drawn !== undefined) this.choose({ way, shot: Math.min(drawn, MAX_SHOTS - 1) });
  }

  // What is shown.

  schedule() {
    if (!this.#scheduled) this.#scheduled = requestAnimationFrame(() => this.frame());
  }

  /** One frame: ranks the question as it stands, the stroke in hand included, and shows all. */
  frame() {
    cancelAnimationFrame(this.#scheduled);
    this.#scheduled = 0;
    const { sheet, pad, face } = this;
    if (!this.root.isConnected || !this.data) return;
    const all = pad.stroke ? sheet.withStroke(pad.stroke) : sheet.all;
    const first = this.#first;
    const why = this.adapter.follow(this.data.learner, sheet.all, first);
    const { steps } = this.adapter;
    const step = Math.min(this.#step, steps);
    const begun = performance.now();
    const path = this.adapter.ranked(all, pad.isDown && this.#isSlow ? [0, step] : null);
    const milliseconds = performance.now() - begun; // of the ranking
    if (!pad.isDown || !this.#isSlow) this.#isSlow = milliseconds > SLOW_FRAME;
    const heldBack = this.adapter.heldBack(sheet.all, first, step);
    pad.drawing = pad.stroke ? drawingAt(all, sheet.chosen).slice(0, -1) : sheet.drawing;
    pad.draw();
    const { isBusy } = this.adapter;
    const { label: learner } = this.data.learner;
    face.write({ all, sheet, path, step, steps, first, heldBack, why, isBusy, isErasing: pad.isErasing, learner });
    if (this.#isNew && !isBusy && !pad.isDown) {
      this.#isNew = false;
      this.#say(`${verdictWords(all, { shares: path?.[step] ?? null, why, isBusy })} ${heldBackWords(heldBack, first)}`);
    }
    this.root.dispatchEvent(new CustomEvent("frame", { detail: { milliseconds, path, isBusy } }));
  }

  /** @param {string} sentence */
  #say(sentence) {
    find(this.root, ".live", HTMLElement).textContent = sentence;
  }
}

export default mounted((parent, /** @type {Data} */ _data) => new Board(parent));
