import assert from "node:assert/strict";
import { test } from "node:test";
import { replaceSearch, searchWith } from "../../../dashboard/components/shared/address.js";

test("a value is set or taken out, the rest of a query string stays", () => {
  assert.equal(searchWith("?a=1&b=x,y", "c", "Over its spread"), "?a=1&b=x,y&c=Over+its+spread");
  assert.equal(searchWith("?a=1&c=2&c=3", "c", "4"), "?a=1&c=4");
  assert.equal(searchWith("?c=2", "c", null), "");
  assert.equal(searchWith("?a=1", "c", null), "?a=1");
});

/** A page: a component in its shadow, inside of an element that React has made. */
function page(manager) {
  const replaced = [];
  globalThis.window = {
    location: { pathname: "/adapt", hash: "#here" },
    history: { state: { of: "Streamlit" }, replaceState: (...what) => replaced.push(what) },
  };
  globalThis.ShadowRoot = class {};
  const fiber = { memoizedProps: null, return: { memoizedProps: { widgetMgr: manager }, return: null } };
  const host = { parentNode: { __reactFiber$x1: fiber, parentNode: null } };
  const shadow = Object.assign(new ShadowRoot(), { host, parentNode: null });
  return { here: { parentNode: shadow }, replaced };
}

test("the address changes without a step to go back to, and Streamlit takes note of it", () => {
  let noted = 0;
  const { here, replaced } = page({ notifyQueryParamsChange: () => noted++ });
  assert.equal(replaceSearch("?a=1", here), true);
  assert.deepEqual(replaced, [[{ of: "Streamlit" }, "", "/adapt?a=1#here"]]);
  assert.equal(noted, 1);
});

test("a Streamlit without such a manager is told of", () => {
  const { here, replaced } = page({});
  assert.equal(replaceSearch("", here), false);
  assert.equal(replaced.length, 1);
});
