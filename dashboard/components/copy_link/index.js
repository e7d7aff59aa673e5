// @ts-check
// Copies the address. Where the browser lets nobody write to its clipboard, the link is shown, selected, to be copied by hand.

import { searchWith } from "../shared/address.js";
import { find } from "../shared/elements.js";

/** @import { Call } from "../shared/mount.js" */

const SEEN = 2000; // milliseconds for which the button says that it has copied

/**
 * @typedef {object} Data
 * @property {Record<string, string>} always what a link holds that holds anything
 * @property {string[]} without what it never holds
 */

/**
 * The whole link of an address.
 * @param {{ origin: string, pathname: string, search: string }} location
 * @param {Data} data
 */
export function linkOf({ origin, pathname, search }, { always, without }) {
  const own = without.reduce((rest, name) => searchWith(rest, name, null), search);
  const whole = own && Object.entries(always).reduce((rest, [name, value]) => searchWith(rest, name, value), own);
  return `${origin}${pathname}${whole}`;
}

/** @param {Call<[Data]>} call */
export default function ({ data: [data], parentElement }) {
  const button = find(parentElement, "button", HTMLButtonElement);
  const label = find(button, "span", HTMLElement);
  const status = find(parentElement, "[role=status]", HTMLElement);
  const field = find(parentElement, "input", HTMLInputElement);
  button.onclick = async () => {
    const link = linkOf(window.location, data);
    try {
      await navigator.clipboard.writeText(link); // there is none on a page that came by plain http
      field.hidden = true;
      status.className = "";
      status.textContent = label.textContent = "Copied";
      setTimeout(() => {
        label.textContent = "Copy link";
      }, SEEN);
    } catch {
      field.hidden = false;
      field.value = link;
      field.select();
      status.className = "seen";
      status.textContent = "The browser does not let this page copy: press Ctrl+C, or ⌘C.";
    }
  };
}
