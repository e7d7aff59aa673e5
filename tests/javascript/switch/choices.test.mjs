import assert from "node:assert/strict";
import { test } from "node:test";
import { asUpdate, changesBetween, neighbour, valueIn, valuesIn } from "../../../dashboard/components/switch/choices.js";

const STEPS = { key: "steps", default: "1", choices: ["0", "1", "2"].map((value) => [value, `${value} steps`]) };
const WHO = {
  key: "who",
  default: "maml",
  choices: [
    ["maml", "MAML"],
    ["joint", "Pretrained, on all"],
  ],
};

test("the address says what is chosen, as links spell it or as it is shown, and the default is left out", () => {
  assert.equal(valueIn("", WHO), "maml");
  assert.equal(valueIn("?who=joint&v=1", WHO), "joint");
  assert.equal(valueIn("?who=Pretrained,+on+all", WHO), "joint");
  assert.equal(valueIn("?who=nobody", WHO), "maml");
  assert.equal(valueIn("?who=maml&who=joint", WHO), "joint");
  assert.deepEqual(valuesIn("?steps=2", [STEPS, WHO]), { steps: "2", who: "maml" });
});

test("arrows go around the ends, Home and End to them, other keys nowhere", () => {
  assert.equal(neighbour(STEPS, "2", "ArrowRight"), "0");
  assert.equal(neighbour(STEPS, "0", "ArrowUp"), "2");
  assert.equal(neighbour(STEPS, "1", "Home"), "0");
  assert.equal(neighbour(STEPS, "1", "End"), "2");
  assert.equal(neighbour(STEPS, "1", "a"), null);
});

const changes = (y, name, alt = "") => ({ traces: { 2: { y } }, layout: { "annotations[0].text": name }, alt });
const PICTURES = [
  { chart: "wall", by: ["who", "steps"], changes: { "maml|2": changes([1], "a"), "joint|2": changes([3], "b", "in words") } },
  { chart: "wall", by: ["who"], changes: { joint: { traces: { 1: { y: [0] }, 2: { name: "x" } }, layout: {}, alt: "" } } },
  { chart: "curves", by: ["steps"], changes: { 2: changes([5], "c") } },
];

test("only what hangs on a changed control is changed, all of a chart at once", () => {
  const now = { who: "joint", steps: "2" };
  assert.equal(changesBetween(PICTURES, now, now).size, 0);
  const found = changesBetween(PICTURES, { who: "maml", steps: "2" }, now);
  assert.deepEqual([...found.keys()], ["wall"]);
  assert.deepEqual(found.get("wall"), {
    traces: { 1: { y: [0] }, 2: { y: [3], name: "x" } },
    layout: { "annotations[0].text": "b" },
    alt: "in words",
  });
  assert.deepEqual([...changesBetween(PICTURES, { who: "joint", steps: "1" }, now).keys()], ["wall", "curves"]);
  assert.equal(changesBetween(PICTURES, now, { who: "maml", steps: "0" }).size, 0);
});

test("Plotly's update takes one list a property, undefined where a trace keeps its own", () => {
  const [properties, numbers] = asUpdate({ 1: { y: [0] }, 4: { y: [3], name: "x" } });
  assert.deepEqual(numbers, [1, 4]);
  assert.deepEqual(properties, { y: [[0], [3]], name: [undefined, "x"] });
  assert.deepEqual(asUpdate({}), [{}, []]);
});
