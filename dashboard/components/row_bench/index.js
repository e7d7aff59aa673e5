// @ts-check
// Known rows as handles; what the visitor leaves goes to Python, whose prediction comes back.

import { drawAxes, pathOf, Scale } from "../shared/chart.js";
import { find, focused, svg } from "../shared/elements.js";
import { arrowOf } from "../shared/keys.js";
import { clamp, counted, spellNumber } from "../shared/numbers.js";
import { followSize } from "../shared/paper.js";
import { download, fileOf, sheetOf } from "../shared/sheet.js";

/** @import { Call } from "../shared/mount.js" */
/** @import { Words } from "../shared/sheet.js" */

/**
 * @typedef {object} Data
 * @property {[number, number][]} points
 * @property {(number | null)[][]} curve x, mean, low, high of the prediction
 * @property {[number, number]} x_range
 * @property {[number, number]} y_range
 * @property {[string, string]} titles
 * @property {number} most points there may be
 * @property {Record<string, string>} colours
 */

const HEIGHT = 320; // pixels, as in the style sheet
const REST = 300; // milliseconds without a key after which Python is told
const KEYS = 50; // arrow keys from one end of an axis to the other

/** @type {WeakMap<Element, () => void>} what ends the picture that a stage shows */
const ends = new WeakMap();

/**
 * A point within the axes, in as many figures as a table has.
 * @param {[number, number]} point
 * @param {Data} data
 */
export function within([x, y], { x_range, y_range }) {
  return shortened([clamp(x, x_range), clamp(y, y_range)]);
}

/**
 * @param {[number, number]} point
 * @returns {[number, number]}
 */
const shortened = ([x, y]) => [Number(x.toPrecision(6)), Number(y.toPrecision(6))];

/**
 * What the picture shows, and what each mark in it is.
 * @param {Data} data
 * @param {number} count of known rows
 * @returns {Words}
 */
export function wordsOf({ titles, colours }, count) {
  return {
    title: `${titles[1]} against ${titles[0]}, for a new task`,
    subtitle: `Predicted from ${counted(count, "known row")} of it.`,
    legend: [
      { label: "known rows", colour: colours.point, mark: "dot" },
      { label: "prediction; shaded: its interval", colour: colours.line, mark: "line" },
    ],
  };
}

/** @param {Call<Data>} call */
export default function ({ data, parentElement, setStateValue }) {
  const stage = find(parentElement, ".stage", HTMLElement);
  const picture = find(stage, ".picture", SVGSVGElement);
  const { x_range, y_range, titles } = data;
  const middle = (y_range[0] + y_range[1]) / 2;
  /** @type {[number, number][]} */
  const points = data.points.map(([x, y]) => [x, y]);
  /** @type {Scale} */
  let scale;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let later;
  const send = () => setStateValue("points", structuredClone(points));

  // The same stage is drawn anew with every answer; whoever moved a handle by keys keeps hold of it.
  ends.get(stage)?.();
  const old = [...stage.querySelectorAll(".handle")];
  const active = focused(stage);
  const held = old.findIndex((handle) => handle.isSameNode(active));
  for (const handle of old) handle.remove();
  const handles = points.map((_, index) => handleOf(index));
  stage.append(...handles);

  function draw() {
    scale = new Scale(stage.clientWidth || 400, HEIGHT, x_range, (y_range[1] - y_range[0]) / 2, middle);
    const axes = svg("g");
    drawAxes(axes, scale, titles);
    const [xs, mean, low, high] = data.curve.map((part) => part.map((value) => value ?? Number.NaN));
    const band = pathOf([...xs, ...xs.toReversed()], [...high, ...low.toReversed()], scale);
    const { line } = data.colours;
    picture.replaceChildren(
      axes,
      svg("path", { d: band, fill: line, "fill-opacity": 0.15 }),
      svg("path", { d: pathOf(xs, mean, scale), fill: "none", stroke: line, "stroke-width": 2.5 }),
    );
    handles.forEach(place);
  }

  /**
   * @param {HTMLElement} handle
   * @param {number} index
   */
  function place(handle, index) {
    const [x, y] = points[index];
    handle.style.transform = `translate(${scale.px(x)}px, ${scale.py(y)}px)`;
    const label = `Known row ${index + 1}: ${titles[0]} ${spellNumber(x)}, ${titles[1]} ${spellNumber(y)}`;
    handle.setAttribute("aria-label", label);
  }

  /**
   * Where the pointer is, in units of the axes.
   * @param {MouseEvent} event
   * @returns {[number, number]}
   */
  function at(event) {
    const box = stage.getBoundingClientRect();
    return [scale.x(event.clientX - box.left), scale.y(event.clientY - box.top)];
  }

  /** @param {number} index */
  function handleOf(index) {
    const handle = Object.assign(document.createElement("button"), { className: "handle" });
    let hasMoved = false;
    /** @param {[number, number]} point */
    const move = (point) => {
      points[index] = within(point, data);
      place(handle, index);
    };
    handle.onpointerdown = (event) => handle.setPointerCapture(event.pointerId);
    handle.onpointermove = (event) => {
      if (!handle.hasPointerCapture(event.pointerId)) return;
      move(at(event));
      hasMoved = true;
    };
    handle.onpointerup = () => {
      if (hasMoved) send();
    };
    handle.onkeydown = (event) => {
      if (event.key === "Delete" && points.length > 1) {
        points.splice(index, 1);
        send();
        return;
      }
      const arrow = arrowOf(event.key);
      if (!arrow) return;
      event.preventDefault();
      const [x, y] = points[index];
      move([x + (arrow[0] * (x_range[1] - x_range[0])) / KEYS, y + (arrow[1] * (y_range[1] - y_range[0])) / KEYS]);
      clearTimeout(later);
      later = setTimeout(send, REST);
    };
    return handle;
  }

  /** @param {[number, number]} point */
  function add(point) {
    if (points.length >= data.most) return;
    points.push(shortened(point));
    send();
  }

  /** @param {"svg" | "png"} kind */
  async function save(kind) {
    const sheet = sheetOf(picture, [scale.width, HEIGHT], wordsOf(data, points.length), (copy) => {
      for (const [x, y] of points)
        copy.append(svg("circle", { cx: scale.px(x), cy: scale.py(y), r: 7, fill: data.colours.point }));
    });
    download(await fileOf(sheet, kind), `row_bench.${kind}`);
  }

  for (const kind of /** @type {const} */ (["svg", "png"])) {
    find(parentElement, `[data-save=${kind}]`, HTMLButtonElement).onclick = () => save(kind);
  }
  const button = find(parentElement, ".add", HTMLButtonElement);
  find(parentElement, ".below", HTMLElement).inert = false; // from here on a press does something
  button.onclick = () => add([(x_range[0] + x_range[1]) / 2, middle]);
  stage.ondblclick = (event) => add(within(at(event), data));
  for (const [name, colour] of Object.entries(data.colours)) stage.style.setProperty(`--${name}`, colour);
  const stopFollowing = followSize(stage, draw);
  draw();
  handles[Math.min(held, points.length - 1)]?.focus({ preventScroll: true });
  const end = () => {
    stopFollowing();
    clearTimeout(later);
  };
  ends.set(stage, end);
  return end;
}
