import assert from "node:assert/strict";
import test from "node:test";
import { imageOf, raster, SIDE, SIZE } from "../../../dashboard/components/drawing_pad/raster.js";

const rows = (image) => Array.from({ length: SIZE }, (_, row) => Array.from(image.subarray(row * SIZE, (row + 1) * SIZE)));
const inked = (image) => {
  const places = Array.from(image, (ink, at) => (ink >= 0.5 ? [Math.floor(at / SIZE), at % SIZE] : null)).filter(Boolean);
  const [ys, xs] = [places.map(([y]) => y), places.map(([, x]) => x)];
  return { top: Math.min(...ys), bottom: Math.max(...ys), left: Math.min(...xs), right: Math.max(...xs) };
};

test("nothing drawn is paper", () => {
  assert.ok(raster([]).every((ink) => ink === 0));
});

test("wherever and however large something is drawn, the network sees the same", () => {
  const near = raster([[100, 100, 200, 100, 200, 300]]);
  const far = raster([[400, 300, 700, 300, 700, 900]]);
  assert.ok(Math.max(...near.map((ink, at) => Math.abs(ink - far[at]))) < 1e-9);
});

test("the longer side is as long as that of the training images, and the middle is in the middle", () => {
  const { top, bottom, left, right } = inked(raster([[0, 0, 1000, 0, 1000, 500, 0, 500, 0, 0]]));
  assert.ok(Math.abs(right - left - SIDE) <= 1);
  assert.ok(Math.abs(bottom - top - SIDE / 2) <= 1.5);
  assert.equal(left + right, SIZE - 1);
  assert.equal(top + bottom, SIZE - 1);
});

test("a dot stays a dot", () => {
  const image = raster([[500, 500]]);
  const ink = image.reduce((sum, each) => sum + each, 0);
  assert.ok(ink > 1 && ink < 6, `${ink}`);
  assert.ok(raster([[500, 500, 508, 500]]).reduce((sum, each) => sum + each, 0) < 10);
});

test("an upright line is as wide as a pen, and crossings are no darker than ink", () => {
  const image = raster([
    [500, 0, 500, 1000],
    [0, 500, 1000, 500],
  ]);
  assert.ok(image.every((ink) => ink >= 0 && ink <= 1));
  const across = rows(image)[8].reduce((sum, ink) => sum + ink, 0);
  assert.ok(Math.abs(across - 1.3) < 0.05, `${across}`);
});

test("a drawing is worked out once", () => {
  const drawing = [[0, 0, 100, 100]];
  assert.equal(imageOf(drawing), imageOf(drawing));
});
