import assert from "node:assert/strict";
import { test } from "node:test";
import { linkOf } from "../../../dashboard/components/copy_link/index.js";

const PAGE = { origin: "https://maml.lab", pathname: "/sub/adapt" };

test("a link says its version, once it says anything", () => {
  assert.equal(linkOf({ ...PAGE, search: "?shown=random" }, { v: "1" }), "https://maml.lab/sub/adapt?shown=random&v=1");
  assert.equal(linkOf({ ...PAGE, search: "?v=1&a=b,c" }, { v: "1" }), "https://maml.lab/sub/adapt?v=1&a=b,c");
  assert.equal(linkOf({ ...PAGE, search: "" }, { v: "1" }), "https://maml.lab/sub/adapt");
});
