// @ts-check
// Each method by itself: plain gradient steps from theta, a few at every frame.

import { outerStep } from "./landscape.js";

/** @import { Method } from "./landscape.js" */
/** @import { Data } from "./protocol.js" */
/** @import { Scene } from "./scene.js" */
/** @import { Vector } from "./vectors.js" */

/** @typedef {{ method: Method, path: Vector[] }[]} Trails */

const STEPS_A_FRAME = 2;

/**
 * The trails, each one step longer.
 * @param {Trails} trails
 * @param {Scene} scene
 * @param {Data} data
 * @returns {Trails}
 */
export function extended(trails, scene, { meta_lr, longest_step }) {
  return trails.map(({ method, path }) => {
    const next = outerStep(scene, path[path.length - 1], method, { metaLr: meta_lr, longest: longest_step });
    return { method, path: [...path, next] };
  });
}

export class Descent {
  /** @type {Trails | null} what is drawn; it stays until something is changed */
  trails = null;
  #frame = 0;

  get isRunning() {
    return this.#frame !== 0;
  }

  /**
   * @param {Scene} scene
   * @param {Data} data
   * @param {{ onFrame: () => void, onEnd: (trails: Trails) => void }} callbacks
   */
  start(scene, data, { onFrame, onEnd }) {
    this.stop();
    let trails = scene.shown.map((method) => ({ method, path: [scene.theta] }));
    const hasArrived = () => !trails.length || trails[0].path.length > data.descent_steps;
    /** @param {number} steps */
    const go = (steps) => {
      for (let step = 0; step < steps && !hasArrived(); step++) trails = extended(trails, scene, data);
      this.trails = trails;
      if (hasArrived()) {
        this.#frame = 0;
        onEnd(trails);
        return;
      }
      if (steps) onFrame();
      this.#frame = requestAnimationFrame(() => go(STEPS_A_FRAME));
    };
    go(window.matchMedia("(prefers-reduced-motion: reduce)").matches ? Number.POSITIVE_INFINITY : 0);
  }

  stop() {
    cancelAnimationFrame(this.#frame);
    this.#frame = 0;
  }

  clear() {
    this.stop();
    this.trails = null;
  }
}
