// The mathematics of maml_engine/analysis/toy_landscape.py in plain JavaScript, with derivatives written out by hand.
// A test in a real browser holds the two together. Points are [x, y]; a task is [x, y, turn].

const STEEP = 2.0, FLAT = 0.15, BANK = 1.0, BED = 0.1, BEND = 1.0, WINDING = 1.0;
const GRID = 61, NEWTON_STEPS = 30, HALVINGS = 12, LAST_STEP = 1e-5;

const add = (a, b) => [a[0] + b[0], a[1] + b[1]];
const subtract = (a, b) => [a[0] - b[0], a[1] - b[1]];
const scale = (a, factor) => [a[0] * factor, a[1] * factor];
const dot = (a, b) => a[0] * b[0] + a[1] * b[1];
const norm = (a) => Math.hypot(a[0], a[1]);
const degrees = (a, b) => {
  const [m, n] = [norm(a), norm(b)];
  if (!(m > 0 && n > 0)) return NaN;
  const [u, v] = [scale(a, 1 / m), scale(b, 1 / n)];
  return (360 / Math.PI) * Math.atan2(norm(subtract(u, v)), norm(add(u, v)));
};

// Symmetric matrices are [xx, xy, yy].
const times = (h, v) => [h[0] * v[0] + h[1] * v[1], h[1] * v[0] + h[2] * v[1]];
const solve = (h, v) => {
  const determinant = h[0] * h[2] - h[1] * h[1];
  return [(h[2] * v[0] - h[1] * v[1]) / determinant, (h[0] * v[1] - h[1] * v[0]) / determinant];
};
const eigenvalues = (h) => {
  const middle = (h[0] + h[2]) / 2, radius = Math.hypot((h[0] - h[2]) / 2, h[1]);
  return [middle - radius, middle + radius];
};

// A surface seen along its task's own axes (u, v): `own` gives [loss, gradient, Hessian] there.
const turned = (own) => (theta, task) => {
  const cos = Math.cos(task[2]), sin = Math.sin(task[2]);
  const [dx, dy] = subtract(theta, task);
  const [loss, [gu, gv], [huu, huv, hvv]] = own(cos * dx + sin * dy, cos * dy - sin * dx);
  return [
    loss,
    [cos * gu - sin * gv, sin * gu + cos * gv],
    [
      cos * cos * huu - 2 * cos * sin * huv + sin * sin * hvv,
      cos * sin * (huu - hvv) + (cos * cos - sin * sin) * huv,
      sin * sin * huu + 2 * cos * sin * huv + cos * cos * hvv,
    ],
  ];
};

// name -> (theta, task) -> [loss, gradient, Hessian]
const SURFACES = {
  bowls: (theta, task) => {
    const offset = subtract(theta, task);
    return [dot(offset, offset) / 2, offset, [1, 0, 1]];
  },
  valleys: turned((u, v) => [(STEEP * u * u + FLAT * v * v) / 2, [STEEP * u, FLAT * v], [STEEP, 0, FLAT]]),
  rivers: turned((u, v) => {
    const off = v - BEND * Math.sin(WINDING * u);
    const slope = -BEND * WINDING * Math.cos(WINDING * u), bend = BEND * WINDING * WINDING * Math.sin(WINDING * u);
    return [
      (BED * u * u + BANK * off * off) / 2,
      [BED * u + BANK * off * slope, BANK * off],
      [BED + BANK * (slope * slope + off * bend), BANK * slope, BANK],
    ];
  }),
  waves: ([phase, amplitude], [truePhase, trueAmplitude]) => {
    const cos = Math.cos(phase - truePhase), sin = Math.sin(phase - truePhase);
    return [
      (amplitude * amplitude + trueAmplitude * trueAmplitude - 2 * amplitude * trueAmplitude * cos) / 2,
      [amplitude * trueAmplitude * sin, amplitude - trueAmplitude * cos],
      [amplitude * trueAmplitude * cos, trueAmplitude * sin, 1],
    ];
  },
};

// A landscape is {surface, tasks, inner_lr, inner_steps, proximal, gap}.
const supportTask = (landscape, task) => [
  task[0] + landscape.gap * Math.cos(task[2] + Math.PI / 4),
  task[1] + landscape.gap * Math.sin(task[2] + Math.PI / 4),
  task[2],
];

const innerPath = (landscape, theta, task) => {
  const surface = SURFACES[landscape.surface], support = supportTask(landscape, task);
  const path = [theta];
  for (let k = 0; k < landscape.inner_steps; k++) {
    path.push(subtract(path[k], scale(surface(path[k], support)[1], landscape.inner_lr)));
  }
  return path;
};

const metaLoss = (landscape, theta) => {
  const surface = SURFACES[landscape.surface];
  let total = 0;
  for (const task of landscape.tasks) {
    const support = supportTask(landscape, task);
    let point = theta;
    for (let k = 0; k < landscape.inner_steps; k++) {
      point = subtract(point, scale(surface(point, support)[1], landscape.inner_lr));
    }
    total += surface(point, task)[0];
  }
  return total / landscape.tasks.length;
};

// v_K .. v_0 of one task: the query gradient at theta_K, pulled back by I - alpha H(theta_k), step by step.
const pulledBack = (landscape, path, task) => {
  const surface = SURFACES[landscape.surface], support = supportTask(landscape, task);
  let vector = surface(path[path.length - 1], task)[1];
  for (let k = path.length - 2; k >= 0; k--) {
    vector = subtract(vector, scale(times(surface(path[k], support)[2], vector), landscape.inner_lr));
  }
  return vector;
};

