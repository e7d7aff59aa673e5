// @ts-check
// Streamlit pushes each address that Python asks for as a step to go back to, though nobody has gone anywhere, and takes what a
// page's widgets hold out of the address of that page before it goes to another: the first Back came to defaults, the second to
// the page as it was left. A visit is one step here, and its address stays as it was left.

let left = "";

/** @param {string | URL} url */
const isHere = (url) => new URL(url, window.location.href).pathname === window.location.pathname;

document.addEventListener(
  "click",
  (event) => {
    const link = event.target instanceof Element && event.target.closest("a[href]");
    if (link instanceof HTMLAnchorElement && !isHere(link.href)) left = window.location.href;
  },
  true,
);

const push = window.history.pushState.bind(window.history);
window.history.pushState = (state, unused, url) => {
  if (isHere(url ?? "")) return window.history.replaceState(state, unused, url);
  if (left && isHere(left)) {
    const there = new URL(left);
    if (!there.search) there.search = "v=1"; // components/address: what it does not hold is at its default
    window.history.replaceState(state, unused, there.href);
  }
  left = "";
  push(state, unused, url);
};
