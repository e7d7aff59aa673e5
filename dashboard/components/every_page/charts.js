// @ts-check
// Streamlit draws the charts that come together in one go, and the first is seen when the last is drawn. Here each waits for
// the frame in which the one before is painted, and those out of sight until nothing else is to be done; a chart that is there
// already is redrawn at once. Streamlit leaves Plotly on the window, which it does not promise; where it does not, all is as it
// was.

/** @typedef {Element & { _fullLayout?: object }} Plot */
/** @typedef {{ react?: (plot: Plot, ...content: unknown[]) => unknown }} Plotly */
/** @typedef {{ plot: Plot, draw: () => void }} Waiting */

const IDLE_WITHIN = 500; // milliseconds

/** @type {Waiting[]} */
const waiting = [];
let isDrawing = false;

/** @returns {Promise<void>} */
const painted = () =>
  new Promise((go) => {
    requestAnimationFrame(() => setTimeout(go));
    setTimeout(go, 100); // a tab that is not looked at has no frames
  });

/** @returns {Promise<void>} */
const idle = () =>
  new Promise((go) => {
    if ("requestIdleCallback" in window) requestIdleCallback(() => go(), { timeout: IDLE_WITHIN });
    else setTimeout(go, IDLE_WITHIN / 10); // Safari
  });

/** @param {Waiting} one */
function isInSight({ plot }) {
  const { top, bottom } = plot.getBoundingClientRect();
  return bottom > 0 && top < window.innerHeight;
}

async function drawInTurn() {
  isDrawing = true;
  await null; // for those that come with the first
  while (waiting.length) {
    if (!waiting.some(isInSight)) await idle();
    const [{ draw }] = waiting.splice(Math.max(0, waiting.findIndex(isInSight)), 1);
    draw();
    await painted();
  }
  isDrawing = false;
}

/** @param {Plotly} plotly */
function inTurn(plotly) {
  const { react } = plotly;
  if (typeof react !== "function") return;
  plotly.react = (plot, ...content) => {
    if (plot._fullLayout) return react(plot, ...content);
    const draw = async () => (plot.isConnected ? react(plot, ...content) : plot); // whose error is not the next one's
    const drawn = new Promise((resolve) => {
      waiting.push({ plot, draw: () => resolve(draw()) });
    });
    if (!isDrawing) drawInTurn();
    return drawn;
  };
}

Object.defineProperty(window, "Plotly", {
  configurable: true,
  get: () => undefined,
  set: (plotly) => {
    Object.defineProperty(window, "Plotly", { value: plotly, configurable: true, writable: true });
    if (plotly) inTurn(plotly);
  },
});
