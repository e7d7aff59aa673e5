// @ts-check
// What lies on the ground, as SVG: each task's path, the optima, the methods' arrows and trails.

import { setAttributes, svg } from "../shared/elements.js";
import { clamp } from "../shared/numbers.js";
import { proximalSolution } from "./landscape.js";
import { drawn } from "./marks.js";
import { norm, scale } from "./vectors.js";
import { MARGIN } from "./viewport.js";

/** @import { View } from "./index.js" */
/** @import { Method } from "./landscape.js" */
/** @import { Vector } from "./vectors.js" */

const FAR = 1e4; // beyond it a path that diverges is not drawn
const DASHES = "7 4";
const LABEL = 175; // pixels that the longest label takes, with its distance
const SAME = 14; // pixels between two optima that have one label
const LENGTH = 0.26; // of the longest arrow, as a share of the picture
const RIM = 13; // pixels from theta's middle to where arrows begin
const APART = 5; // pixels between arrows of one direction: those that agree do not hide each other

export class Front {
  /** @param {SVGSVGElement} picture */
  constructor(picture) {
    const clipped = { "clip-path": "url(#inside)" };
    this.clip = svg("rect");
    this.floor = svg("rect", { fill: "transparent" });
    this.paths = svg("g", clipped);
    this.trails = svg("g", clipped);
    this.arrows = svg("g", clipped);
    this.ends = svg("g", clipped);
    this.optima = svg("g");
    picture.append(svg("clipPath", { id: "inside" }, this.clip), this.floor);
    picture.append(this.paths, this.trails, this.arrows, this.ends, this.optima);
  }

  /** @param {View} view */
  draw(view) {
    const { span, height } = view.viewport;
    for (const each of [this.floor, this.clip]) setAttributes(each, { x: MARGIN.left, y: MARGIN.top, width: span, height });
    this.paths.replaceChildren(...view.paths.flatMap((path, index) => [...pathParts(view, path), ...solution(view, index)]));
    this.ends.replaceChildren(...view.paths.flatMap((path) => endOf(view, path)));
    this.optima.replaceChildren(...optimaParts(view));
    this.trails.replaceChildren(...trailParts(view));
    const arrows = view.scene.shown.map((method) => arrowParts(view, method));
    this.arrows.replaceChildren(...arrows.flatMap(([halo]) => halo ?? []), ...arrows.flatMap(([, ...parts]) => parts));
  }
}

/**
 * Around what lies on the ground, so that it stands out.
 * @param {View} view
 */
const rim = ({ theme }) => ({ stroke: theme.background, "stroke-width": 1.5 });

/**
 * @param {View} view
 * @param {Vector[]} points
 * @param {Record<string, string | number>} attributes
 */
function polyline({ viewport }, points, attributes) {
  const places = points.map((point) => viewport.toScreen(point).join(","));
  return svg("polyline", { points: places.join(" "), fill: "none", ...attributes });
}

/**
 * A task's steps: a line, and a dot for each.
 * @param {View} view
 * @param {Vector[]} path
 */
function pathParts(view, path) {
  const inside = insideOf(path);
  return [
    polyline(view, inside, { stroke: view.data.colours.after, "stroke-width": 2, "stroke-opacity": 0.9 }),
    ...inside.slice(1, -1).map((point) => dot(view, point, { r: 2.5 })),
  ];
}

/**
 * Where a task's steps end: a larger dot, above the arrows, which often go the same way.
 * @param {View} view
 * @param {Vector[]} path
 */
function endOf(view, path) {
  const inside = insideOf(path);
  return inside.length > 1 ? [dot(view, inside[inside.length - 1], { r: 5, ...rim(view) })] : [];
}

/** @param {Vector[]} path */
const insideOf = (path) => path.filter((point) => point.every((value) => Math.abs(value) < FAR));

/**
 * @param {View} view
 * @param {Vector} point
 * @param {Record<string, string | number>} attributes
 */
function dot(view, point, attributes) {
  const [cx, cy] = view.viewport.toScreen(point);
  return svg("circle", { cx, cy, fill: view.data.colours.after, ...attributes });
}

/**
 * Where iMAML adapts a task to, if it is shown.
 * @param {View} view
 * @param {number} index
 */
function solution(view, index) {
  if (!drawn(view).solution) return [];
  const { scene, data, viewport } = view;
  const [cx, cy] = viewport.toScreen(proximalSolution(scene, scene.theta, scene.tasks[index]));
  const turned = { transform: `rotate(45 ${cx} ${cy})`, fill: data.methods.imaml.colour };
  return [svg("rect", { x: cx - 4, y: cy - 4, width: 8, height: 8, ...turned })];
}

/**
 * How long a method's arrow is, as a share of the longest there may be: by the square root of its norm, so that norms that
 * differ forty times are both to be seen.
 * @param {Pick<View, "scene" | "data" | "directions">} view
 * @param {Method} method
 */
