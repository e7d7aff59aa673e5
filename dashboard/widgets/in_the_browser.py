"""What every page has in the browser beside its widgets: scripts that run once a visit, and rules of style."""

STYLE = """<style>
/* Streamlit writes white on the primary colour. In the dark theme that colour is light, since it is also written with, and
   white could not be read on it. A button that cannot be pressed has no such ground. */
[data-testid^="stBaseButton-primary"]:not(:disabled), [data-testid="stMultiSelect"] [data-tag] {
  color: light-dark(#ffffff, #0e1116) !important;
}
/* Streamlit's smaller buttons are 28 to 36 pixels high, which a finger misses. */
@media (pointer: coarse) {
  :is([data-testid="stButtonGroup"], [data-testid="stPopover"], [data-testid="stSidebarNav"] li) :is(button, a),
  [data-testid="stPageLink"] a, [data-testid="stExpander"] summary { min-height: 44px; }
}
/* Nothing hovers on a touch screen, and Plotly's bar would stand on the legend for good; a double tap shows all again. */
@media (hover: none) {
  .modebar-container { display: none; }
}
@media (max-width: 640px) {
  [data-testid="stTable"] :is(th, td) { padding-inline: 0.25rem !important; }
}
</style>"""


# Streamlit pushes each address that Python asks for as a step to go back to, though nobody has gone anywhere, and takes what a
# page's widgets hold out of the address of that page before it goes to another: the first Back came to defaults, the second to
# the page as it was left. A visit is one step here, and its address stays as it was left.
ONE_STEP_A_VISIT = """<style>[data-testid="stElementContainer"]:has(#one-step-a-visit) {display: none}
[class*="st-key-_script_of_"] {display: none}  /* components/apart */
/* Streamlit's own Stop ends the page's script and not the run: where a run has one (widgets/job_view), it is the only one. */
body:has([class*="st-key-job_bar_"]) [data-testid="stStatusWidget"] button {display: none}
/* What a picture is of stands beside Save where there is room for it, and else below. */
[class*="_below_picture"] {flex-wrap: wrap; row-gap: 0; padding-bottom: 0.5rem}
[class*="_below_picture"] > :has([data-testid="stCaptionContainer"]) {flex: 1 1 18rem; min-width: min(100%, 18rem)}
[class*="_below_picture"] p {margin: 0}
/* The drawing pad comes late. It has the room of its smallest from the start, so that what stands below stays where it is. */
.st-key-_widget_pad {container-type: inline-size}
.st-key-_widget_pad > * {min-height: 617px}
@container (max-width: 700px) {.st-key-_widget_pad > * {min-height: 1180px}}</style>
<i id="one-step-a-visit"></i>
<script>
if (!window.mamlLabSteps) {
  window.mamlLabSteps = true;
  let left = "";
  const isHere = (url) => new URL(url, window.location.href).pathname === window.location.pathname;
  document.addEventListener("click", (event) => {
    const link = event.target instanceof Element && event.target.closest("a[href]");
    if (link && !isHere(link.href)) left = window.location.href;
  }, true);
  const push = window.history.pushState.bind(window.history);
  window.history.pushState = (state, unused, url) => {
    if (isHere(url ?? "")) return window.history.replaceState(state, unused, url);
    if (left && isHere(left)) {
      const there = new URL(left);
      if (!there.search) there.search = "v=1";  // components/address: what it does not hold is at its default
      window.history.replaceState(state, unused, there.href);
    }
    left = "";
    push(state, unused, url);
  };
}
</script>"""
# Streamlit draws the charts that come together in one go, and the first is seen when the last is drawn. Here each waits for the
# frame in which the one before is painted; a chart that is there already is redrawn at once. Streamlit leaves Plotly on the
# window, which it does not promise; where it does not, all is as it was.
ONE_CHART_A_FRAME = """<style>[data-testid="stElementContainer"]:has(#one-chart-a-frame) {display: none}</style>
<i id="one-chart-a-frame"></i>
<script>
if (!window.mamlLabTurns) {
  window.mamlLabTurns = true;
  let turn = Promise.resolve();
  const painted = () => new Promise((go) => {
    requestAnimationFrame(() => setTimeout(go));
    setTimeout(go, 100);  // a tab that is not looked at has no frames
  });
  const inTurn = (plotly) => {
    const react = plotly.react;
    plotly.react = (plot, ...content) => {
      if (plot._fullLayout) return react(plot, ...content);
      const drawn = turn.then(() => (plot.isConnected ? react(plot, ...content) : plot));
      turn = turn.then(painted);
      return drawn;
    };
  };
  const keep = (plotly) => Object.defineProperty(window, "Plotly", {value: plotly, configurable: true, writable: true});
  if (window.Plotly) inTurn(window.Plotly);
  else Object.defineProperty(window, "Plotly", {configurable: true, get: () => undefined, set: (plotly) => {
    keep(plotly);
    if (typeof plotly?.react === "function") inTurn(plotly);
  }});
}
</script>"""

# Plotly selects what the pointer has hovered over, and on a touch screen nothing hovers before it presses: a tap selected what
# was tapped before. Here it hovers first, and the mouse's events that a browser makes of a tap, a second click, do not come.
A_TAP_HOVERS = """<style>[data-testid="stElementContainer"]:has(#a-tap-hovers) {display: none}</style>
<i id="a-tap-hovers"></i>
<script>
if (!window.mamlLabTaps) {
  window.mamlLabTaps = true;
  let pressed = null;
  const layerOf = ({target}) => {
    const layer = target instanceof Element && target.closest(".nsewdrag");
    const plot = layer && layer.closest(".js-plotly-plot");
    return plot && String(plot._fullLayout?.clickmode).includes("select") ? layer : null;
  };
  document.addEventListener("pointerdown", (event) => {
    const layer = event.pointerType === "touch" ? layerOf(event) : null;
    const {clientX, clientY} = event;
    pressed = layer && {clientX, clientY};
    layer?.dispatchEvent(new MouseEvent("mousemove", {clientX, clientY, bubbles: true}));
  }, true);
  document.addEventListener("touchend", (event) => {
    const {clientX, clientY} = event.changedTouches[0];
    const isTap = pressed && Math.hypot(clientX - pressed.clientX, clientY - pressed.clientY) < 10;
    if (isTap && event.cancelable && layerOf(event)) event.preventDefault();
  }, {capture: true, passive: false});
}
</script>"""
