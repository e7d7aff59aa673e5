// @ts-check
// Streamlit draws the charts that come together in one go, and the first is seen when the last is drawn. Here each waits for
// the frame in which the one before is painted; a chart that is there already is redrawn at once. Streamlit leaves Plotly on
// the window, which it does not promise; where it does not, all is as it was.

/** @typedef {Element & { _fullLayout?: object }} Plot */
/** @typedef {{ react?: (plot: Plot, ...content: unknown[]) => unknown }} Plotly */

let turn = Promise.resolve();

/** @returns {Promise<void>} */
const painted = () =>
  new Promise((go) => {
    requestAnimationFrame(() => setTimeout(go));
    setTimeout(go, 100); // a tab that is not looked at has no frames
  });

/** @param {Plotly} plotly */
function inTurn(plotly) {
  const { react } = plotly;
  if (typeof react !== "function") return;
  plotly.react = (plot, ...content) => {
    if (plot._fullLayout) return react(plot, ...content);
    const drawn = turn.then(() => (plot.isConnected ? react(plot, ...content) : plot));
    turn = turn.then(painted);
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