export function arrowLength({ scene, data, directions }, method) {
  const norms = scene.shown.map((each) => norm(directions[each])).filter(Number.isFinite);
  const size = norm(directions[method]);
  return Number.isFinite(size) ? Math.sqrt(size / Math.max(data.steepness, ...norms)) : 0;
}

/**
 * A method's arrow, from theta's rim: what is around it, which lies below all others, then itself.
 * @param {View} view
 * @param {Method} method
 */
function arrowParts(view, method) {
  const { data, scene, theme, viewport, directions } = view;
  const { colour, dash } = data.methods[method];
  const length = LENGTH * viewport.span * arrowLength(view, method);
  if (!(length > 1)) return [];
  const [ux, uy] = scale([-directions[method][0], directions[method][1]], 1 / norm(directions[method])); // on the screen
  const methods = Object.keys(data.methods);
  const aside = APART * (methods.indexOf(method) - (methods.length - 1) / 2);
  const [x, y] = viewport.toScreen(scene.theta);
  /** @type {(along: number, across: number) => [number, number]} */
  const place = (along, across) => [x + along * ux - (aside + across) * uy, y + along * uy + (aside + across) * ux];
  const end = RIM + length;
  const head = [place(end + 4, 0), place(end - 9, 5.5), place(end - 9, -5.5)].join(" ");
  const [[x1, y1], [x2, y2]] = [place(RIM, 0), place(Math.max(RIM, end - 7), 0)];
  const line = { x1, y1, x2, y2 };
  return [
    svg("line", { ...line, stroke: theme.background, "stroke-width": 7, "stroke-opacity": 0.75 }),
    svg("line", { ...line, stroke: colour, "stroke-width": 3.5, "stroke-dasharray": dash ? DASHES : "none" }),
    svg("polygon", { points: head, fill: colour, stroke: theme.background, "stroke-width": 1 }),
  ];
}

/**
 * The bottom of the loss before adapting, a square, and after it, a star, with their labels.
 * @param {View} view
 */
function optimaParts(view) {
  const { data, scene, theme, viewport, survey } = view;
  /** @type {(text: string, place: [number, number]) => SVGTextElement} */
  const label = (text, [x, y]) => {
    if (x + LABEL < viewport.size) return svg("text", { x: x + 12, y: y + 4 }, text);
    if (x - LABEL > MARGIN.left) return svg("text", { x: x - 12, y: y + 4, "text-anchor": "end" }, text);
    const middle = clamp(x, [MARGIN.left + LABEL / 2, viewport.size - LABEL / 2]);
    return svg("text", { x: middle, y: y - 15, "text-anchor": "middle" }, text); // on a phone there is no room beside it
  };
  const marks = drawn(view);
  const joint = viewport.toScreen(survey.joint.theta);
  const best = viewport.toScreen(survey.best.theta);
  const isNear = scene.inner_steps === 0 || Math.hypot(joint[0] - best[0], joint[1] - best[1]) < SAME;
  const isSame = marks.best && marks.joint && isNear;
  const box = { x: joint[0] - 6, y: joint[1] - 6, width: 12, height: 12 };
  const square = svg("rect", { ...box, fill: theme.background, stroke: data.colours.joint, "stroke-width": 2.5 });
  const words = survey.best.is_flat ? "joint optimum; the meta-loss is flat" : "joint optimum";
  const parts = !marks.joint ? [] : isSame ? [square] : [square, label(words, joint)];
  if (!marks.best) return parts;
  const star = Array.from({ length: 10 }, (_, index) => {
    const angle = (Math.PI * index) / 5 - Math.PI / 2;
    const radius = index % 2 ? 4.5 : 10;
    return `${best[0] + radius * Math.cos(angle)},${best[1] + radius * Math.sin(angle)}`;
  });
  const shape = svg("polygon", { points: star.join(" "), fill: data.methods.maml.colour, ...rim(view) });
  return [...parts, shape, label(isSame ? "meta- and joint optimum" : "meta-optimum", best)];
}

/**
 * The methods' descents, with where each has come to.
 * @param {View} view
 */
function trailParts(view) {
  const { data, theme, trails, viewport } = view;
  return (trails ?? []).flatMap(({ method, path }) => {
    const { colour, dash } = data.methods[method];
    const [cx, cy] = viewport.toScreen(path[path.length - 1]);
    return [
      polyline(view, path, { stroke: theme.background, "stroke-width": 6, "stroke-opacity": 0.7 }),
      polyline(view, path, { stroke: colour, "stroke-width": 3, "stroke-dasharray": dash ? DASHES : "none" }),
      svg("circle", { cx, cy, r: 6, fill: colour, ...rim(view) }),
    ];
  });
}