const metaGradient = (landscape, theta) =>
  scale(
    landscape.tasks.map((task) => pulledBack(landscape, innerPath(landscape, theta, task), task)).reduce(add, [0, 0]),
    1 / landscape.tasks.length,
  );

// Newton's method that only goes downhill. `local` gives [loss, gradient, Hessian] at a point, `loss` the loss alone.
const newton = (local, loss, start) => {
  const wholeStep = (at) => {
    const [, gradient, hessian] = local(at), [least, largest] = eigenvalues(hessian);
    const lift = Math.max(0, 1e-3 * Math.max(Math.abs(least), Math.abs(largest)) + 1e-30 - least);
    return solve([hessian[0] + lift, hessian[1], hessian[2] + lift], gradient);
  };
  let point = start, value = loss(start);
  for (let iteration = 0; iteration < NEWTON_STEPS; iteration++) {
    const step = wholeStep(point);
    let best = point, bestValue = value;
    for (let halving = 0, length = 1; halving < HALVINGS; halving++, length /= 2) {
      const candidate = subtract(point, scale(step, length)), candidateValue = loss(candidate);
      if (candidateValue < bestValue) [best, bestValue] = [candidate, candidateValue];
    }
    if (best === point) break;
    [point, value] = [best, bestValue];
  }
  // Values of the objective cannot tell points closer than 1e-8 apart; its gradient can.
  const last = wholeStep(point);
  return norm(last) < LAST_STEP ? subtract(point, last) : point;
};

const proximalSolution = (landscape, theta, task) => {
  const surface = SURFACES[landscape.surface], support = supportTask(landscape, task), pull = landscape.proximal;
  const local = (phi) => {
    const [loss, gradient, hessian] = surface(phi, support), offset = subtract(phi, theta);
    return [
      loss + (pull / 2) * dot(offset, offset),
      add(gradient, scale(offset, pull)),
      [hessian[0] + pull, hessian[1], hessian[2] + pull],
    ];
  };
  return newton(local, (phi) => local(phi)[0], theta);
};

// Each method's direction uphill; Reptile's is theta - theta_K, averaged over tasks.
const directions = (landscape, theta, wanted = ["maml", "fomaml", "reptile", "imaml"]) => {
  const surface = SURFACES[landscape.surface], sums = {};
  for (const name of wanted) sums[name] = [0, 0];
  for (const task of landscape.tasks) {
    const path = innerPath(landscape, theta, task), end = path[path.length - 1];
    if (sums.maml) sums.maml = add(sums.maml, pulledBack(landscape, path, task));
    if (sums.fomaml) sums.fomaml = add(sums.fomaml, surface(end, task)[1]);
    if (sums.reptile) sums.reptile = add(sums.reptile, subtract(theta, end));
    if (sums.imaml) {
      const solution = proximalSolution(landscape, theta, task), pull = landscape.proximal;
      const hessian = surface(solution, supportTask(landscape, task))[2];
      const system = [1 + hessian[0] / pull, hessian[1] / pull, 1 + hessian[2] / pull];
      sums.imaml = add(sums.imaml, solve(system, surface(solution, task)[1]));
    }
  }
  for (const name of wanted) sums[name] = scale(sums[name], 1 / landscape.tasks.length);
  return sums;
};

// One outer step: plain gradient descent, no longer than `longest`. Reptile's chord is divided by alpha K.
const outerStep = (landscape, theta, method, metaLr, longest) => {
  const share = method === "reptile" ? landscape.inner_lr * Math.max(1, landscape.inner_steps) : 1;
  const move = scale(directions(landscape, theta, [method])[method], metaLr / share);
  return subtract(theta, scale(move, Math.min(1, longest / Math.max(norm(move), 1e-300))));
};

const gridOf = (window, size, value) => {
  const [[lowX, highX], [lowY, highY]] = window, values = new Float64Array(size * size);
  for (let row = 0; row < size; row++) {
    const y = lowY + ((highY - lowY) * row) / (size - 1);
    for (let column = 0; column < size; column++) {
      values[row * size + column] = value([lowX + ((highX - lowX) * column) / (size - 1), y]);
    }
  }
  return values;
};

// The theta with the least meta-loss, {theta, meta_loss, is_flat}; with inner_steps 0 the joint optimum.
const optimum = (landscape, window, size = GRID) => {
  const losses = gridOf(window, size, (theta) => metaLoss(landscape, theta));
  let best = 0, highest = -Infinity;
  losses.forEach((loss, index) => {
    if (loss < losses[best] || !Number.isFinite(losses[best])) best = index;
    highest = Math.max(highest, loss);
  });
  const [[lowX, highX], [lowY, highY]] = window;
  const start = [
    lowX + ((highX - lowX) * (best % size)) / (size - 1),
    lowY + ((highY - lowY) * Math.floor(best / size)) / (size - 1),
  ];
  const loss = (theta) => metaLoss(landscape, theta), width = 1e-5;
  const local = (theta) => {
    const east = metaGradient(landscape, add(theta, [width, 0])), west = metaGradient(landscape, add(theta, [-width, 0]));
    const north = metaGradient(landscape, add(theta, [0, width])), south = metaGradient(landscape, add(theta, [0, -width]));
    const mixed = (east[1] - west[1] + north[0] - south[0]) / (4 * width);
    return [
      loss(theta),
      metaGradient(landscape, theta),
      [(east[0] - west[0]) / (2 * width), mixed, (north[1] - south[1]) / (2 * width)],
    ];
  };
  const theta = newton(local, loss, start);
  const unadapted = gridOf(window, 11, (at) => metaLoss({ ...landscape, inner_steps: 0 }, at));
  return { theta, meta_loss: loss(theta), is_flat: highest - losses[best] < 1e-9 * Math.max(...unadapted) };
};
