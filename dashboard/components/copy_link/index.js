// @ts-check
// Copies the address. Where the browser lets nobody write to its clipboard, the link is shown, selected, to be copied by hand.

import { searchWith } from "../shared/address.js";
import { find } from "../shared/elements.js";

/** @import { Call } from "../shared/mount.js" */

const SEEN = 2000; // milliseconds for which the button says that it has copied

/**
 * The whole link of an address: what it says always is left out where it says nothing else.
 * @param {{ origin: string, pathname: string, search: string }} location
 * @param {Record<string, string>} always
 */
export function linkOf({ origin, pathname, search }, always) {
  let whole = search;
  if (search) for (const [name, value] of Object.entries(always)) whole = searchWith(whole, name, value);
  return `${origin}${pathname}${whole}`;
}

/** @param {Call<{ always: Record<string, string> }>} call */
export default function ({ data, parentElement }) {
  const button = find(parentElement, "button", HTMLButtonElement);
  const label = find(button, "span", HTMLElement);
  const status = find(parentElement, "[role=status]", HTMLElement);
  const field = find(parentElement, "input", HTMLInputElement);
  button.onclick = async () => {
    const link = linkOf(window.location, data.always);
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
