import assert from "node:assert/strict";
import test from "node:test";
import { mounted } from "../../../dashboard/components/shared/mount.js";

/** A component that writes down what happens to it, in a place of its own. */
function component() {
  const happened = [];
  let made = 0;
  const call = mounted(() => {
    const name = ++made;
    return { receive: (data) => happened.push(`${name} has ${data}`), end: () => happened.push(`${name} ends`) };
  });
  const place = { isConnected: true };
  return { happened, place, give: (data) => call({ data: [data], parentElement: place, setStateValue: () => {} }) };
}

test("one object takes in all data, and ends with its place, once", () => {
  const { happened, place, give } = component();
  const ends = [give("first"), give("second")];
  place.isConnected = false;
  for (const end of ends) end();
  assert.deepEqual(happened, ["1 has first", "1 has second", "1 ends"]);
});

test("a call that newer data overtook ends nothing: what is shown stays one", () => {
  for (const isBefore of [true, false]) {
    const { happened, give } = component();
    const overtaken = give("first");
    if (isBefore) overtaken();
    give("second");
    if (!isBefore) overtaken();
    give("third");
    assert.deepEqual(happened, ["1 has first", "1 has second", "1 has third"]);
  }
});

test("a place that is shown again gets an object of its own", () => {
  const { happened, place, give } = component();
  const end = give("first");
  place.isConnected = false;
  end();
  place.isConnected = true;
  give("second");
  assert.deepEqual(happened, ["1 has first", "1 ends", "2 has second"]);
});
