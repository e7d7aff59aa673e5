// Contour lines and shading of values on a grid [size * size], row by row from the low end of y.

// Line segments [[x0, y0, x1, y1], ...] in grid units where the values cross `level` (marching squares).
const contourSegments = (values, size, level) => {
  const segments = [];
  const crossing = (a, b) => (level - a) / (b - a);
  for (let row = 0; row < size - 1; row++) {
    for (let column = 0; column < size - 1; column++) {
      const at = row * size + column;
      const sw = values[at], se = values[at + 1], nw = values[at + size], ne = values[at + size + 1];
      const points = [];
      if (sw < level !== se < level) points.push([column + crossing(sw, se), row]);
      if (se < level !== ne < level) points.push([column + 1, row + crossing(se, ne)]);
      if (nw < level !== ne < level) points.push([column + crossing(nw, ne), row + 1]);
      if (sw < level !== nw < level) points.push([column, row + crossing(sw, nw)]);
      for (let index = 0; index + 1 < points.length; index += 2) segments.push([...points[index], ...points[index + 1]]);
    }
  }
  return segments;
};

// `count` levels from just above the least value, each further one more than the one before: dense at the bottom.
const levelsOf = (values, count) => {
  const finite = Array.from(values).filter(Number.isFinite).sort((a, b) => a - b);
  if (!finite.length) return [];
  const low = finite[0], high = finite[Math.floor(0.97 * (finite.length - 1))];
  return Array.from({ length: count }, (_, index) => low + (high - low) * ((index + 0.5) / count) ** 2);
};

// A canvas of `pixels` a side, one colour for each band between levels, values between grid points interpolated; y upwards.
const shaded = (values, size, levels, colours, pixels) => {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = pixels;
  const context = canvas.getContext("2d"), image = context.createImageData(pixels, pixels);
  const step = (size - 1) / (pixels - 1);
  for (let row = 0; row < pixels; row++) {
    const y = (pixels - 1 - row) * step, below = Math.min(size - 2, Math.floor(y)), up = y - below;
    for (let column = 0; column < pixels; column++) {
      const x = column * step, left = Math.min(size - 2, Math.floor(x)), right = x - left, at = below * size + left;
      const low = values[at] + right * (values[at + 1] - values[at]);
      const high = values[at + size] + right * (values[at + size + 1] - values[at + size]);
      const value = low + up * (high - low);
      let band = levels.length;
      if (Number.isFinite(value)) for (band = 0; band < levels.length && value >= levels[band]; ) band++;
      const [red, green, blue] = colours[Math.round((band / Math.max(1, levels.length)) * (colours.length - 1))];
      const pixel = 4 * (row * pixels + column);
      image.data[pixel] = red;
      image.data[pixel + 1] = green;
      image.data[pixel + 2] = blue;
      image.data[pixel + 3] = 255;
    }
  }
  context.putImageData(image, 0, 0);
  return canvas;
};
