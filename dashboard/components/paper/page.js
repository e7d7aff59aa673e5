// @ts-check
// A page that is printed: laid out for the paper before the browser paints it. All is done at once, since nothing that waits
// for a frame, as observers and Streamlit do, comes in time.

import { PAPER } from "../shared/paper.js";

/** @typedef {{ width: number, height: number }} Size pixels */
/** @typedef {Element & { _fullLayout?: Size, emit: (...event: unknown[]) => void }} Plot */
/** @typedef {{ Plotly?: { relayout?: (plot: Plot, size: Partial<Size>) => void } }} Streamlits */

const FILLED = '[data-testid="stExpanderDetails"] [data-testid="stElementContainer"]';
const TABLE = '[data-testid="stDataFrame"]';
const { documentElement } = document;
/** @type {HTMLDetailsElement[]} what was closed on the screen */
let closed = [];
/** @type {Map<Plot, Size>} as on the screen */
const sizes = new Map();

/** @param {boolean} isPaper */
function lay(isPaper) {
  if (documentElement.classList.contains("paper") === isPaper) return;
  const app = document.querySelector(".stApp");
  documentElement.classList.toggle("from-dark", isPaper && app !== null && getComputedStyle(app).colorScheme === "dark");
  for (const name of ["paper", "on-white"]) documentElement.classList.toggle(name, isPaper);
  openOrClose(isPaper);
  if (isPaper) fitPlots();
  else restorePlots();
  fitTables(isPaper);
  window.dispatchEvent(new CustomEvent(PAPER, { detail: isPaper }));
}

/**
 * What is folded away and already here; not where a table is, which is drawn when it is seen, and that is too late.
 * @param {boolean} isPaper
 */
function openOrClose(isPaper) {
  if (isPaper) {
    closed = [...document.querySelectorAll("details")].filter(
      (details) => !details.open && details.querySelector(FILLED) && !details.querySelector(TABLE),
    );
  }
  for (const details of closed) details.open = isPaper;
}

function fitPlots() {
  /** @type {NodeListOf<Plot>} */
  const plots = document.querySelectorAll(".js-plotly-plot");
  for (const plot of plots) {
    const width = plot.closest('[data-testid="stPlotlyChart"]')?.clientWidth;
    if (!width || !plot._fullLayout) continue;
    sizes.set(plot, { width: plot._fullLayout.width, height: plot._fullLayout.height });
    resize(plot, { width });
  }
}

function restorePlots() {
  for (const [plot, size] of sizes) if (plot.isConnected) resize(plot, size);
  sizes.clear();
}

/**
 * Streamlit hears nothing of it: it would draw the chart anew, as wide as it was.
 * @param {Plot} plot
 * @param {Partial<Size>} size
 */
function resize(plot, size) {
  const { Plotly } = /** @type {Streamlits} */ (/** @type {unknown} */ (window));
  const { emit } = plot;
  plot.emit = () => {};
  try {
    Plotly?.relayout?.(plot, size);
  } finally {
    plot.emit = emit;
  }
}

/**
 * A table is a canvas, which nothing lays out anew in time: it is made smaller where it is too wide.
 * @param {boolean} isPaper
 */
function fitTables(isPaper) {
  /** @type {NodeListOf<HTMLElement>} */
  const tables = document.querySelectorAll(TABLE);
  for (const table of tables) {
    table.style.removeProperty("zoom");
    const room = table.parentElement?.clientWidth;
    const canvas = table.querySelector("canvas");
    if (isPaper && room && canvas && canvas.offsetWidth > room)
      table.style.setProperty("zoom", String(room / canvas.offsetWidth));
  }
}

let isPrinting = false; // in between Chromium tells of the medium more than once
for (const event of ["beforeprint", "afterprint"]) {
  window.addEventListener(event, () => {
    isPrinting = event === "beforeprint";
    lay(isPrinting);
  });
}
window.matchMedia("print").addEventListener("change", ({ matches }) => isPrinting || lay(matches));
