import assert from "node:assert/strict";
import test from "node:test";
import { verdict } from "../../../dashboard/components/sine_bench/verdict.js";

const SUBJECT = { name: "maml", inner_lr: 0.001, amplitude: [0.1, 5], phase: [0, Math.PI] };
const ENTRANTS = [
  { name: "maml", label: "MAML" },
  { name: "pretrained", label: "Pretrained on all tasks" },
  { name: "random", label: "Random initialisation" },
];
const SCENE = { amplitude: 3, phase: 0.8, points: [[1, 0]], steps: 10, inner_lr: 0.001 };
const [N, NAN] = [201, Number.NaN];

/** Losses before and after, by the entrants' order; null is switched off. */
function said(losses, changes = {}, subject = SUBJECT) {
  const scene = { ...SCENE, ...changes };
  const pairs = ENTRANTS.flatMap(({ name }, index) => {
    const [before, after] = losses[index] ?? [];
    return losses[index] ? [[name, { losses: { 0: before, [scene.steps]: after } }]] : [];
  });
  const truth = Float64Array.from({ length: N }, (_, index) => scene.amplitude * Math.sin(-5 + index / 20 + scene.phase));
  return verdict({ scene, data: { entrants: ENTRANTS, subject }, fits: new Map(pairs), truth });
}

test("the nearest is named, with the numbers of all", () => {
  const losses = [
    [2.3, 0.1],
    [2.3, 1.9],
    [4, 4.5],
  ];
  assert.equal(
    said(losses),
    "MAML comes nearest to this wave: 0.10, against 1.90 (“Pretrained on all tasks”) and 4.50 (“Random initialisation”).",
  );
});

test("where another is nearest, that is said; of a flat wave, what a line at 0 would have", () => {
  const flat = [
    [1.14, 0.119],
    [1.04, 0.887],
    [0.144, 0.019],
  ];
  const words = said(flat, { amplitude: 0.2 });
  assert.match(
    words,
    /^Here “Random initialisation” comes nearest, 0\.019; MAML has 0\.12\. So flat a wave .* 0\.020 by itself\.$/,
  );
  const high = [
    [2, 1],
    [2, 0.5],
    [4, 4],
  ];
  assert.equal(said(high), "Here “Pretrained on all tasks” comes nearest, 0.50; MAML has 1.00.");
});

test("steps that are too long for one start and help another: both are said, with why", () => {
  const losses = [
    [2.32, NAN],
    [2.34, 1.24],
    [3.98, 10.7],
  ];
  const words = said(losses, { inner_lr: 0.01 });
  assert.match(
    words,
    /^α = 0\.01 is too long a step for MAML, 2\.32 → diverged: .* for 0\.001, and 10 times that overshoots\./,
  );
  assert.match(
    words,
    / The same steps help “Pretrained on all tasks”, 2\.34 → 1\.24: how long a step may be hangs on the start\.$/,
  );
  assert.doesNotMatch(words, /Random|nearest/);
});

test("a start that ends farther at its own step size is not told of its step size", () => {
  const words = said([[2.3, 2.4], [2.3, 2.2], null]);
  assert.match(
    words,
    /^On these points MAML ends farther from the wave than it began, 2\.30 → 2\.40\. The same steps help “Pretrained/,
  );
});

test("waves outside the training are said to be", () => {
  const losses = [
    [9, 1],
    [9, 8],
    [9, 9],
  ];
  for (const outside of [{ amplitude: 8 }, { phase: 4 }, { amplitude: 0 }]) {
    assert.match(said(losses, outside), / MAML was trained on other waves: amplitudes from 0\.1 to 5, phases from 0 to π\.$/);
  }
  for (const inside of [{ amplitude: 5 }, { phase: Math.PI }, { amplitude: 0.1, phase: 0 }]) {
    assert.doesNotMatch(said(losses, inside), /other waves/);
  }
});

test("nothing is said where there is nothing to compare, or the page asks for nothing", () => {
  const losses = [
    [2.3, 0.1],
    [2.3, 1.9],
  ];
  assert.equal(said(losses, {}, null), "");
  assert.equal(said(losses, { points: [] }), "");
  assert.equal(said([null, [2, 1], [3, 2]]), "");
  assert.equal(said([[2, 1], null, null]), "");
  assert.match(said(losses, { steps: 0 }), /^Without a gradient step/);
});
