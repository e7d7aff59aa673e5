// @ts-check
// White paper: a page that is printed and a picture that is saved are dark on white, whatever the theme.

/** What the page calls, on its window, once it has the size and the colours of paper, and once it has those of the screen again. */
export const PAPER = "maml-lab-paper";

const ON_WHITE = "on-white"; // in the style sheet of `components/paper`

/**
 * Calls `draw` whenever an element has another size, and at once when the page becomes paper or a screen again: no observer is
 * heard in time for a print.
 * @param {Element} element
 * @param {() => void} draw
 * @returns {() => void} ends it
 */
export function followSize(element, draw) {
  const observer = new ResizeObserver(draw);
  observer.observe(element);
  window.addEventListener(PAPER, draw);
  return () => {
    observer.disconnect();
    window.removeEventListener(PAPER, draw);
  };
}

/**
 * What `make` gives where all colours are those of white paper.
 * @template T
 * @param {() => T} make
 * @returns {T}
 */
export function onWhite(make) {
  const { classList } = document.documentElement;
  const isPaper = classList.contains(ON_WHITE);
  classList.add(ON_WHITE);
  try {
    return make();
  } finally {
    classList.toggle(ON_WHITE, isPaper);
  }
}
