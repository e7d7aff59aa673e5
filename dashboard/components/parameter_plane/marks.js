// @ts-check
// Which marks are drawn: what the key below the picture and the words of a saved one name, and nothing else.

import { isUsed } from "../shared/parts.js";

/** @import { View } from "./index.js" */

/** @typedef {"best" | "joint" | "arrows" | "solution"} Mark the star, the square, the methods' arrows, iMAML's diamonds */

/**
 * @param {Pick<View, "data" | "scene" | "survey">} view
 * @returns {Record<Mark, boolean>}
 */
export function drawn({ data, scene: { shown }, survey }) {
  return {
    best: isUsed(data, "best") && !survey.best.is_flat,
    joint: isUsed(data, "joint"),
    arrows: shown.length > 0,
    solution: shown.includes("imaml"),
  };
}
