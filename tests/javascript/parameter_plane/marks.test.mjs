import assert from "node:assert/strict";
import test from "node:test";
import { drawn } from "../../../dashboard/components/parameter_plane/marks.js";
import { wordsOf } from "../../../dashboard/components/parameter_plane/save.js";

const METHODS = ["maml", "fomaml", "reptile", "imaml"];
const COLOURS = { truth: "#1", before: "#2", after: "#3", joint: "#4" };
const NAMES = Object.fromEntries(METHODS.map((name) => [name, { name, colour: "#5", dash: false }]));
const SCENE = { surface: "valleys", tasks: [[0, 0, 0]], inner_steps: 2, inner_lr: 0.1, proximal: 1, gap: 0 };

/** The marks, and the words of a saved picture. */
function shown(methods, uses, isFlat = false) {
  const scene = { ...SCENE, shown: methods };
  const data = { uses, methods: NAMES, colours: COLOURS };
  const marks = drawn({ data, scene, survey: { best: { is_flat: isFlat } } });
  const { subtitle, legend } = wordsOf(scene, data, marks);
  return [marks, `${subtitle} ${legend.map(({ label }) => label).join(" ")}`];
}

test("the whole plane has all marks, and its words name them", () => {
  const [marks, words] = shown(METHODS, null);
  assert.deepEqual(marks, { best: true, joint: true, arrows: true, solution: true });
  for (const mark of ["★", "□", "moves θ", "λ"]) assert.ok(words.includes(mark), mark);
});

test("what is switched off, flat or no part of a lesson is neither drawn nor named", () => {
  const cases = [
    [[["maml"], null], { best: true, joint: true, arrows: true, solution: false }, ["λ"]],
    [[[], null], { best: true, joint: true, arrows: false, solution: false }, ["λ", "moves θ"]],
    [[METHODS, null, true], { best: false, joint: true, arrows: true, solution: true }, ["★"]],
    [[["maml", "fomaml"], ["inner_lr"]], { best: false, joint: false, arrows: true, solution: false }, ["★", "□", "λ"]],
    [[["maml"], ["theta", "best"]], { best: true, joint: false, arrows: true, solution: false }, ["□", "λ"]],
  ];
  for (const [arguments_, expected, unnamed] of cases) {
    const [marks, words] = shown(...arguments_);
    assert.deepEqual(marks, expected);
    for (const mark of unnamed) assert.ok(!words.includes(mark), mark);
  }
});
