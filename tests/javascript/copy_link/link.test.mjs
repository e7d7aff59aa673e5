import assert from "node:assert/strict";
import { test } from "node:test";
import { linkOf } from "../../../dashboard/components/copy_link/index.js";

const PAGE = { origin: "https://maml.lab", pathname: "/sub/adapt" };
const DATA = { always: { v: "1" }, without: ["utm_source"] };

test("a link says its version, once it says anything", () => {
  assert.equal(linkOf({ ...PAGE, search: "?shown=random" }, DATA), "https://maml.lab/sub/adapt?shown=random&v=1");
  assert.equal(linkOf({ ...PAGE, search: "?v=1&a=b,c" }, DATA), "https://maml.lab/sub/adapt?v=1&a=b,c");
  assert.equal(linkOf({ ...PAGE, search: "" }, DATA), "https://maml.lab/sub/adapt");
});

test("what is none of the app's is left out", () => {
  assert.equal(linkOf({ ...PAGE, search: "?utm_source=mail&a=1" }, DATA), "https://maml.lab/sub/adapt?a=1&v=1");
  assert.equal(linkOf({ ...PAGE, search: "?utm_source=mail" }, DATA), "https://maml.lab/sub/adapt");
});
