import assert from "node:assert/strict";
import test from "node:test";
import { headOfMeans, PadLearner } from "../../../dashboard/components/drawing_pad/adapting.js";
import { Conv4, softmax } from "../../../dashboard/components/drawing_pad/conv4.js";
import { EXAMPLE } from "../../../dashboard/components/drawing_pad/example.js";
import { raster } from "../../../dashboard/components/drawing_pad/raster.js";

const LAYOUT = { features: [1, 4, 4, 4, 4], groups: 2, epsilon: 1e-5 };
const SUPPORT = EXAMPLE.classes.map(({ drawings: [drawing] }, way) => ({ image: raster(drawing), way }));
const QUERY = raster(EXAMPLE.query);

/** Numbers that are the same each time, about 0. */
function random(seed) {
  let state = seed;
  return () => {
    state = (state * 16807) % 2147483647;
    return state / 2147483647 - 0.5;
  };
}

function params(network, ways) {
  const draw = random(3);
  const values = Float64Array.from({ length: network.head + (network.features + 1) * ways }, draw);
  for (const { scale, outputs } of network.blocks) for (let at = 0; at < outputs; at++) values[scale + at] += 1;
  return values;
}

function learner(changes, ways = 5) {
  const values = params(new Conv4(LAYOUT), ways);
  const text = Buffer.from(Float32Array.from(values).buffer).toString("base64");
  return new PadLearner({
    ...{ digest: "x", layout: LAYOUT, params: text, ways, start: "head", solves: false, inner_lr: 0.1, steps: 3 },
    ...changes,
  });
}

function finished(work) {
  let [step, stops] = [work.next(), 0];
  while (!step.done) [step, stops] = [work.next(), stops + 1];
  return { path: step.value, stops };
}

test("the gradient is that of finite differences, in every array", () => {
  const network = new Conv4(LAYOUT);
  const values = params(network, 5);
  const example = { image: QUERY, way: 2 };
  const gradient = new Float64Array(values.length);
  network.addGradient(values, example, 1, gradient);
  const loss = (at, change) => {
    const moved = values.slice();
    moved[at] += change;
    return -Math.log(softmax(network.logits(moved, network.embed(moved, example.image)))[2]);
  };
  const tested = network.blocks.flatMap(({ kernel, scale, bias }) => [kernel + 1, kernel + 17, scale + 1, bias + 2]);
  let moved = 0;
  for (const at of [...tested, network.head + 3, values.length - 1]) {
    const found = (loss(at, 1e-6) - loss(at, -1e-6)) / 2e-6;
    assert.ok(Math.abs(found - gradient[at]) < 1e-6, `${at}: ${found} ${gradient[at]}`);
    moved += Math.abs(found) > 1e-3;
  }
  assert.ok(moved > 5, "a gradient of zeros would agree as well");
});

test("steps make the drawings that are learned from likelier, image after image", () => {
  const one = learner({});
  const { path, stops } = finished(one.adapt(SUPPORT, 5));
  assert.equal(path.length, 4);
  assert.equal(stops, 15);
  const loss = (step) => SUPPORT.reduce((sum, { image, way }) => sum - Math.log(one.ranked([path[step]], image)[0][way]), 0);
  assert.ok(loss(3) < loss(0));
});

test("a head that begins at zero knows nothing before the first step, for any number of classes", () => {
  const one = learner({ start: "zero" });
  for (const ways of [2, 7]) {
    const { path } = finished(one.adapt(SUPPORT.slice(0, 2), ways));
    const [before, after] = [one.ranked(path, QUERY)[0], one.ranked(path, QUERY)[3]];
    assert.ok(before.every((share) => Math.abs(share - 1 / ways) < 1e-12));
    assert.equal(after.length, ways);
    assert.ok(Math.max(...after) > 1 / ways);
  }
});

test("class means: the nearest mean is the likeliest, a class without a drawing stands at the mean of all", () => {
  const features = [Float64Array.of(0, 0), Float64Array.of(2, 0), Float64Array.of(0, 4)];
  const head = headOfMeans(features, [{ way: 0 }, { way: 0 }, { way: 1 }], 3);
  const logit = (way, [x, y]) => head[way] * x + head[3 + way] * y + head[6 + way];
  const distance = (way, [x, y], [a, b]) => logit(way, [x, y]) + (x - a) ** 2 + (y - b) ** 2 - x * x - y * y;
  for (const place of [
    [1, 2],
    [3, -1],
  ]) {
    for (const [way, mean] of [
      [1, 0],
      [0, 4],
      [2 / 3, 4 / 3],
    ].entries())
      assert.ok(Math.abs(distance(way, place, mean)) < 1e-12);
  }
});

test("a method that solves has one step; one with a learned head is for as many classes as that has", () => {
  const solving = learner({ start: "prototypes", solves: true });
  assert.equal(finished(solving.adapt(SUPPORT, 5)).path.length, 2);
  assert.ok(solving.fits(9));
  assert.ok(learner({}).fits(5) && !learner({}).fits(4));
});
