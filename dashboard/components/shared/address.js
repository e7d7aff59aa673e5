// @ts-check
// The page's address: what a visitor chose in the browser stands there, so that a link, a reload and Python's next run know it.

/** What a choice in the address is called when it changes; other components listen to it on the window. */
export const CHOSEN = "maml-lab-chosen";

/**
 * A query string with one value set; none takes it out.
 * @param {string} search
 * @param {string} name
 * @param {string | null} value
 */
export function searchWith(search, name, value) {
  const query = new URLSearchParams(search);
  if (value === null) query.delete(name);
  else query.set(name, value);
  const spelt = query.toString().replaceAll("%2C", ",");
  return spelt && `?${spelt}`;
}

/**
 * Puts a query string into the address, without a step to go back to.
 * @param {string} search
 * @param {Node} here where the component is
 * @returns {boolean} whether Streamlit knows: it sends Python the address as it has last noted it
 */
export function replaceSearch(search, here) {
  const { pathname, hash } = window.location;
  window.history.replaceState(window.history.state, "", `${pathname}${search}${hash}`);
  const manager = widgetManager(here);
  manager?.notifyQueryParamsChange();
  return manager !== null;
}

/**
 * Streamlit's manager of widgets, which brings its note of the address up to date: found as a property of the React component
 * that a node of the page belongs to. Null where this Streamlit has none.
 * @param {Node} here
 * @returns {{ notifyQueryParamsChange: () => void } | null}
 */
function widgetManager(here) {
  /** @type {Node | null} */
  let node = here;
  while (node && !fiberOf(node)) node = node instanceof ShadowRoot ? node.host : node.parentNode;
  for (let fiber = node && fiberOf(node); fiber; fiber = fiber.return) {
    const manager = fiber.memoizedProps?.widgetMgr;
    if (typeof manager?.notifyQueryParamsChange === "function") return manager;
  }
  return null;
}

/** @typedef {{ return: Fiber | null, memoizedProps: { widgetMgr?: any } | null }} Fiber */

/**
 * @param {Node} node
 * @returns {Fiber | null}
 */
function fiberOf(node) {
  const name = Object.keys(node).find((key) => key.startsWith("__reactFiber$"));
  return name ? /** @type {any} */ (node)[name] : null;
}
