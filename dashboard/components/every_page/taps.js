// @ts-check
// Plotly selects what the pointer has hovered over, and on a touch screen nothing hovers before it presses: a tap selected what
// was tapped before. Here it hovers first, and the mouse's events that a browser makes of a tap, a second click, do not come.

const REACH = 10; // pixels that a finger moves in a tap

/** @typedef {Element & { _fullLayout?: { clickmode?: string } }} Plot */
/** @type {{ clientX: number, clientY: number } | null} */
let pressed = null;

/** @param {Event} event */
function layerOf({ target }) {
  const layer = target instanceof Element ? target.closest(".nsewdrag") : null;
  /** @type {Plot | null | undefined} */
  const plot = layer?.closest(".js-plotly-plot");
  return String(plot?._fullLayout?.clickmode).includes("select") ? layer : null;
}

document.addEventListener(
  "pointerdown",
  (event) => {
    const layer = event.pointerType === "touch" ? layerOf(event) : null;
    const { clientX, clientY } = event;
    pressed = layer && { clientX, clientY };
    layer?.dispatchEvent(new MouseEvent("mousemove", { clientX, clientY, bubbles: true }));
  },
  true,
);
document.addEventListener(
  "touchend",
  (event) => {
    const { clientX, clientY } = event.changedTouches[0];
    const isTap = pressed && Math.hypot(clientX - pressed.clientX, clientY - pressed.clientY) < REACH;
    if (isTap && event.cancelable && layerOf(event)) event.preventDefault();
  },
  { capture: true, passive: false },
);
