// @ts-check
// What a component reports to Python: once when a hand lets go, once when keys have rested. Reports are numbered, and Python says
// which it has seen: until it has seen the last one, and while the visitor holds something, what it says is of an earlier scene.

/** @import { SetStateValue } from "./mount.js" */

const REST = 350; // milliseconds without a key after which Python is told

export class Reports {
  number = 0; // of the last report
  isHeld = false; // the visitor has changed something that is not reported yet
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;
  /** @type {(() => void) | null} what waits for the keys to rest */
  #waiting = null;

  /** @param {string} name of the state that is reported */
  constructor(name) {
    this.name = name;
  }

  /**
   * Whether what Python says, having seen the report of number `seen`, holds here.
   * @param {number} seen
   */
  isNews(seen) {
    const isNews = seen >= this.number && !this.isHeld;
    this.number = Math.max(this.number, seen);
    return isNews;
  }

  /** Something is in the visitor's hand; what waited for the keys to rest is reported together with it. */
  hold() {
    this.#stopWaiting();
    this.isHeld = true;
  }

  /**
   * @param {SetStateValue} tell
   * @param {object} value
   */
  send(tell, value) {
    this.#stopWaiting();
    this.isHeld = false;
    this.number += 1;
    tell(this.name, { ...value, number: this.number });
  }

  /**
   * Calls `report`, which sends, when no key has been pressed for a while.
   * @param {() => void} report
   */
  whenKeysRest(report) {
    this.hold();
    this.#waiting = report;
    this.#timer = setTimeout(report, REST);
  }

  /** Reports at once what waits. */
  flush() {
    const waiting = this.#waiting;
    this.#stopWaiting();
    waiting?.();
  }

  /** Drops what waits. */
  drop() {
    this.#stopWaiting();
  }

  #stopWaiting() {
    clearTimeout(this.#timer);
    this.#waiting = null;
  }
}
