import assert from "node:assert/strict";
import test from "node:test";
import {
  spell,
  spellAngle,
  spellEnds,
  spellPlace,
  spellScene,
} from "../../../dashboard/components/parameter_plane/announce.js";

const METHODS = { maml: { name: "MAML" }, fomaml: { name: "FOMAML" } };
// One step of 0.5 on a bowl at (0, 0): a loss of 1/8 of the squared distance, gradients 1/2 and 1/4 of it.
const SCENE = {
  surface: "bowls",
  tasks: [[0, 0, 0]],
  theta: [2, 0],
  inner_lr: 0.5,
  inner_steps: 1,
  proximal: 1,
  gap: 0,
  shown: ["maml", "fomaml"],
};

test("numbers in about three figures", () => {
  const spelled = [0, 0.00123, 0.0123, 1.234, 12.34, 123.4, -1.234, 1e6, Number.NaN].map(spell);
  assert.deepEqual(spelled, ["0", "1.2e-3", "0.012", "1.23", "12.3", "123", "-1.23", "diverged", "diverged"]);
  assert.equal(spellPlace([1.234, -5]), "1.23, -5.00");
});

test("angles, as Python spells them", () => {
  const spelled = [0, 1e-8, 4.24, 9.96, 38.4, Number.NaN].map(spellAngle);
  assert.deepEqual(spelled, ["0°", "0°", "4.2°", "10°", "38°", "–"]);
});

test("where theta is, and which way the methods would move it", () => {
  assert.equal(spellScene(SCENE, METHODS), "Theta at 2.00, 0.00. Meta-loss 0.500. MAML 0.500, FOMAML 1.00 at 0°.");
});

test("where the methods have come to", () => {
  const trails = [
    {
      method: "maml",
      path: [
        [2, 0],
        [0, 0],
      ],
    },
    {
      method: "fomaml",
      path: [
        [2, 0],
        [0, 2],
      ],
    },
  ];
  const said = "MAML ended at 0.00, 0.00, meta-loss 0. FOMAML ended at 0.00, 2.00, meta-loss 0.500.";
  assert.equal(spellEnds(SCENE, METHODS, trails), said);
});
