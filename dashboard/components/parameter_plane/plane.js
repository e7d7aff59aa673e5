// Tasks in a plane: draw, drag, descend. What is dragged is computed and drawn here; Python hears of it once, on release.

// Points a side of the grids for contours and for the search of optima: at rest, and while something is dragged.
const FINE = { ground: 81, search: GRID }, COARSE = { ground: 31, search: 21 };
const MARGIN = { left: 40, right: 10, top: 10, bottom: 42 };
const STEPS_A_FRAME = 2;
const SVG = "http://www.w3.org/2000/svg";
const instances = new WeakMap();

const spell = (value) => {
  if (!Number.isFinite(value) || Math.abs(value) >= 1e6) return "diverged";
  if (value === 0) return "0";
  const size = Math.abs(value);
  return size >= 100 ? value.toFixed(0) : size >= 10 ? value.toFixed(1) : size >= 0.01 ? value.toFixed(size >= 1 ? 2 : 3) : value.toExponential(1);
};
const place = (point) => `${point[0].toFixed(2)}, ${point[1].toFixed(2)}`;
const clamp = (value, [low, high]) => Math.min(high, Math.max(low, value));
const round = (value) => Math.round(value * 1e4) / 1e4 + 0;
const copy = (value) => JSON.parse(JSON.stringify(value));

const html = (tag, attributes = {}, ...children) => {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element[name] = value;
    else element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
};
const svg = (tag, attributes = {}, ...children) => {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
};

class Plane {
  constructor(root) {
    this.root = root;
    this.stage = root.querySelector(".stage");
    this.canvas = root.querySelector("canvas");
    this.svg = root.querySelector(".stage svg");
    this.side = root.querySelector(".side");
    this.under = root.querySelector(".under");
    this.live = root.querySelector(".live");
    this.chosen = "theta";
    this.number = 0;
    this.trails = null;
    this.handles = new Map();
    this.buildSide();
    this.buildSvg();
    this.observer = new ResizeObserver(() => this.measure());
    this.observer.observe(this.stage);
  }

  // ---- what Python says, and what it is told

  take(data, setStateValue) {
    this.setStateValue = setStateValue;
    this.data = data;
    // What Python says counts once it has heard the last word from here, and not under the visitor's hand.
    if (data.seen >= this.number && !this.held && JSON.stringify(this.now) !== JSON.stringify(data.now)) {
      this.now = copy(data.now);
      this.chosen = "theta";
      this.clearTrails();
    }
    this.number = Math.max(this.number, data.seen);
    this.showParts();
    this.readTheme();
    // An echo of what stands here already is not drawn again.
    const standing = JSON.stringify([this.now, data.window, this.theme]);
    if (standing !== this.drawn) this.update("all");
  }

  commit() {
    this.now.theta = this.now.theta.map(round);
    this.now.tasks = this.now.tasks.map((task) => task.map(round));
    this.number += 1;
    this.setStateValue("now", { ...copy(this.now), number: this.number });
    this.announce();
  }

  announce() {
    const { shown } = this.now, found = directions(this.now, this.now.theta);
    const said = shown.map((name) => {
      const angle = degrees(found[name], found.maml);
      return `${this.data.methods[name].name} ${spell(norm(found[name]))}${name === "maml" || Number.isNaN(angle) ? "" : ` at ${angle.toFixed(0)} degrees`}`;
    });
    const loss = spell(metaLoss(this.now, this.now.theta));
    this.live.textContent = `Theta at ${place(this.now.theta)}. Meta-loss ${loss}. ${said.join(", ")}.`;
  }

  // ---- geometry

  measure() {
    const size = this.stage.clientWidth;
    if (!size || size === this.size) return;
    this.size = size;
    const ratio = window.devicePixelRatio || 1;
    this.canvas.width = this.canvas.height = Math.round(size * ratio);
    this.svg.setAttribute("viewBox", `0 0 ${size} ${size}`);
    if (this.now) this.update("all");
  }

  get span() {
    return this.size - MARGIN.left - MARGIN.right;
  }

  toScreen([x, y]) {
    const [[lowX, highX], [lowY, highY]] = this.data.window, height = this.size - MARGIN.top - MARGIN.bottom;
    return [MARGIN.left + ((x - lowX) / (highX - lowX)) * this.span, MARGIN.top + ((highY - y) / (highY - lowY)) * height];
  }

  fromScreen(clientX, clientY) {
    const box = this.stage.getBoundingClientRect(), height = this.size - MARGIN.top - MARGIN.bottom;
    const [[lowX, highX], [lowY, highY]] = this.data.window;
    const x = lowX + ((clientX - box.left - MARGIN.left) / this.span) * (highX - lowX);
    const y = highY - ((clientY - box.top - MARGIN.top) / height) * (highY - lowY);
    return [clamp(x, [lowX, highX]), clamp(y, [lowY, highY])];
  }

  // ---- dragging and keys

  move(which, point) {
    this.clearTrails();
    if (which === "theta") {
      this.now.theta = point;
      this.update("theta");
    } else {
      this.now.tasks[which] = [...point, this.now.tasks[which][2]];
      this.update("coarse");
    }
  }

  position(which) {
    return which === "theta" ? this.now.theta : this.now.tasks[which].slice(0, 2);
  }

  choose(which) {
    this.chosen = which;
    this.update("theta");
  }

  grip(which, event) {
    if (event.button > 0) return;
    event.preventDefault();
    const handle = this.handles.get(which), [x, y] = this.toScreen(this.position(which));
    const box = this.stage.getBoundingClientRect();
    const offset = which === "theta" && event.currentTarget !== handle ? [0, 0] : [event.clientX - box.left - x, event.clientY - box.top - y];
    handle.focus({ preventScroll: true });
    handle.setPointerCapture(event.pointerId);
    this.choose(which);
    let asked = 0, latest = event;
    const follow = () => {
      asked = 0;
      this.move(which, this.fromScreen(latest.clientX - offset[0], latest.clientY - offset[1]));
    };
    this.held = true;
    follow();
    handle.onpointermove = (moved) => {
      latest = moved;
      asked ||= requestAnimationFrame(follow);
    };
    handle.onpointerup = handle.onpointercancel = () => {
      handle.onpointermove = handle.onpointerup = handle.onpointercancel = null;
      if (asked) {
        cancelAnimationFrame(asked);
        follow();
      }
      this.held = false;
      if (which !== "theta") this.update("all");
      this.commit();
    };
  }

  press(which, event) {
    const arrows = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };
    if (arrows[event.key]) {
      event.preventDefault();
      const moved = add(this.position(which), scale(arrows[event.key], event.shiftKey ? 0.5 : 0.1));
      this.move(which, [clamp(moved[0], this.data.window[0]), clamp(moved[1], this.data.window[1])]);
      this.commitSoon(which);
    } else if ((event.key === "Delete" || event.key === "Backspace") && which !== "theta") {
      event.preventDefault();
      this.removeTask(which);
    }
  }

  commitSoon(which) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      if (which !== "theta") this.update("all");
      this.commit();
    }, 350);
  }

  // ---- tasks

  addTask() {
    const { tasks } = this.now, [[lowX, highX], [lowY, highY]] = this.data.window;
    // The place of a coarse grid that is farthest from all others.
    let best = null, farthest = -1;
    for (let i = 1; i < 8; i++) {
      for (let j = 1; j < 8; j++) {
        const point = [lowX + ((highX - lowX) * i) / 8, lowY + ((highY - lowY) * j) / 8];
        const near = Math.min(...tasks.map((task) => norm(subtract(task, point))));
        if (near > farthest) [best, farthest] = [point, near];
      }
    }
    tasks.push([...best, (0.9 * tasks.length) % Math.PI]);
    this.afterTasks(tasks.length - 1);
  }

  removeTask(which) {
    if (this.now.tasks.length === 1 || which === "theta") return;
    this.now.tasks.splice(which, 1);
    this.afterTasks("theta");
  }

  turnTask() {
    const task = this.now.tasks[this.chosen];
    task[2] = (task[2] + Math.PI / 12) % Math.PI;
    this.afterTasks(this.chosen);
  }

  afterTasks(chosen) {
    this.clearTrails();
    this.chosen = chosen;
    this.update("all");
    this.handles.get(chosen).focus({ preventScroll: true });
    this.commit();
  }

  // ---- each method by itself

  descend() {
    this.stop();
    this.trails = Object.fromEntries(this.now.shown.map((name) => [name, [this.now.theta]]));
    const step = () => {
      for (const [name, trail] of Object.entries(this.trails)) {
        trail.push(outerStep(this.now, trail[trail.length - 1], name, this.data.meta_lr, this.data.longest_step));
      }
    };
    const length = () => Object.values(this.trails)[0]?.length ?? Infinity;
    const arrived = () => length() > this.data.descent_steps;
    const finish = () => {
      this.running = 0;
      this.update("theta");
      this.live.textContent = Object.entries(this.trails)
        .map(([name, trail]) => `${this.data.methods[name].name} ended at ${place(trail[trail.length - 1])}, meta-loss ${spell(metaLoss(this.now, trail[trail.length - 1]))}`)
        .join(". ");
    };
    if (window.matchMedia("(prefers-reduced-motion: reduce)").matches) {
      while (!arrived()) step();
      finish();
      return;
    }
    const frame = () => {
      for (let index = 0; index < STEPS_A_FRAME && !arrived(); index++) step();
      if (arrived()) return finish();
      this.update("theta");
      this.running = requestAnimationFrame(frame);
    };
    this.running = requestAnimationFrame(frame);
  }

  stop() {
    cancelAnimationFrame(this.running);
    this.running = 0;
  }

  clearTrails() {
    this.stop();
    this.trails = null;
  }

  // ---- drawing

  readTheme() {
    const style = getComputedStyle(this.root), value = (name) => style.getPropertyValue(name).trim();
    this.theme = { text: value("--st-text-color"), font: value("--st-font"), background: value("--st-background-color") };
    const channels = (colour) => {
      const context = document.createElement("canvas").getContext("2d");
      context.fillStyle = colour;
      return [1, 3, 5].map((start) => parseInt(context.fillStyle.slice(start, start + 2), 16));
    };
    const palette = value("--st-chart-sequential-colors").split(",").slice(0, 8).map((colour) => channels(colour.trim()));
    const background = channels(this.theme.background);
    // Softened towards the page, so that what lies on top stays readable.
    this.palette = palette.map((colour) => [...colour.map((c, index) => Math.round(background[index] + 0.42 * (c - background[index])))]);
  }

  // what: "all", "coarse" (a task is being dragged: small grids) or "theta" (the ground stays).
  update(what) {
    if (!this.size || !this.now) return;
    const began = performance.now();
    if (what !== "theta") {
      this.survey(what === "coarse" ? COARSE : FINE);
      this.drawGround();
    }
    this.drawFront();
    this.fillSide();
    this.drawn = what === "coarse" ? "" : JSON.stringify([this.now, this.data.window, this.theme]);
    this.root.dataset.frame = (performance.now() - began).toFixed(2);
    this.root.dataset.now = JSON.stringify(this.now);
  }

  survey({ ground, search }) {
    const { window: area } = this.data, surface = SURFACES[this.now.surface];
    this.grid = ground;
    this.meta = gridOf(area, ground, (theta) => metaLoss(this.now, theta));
    this.own = this.now.tasks.map((task) => gridOf(area, ground, (theta) => surface(theta, task)[0]));
    this.best = optimum(this.now, area, search);
    this.joint = optimum({ ...this.now, inner_steps: 0 }, area, search);
  }

  drawGround() {
    const context = this.canvas.getContext("2d"), ratio = this.canvas.width / this.size, size = this.grid;
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, this.size, this.size);
    const [left, top] = [MARGIN.left, MARGIN.top], height = this.size - MARGIN.top - MARGIN.bottom;
    const levels = levelsOf(this.meta, 10);
    context.save();
    context.beginPath();
    context.rect(left, top, this.span, height);
    context.clip();
    context.imageSmoothingEnabled = true;
    context.drawImage(shaded(this.meta, size, levels, this.palette, size === COARSE.ground ? 160 : 400), left, top, this.span, height);
    const unit = [this.span / (size - 1), height / (size - 1)];
    const trace = (values, level) => {
      context.beginPath();
      for (const [x0, y0, x1, y1] of contourSegments(values, size, level)) {
        context.moveTo(left + x0 * unit[0], top + height - y0 * unit[1]);
        context.lineTo(left + x1 * unit[0], top + height - y1 * unit[1]);
      }
      context.stroke();
    };
    context.strokeStyle = this.data.colours.after;
    context.lineWidth = 1;
    context.globalAlpha = 0.45;
    for (const level of levels) trace(this.meta, level);
    context.strokeStyle = this.data.colours.truth;
    this.own.forEach((values, index) => {
      const chosen = this.chosen === index;
      context.globalAlpha = chosen ? 1 : 0.75;
      context.lineWidth = chosen ? 2 : 1;
      for (const level of levelsOf(values, 9).slice(0, chosen ? 6 : 3)) trace(values, level);
    });
    context.restore();
    this.drawAxes(context, height);
  }

  drawAxes(context, height) {
    const [[lowX, highX], [lowY, highY]] = this.data.window, { left, top } = MARGIN;
    context.globalAlpha = 1;
    context.strokeStyle = this.data.colours.truth;
    context.lineWidth = 1;
    context.strokeRect(left, top, this.span, height);
    context.fillStyle = this.theme.text;
    context.font = `12px ${this.theme.font}`;
    context.textAlign = "center";
    context.textBaseline = "top";
    for (let x = Math.ceil(lowX); x <= highX; x += 2) context.fillText(x, this.toScreen([x, lowY])[0], top + height + 5);
    context.fillText(this.data.axes[0], left + this.span / 2, top + height + 23);
    context.textAlign = "right";
    context.textBaseline = "middle";
    for (let y = Math.ceil(lowY); y <= highY; y += 2) context.fillText(y, left - 6, this.toScreen([lowX, y])[1]);
    context.save();
    context.translate(10, top + height / 2);
    context.rotate(-Math.PI / 2);
    context.textAlign = "center";
    context.fillText(this.data.axes[1], 0, 0);
    context.restore();
  }

  buildSvg() {
    this.layers = Object.fromEntries(["paths", "trails", "arrows", "optima", "handles"].map((name) => [name, svg("g")]));
    this.layers.floor = svg("rect", { fill: "transparent" });
    this.clip = svg("rect");
    this.svg.append(svg("clipPath", { id: "inside" }, this.clip));
    for (const name of ["paths", "trails", "arrows"]) this.layers[name].setAttribute("clip-path", "url(#inside)");
    this.layers.floor.onpointerdown = (event) => event.pointerType === "mouse" && this.grip("theta", event);
    this.svg.append(this.layers.floor, ...["paths", "trails", "arrows", "optima", "handles"].map((name) => this.layers[name]));
  }

  polyline(points, attributes) {
    return svg("polyline", { points: points.map((point) => this.toScreen(point).join(",")).join(" "), fill: "none", ...attributes });
  }

  drawFront() {
    const { colours, methods } = this.data, { theta, tasks, shown } = this.now, { layers } = this;
    const floor = { x: MARGIN.left, y: MARGIN.top, width: this.span, height: this.size - MARGIN.top - MARGIN.bottom };
    for (const [name, value] of Object.entries(floor)) [layers.floor, this.clip].forEach((element) => element.setAttribute(name, value));
    const found = (this.found = directions(this.now, theta));
    this.paths = tasks.map((task) => innerPath(this.now, theta, task));
    layers.paths.replaceChildren();
    this.paths.forEach((path, index) => {
      const inside = path.filter((point) => point.every((value) => Math.abs(value) < 1e4));
      layers.paths.append(this.polyline(inside, { stroke: colours.after, "stroke-width": 2, "stroke-opacity": 0.9 }));
      inside.slice(1, -1).forEach((point) => {
        const [cx, cy] = this.toScreen(point);
        layers.paths.append(svg("circle", { cx, cy, r: 2.5, fill: colours.after }));
      });
      if (inside.length > 1) {
        const [cx, cy] = this.toScreen(inside[inside.length - 1]);
        layers.paths.append(svg("circle", { cx, cy, r: 5, fill: colours.after, stroke: this.theme.background, "stroke-width": 1.5 }));
      }
      if (shown.includes("imaml")) {
        const [cx, cy] = this.toScreen(proximalSolution(this.now, theta, tasks[index]));
        layers.paths.append(svg("rect", { x: cx - 4, y: cy - 4, width: 8, height: 8, transform: `rotate(45 ${cx} ${cy})`, fill: methods.imaml.colour }));
      }
    });
    this.drawOptima();
    this.drawTrails();
    layers.arrows.replaceChildren();
    // Directions, not lengths, which differ too much; each vanishes with its own norm. The later ones are shorter, so that
    // arrows that agree do not hide each other.
    shown.forEach((name) => {
      const size = norm(found[name]), share = 1 - 0.13 * Object.keys(methods).indexOf(name);
      const length = 0.26 * share * this.span * Math.tanh(size / (0.01 * this.data.steepness));
      if (size > 0 && Number.isFinite(size)) this.drawArrow(name, scale(found[name], -length / size));
    });
    this.drawHandles();
  }

  drawArrow(name, [dx, dy]) {
    const length = Math.hypot(dx, dy), { colour, dash } = this.data.methods[name];
    if (!(length > 2)) return;
    const [x, y] = this.toScreen(this.now.theta), tip = [x + dx, y - dy], [ux, uy] = [dx / length, -dy / length];
    const head = [[tip[0] + 4 * ux, tip[1] + 4 * uy], [tip[0] - 9 * ux - 5.5 * uy, tip[1] - 9 * uy + 5.5 * ux], [tip[0] - 9 * ux + 5.5 * uy, tip[1] - 9 * uy - 5.5 * ux]];
    const line = { x1: x, y1: y, x2: tip[0] - 7 * ux, y2: tip[1] - 7 * uy };
    this.layers.arrows.append(
      svg("line", { ...line, stroke: this.theme.background, "stroke-width": 7, "stroke-opacity": 0.75 }),
      svg("line", { ...line, stroke: colour, "stroke-width": 3.5, "stroke-dasharray": dash ? "7 4" : "none" }),
      svg("polygon", { points: head.map((point) => point.join(",")).join(" "), fill: colour, stroke: this.theme.background, "stroke-width": 1 }),
    );
  }

  drawOptima() {
    const { optima } = this.layers, label = (text, [x, y]) =>
      x > 0.62 * this.size ? svg("text", { x: x - 12, y: y + 4, "text-anchor": "end" }, text) : svg("text", { x: x + 12, y: y + 4 }, text);
    optima.replaceChildren();
    const joint = this.toScreen(this.joint.theta), best = this.toScreen(this.best.theta);
    const same = this.now.inner_steps === 0 || Math.hypot(joint[0] - best[0], joint[1] - best[1]) < 14;
    optima.append(
      svg("rect", { x: joint[0] - 6, y: joint[1] - 6, width: 12, height: 12, fill: this.theme.background, stroke: this.data.colours.joint, "stroke-width": 2.5 }),
    );
    if (!same) optima.append(label("joint optimum", joint));
    if (this.best.is_flat) {
      optima.append(label("joint optimum; the meta-loss is flat", joint));
      return;
    }
    const star = Array.from({ length: 10 }, (_, index) => {
      const angle = (Math.PI * index) / 5 - Math.PI / 2, radius = index % 2 ? 4.5 : 10;
      return `${best[0] + radius * Math.cos(angle)},${best[1] + radius * Math.sin(angle)}`;
    });
    optima.append(svg("polygon", { points: star.join(" "), fill: this.data.methods.maml.colour, stroke: this.theme.background, "stroke-width": 1.5 }));
    optima.append(label(same ? "meta- and joint optimum" : "meta-optimum", best));
  }

  drawTrails() {
    this.layers.trails.replaceChildren();
    for (const [name, trail] of Object.entries(this.trails ?? {})) {
      const { colour, dash } = this.data.methods[name], [cx, cy] = this.toScreen(trail[trail.length - 1]);
      this.layers.trails.append(
        this.polyline(trail, { stroke: this.theme.background, "stroke-width": 6, "stroke-opacity": 0.7 }),
        this.polyline(trail, { stroke: colour, "stroke-width": 3, "stroke-dasharray": dash ? "7 4" : "none" }),
        svg("circle", { cx, cy, r: 6, fill: colour, stroke: this.theme.background, "stroke-width": 1.5 }),
      );
    }
  }

  handle(which) {
    if (!this.handles.has(which)) {
      const group = svg("g", { class: "handle", tabindex: 0, role: "slider", "aria-roledescription": "handle in two directions" });
      group.append(svg("circle", { class: "reach", r: 22.5 }), svg("circle", { class: "dot" }), svg("text"));
      group.onpointerdown = (event) => this.grip(which, event);
      group.onkeydown = (event) => this.press(which, event);
      group.onfocus = () => this.chosen !== which && this.choose(which);
      this.handles.set(which, group);
      this.layers.handles.append(group);
    }
    return this.handles.get(which);
  }

  drawHandles() {
    for (const [which, group] of this.handles) {
      if (which !== "theta" && which >= this.now.tasks.length) {
        group.remove();
        this.handles.delete(which);
      }
    }
    const { colours } = this.data;
    [...this.now.tasks.keys(), "theta"].forEach((which) => {
      const group = this.handle(which), point = this.position(which), [x, y] = this.toScreen(point);
      const [, dot, text] = group.children, is_theta = which === "theta";
      group.setAttribute("transform", `translate(${x} ${y})`);
      group.setAttribute("aria-label", is_theta ? "Theta, the start" : `Optimum of task ${which + 1}`);
      group.setAttribute("aria-valuenow", point[0].toFixed(2));
      group.setAttribute("aria-valuemin", this.data.window[0][0]);
      group.setAttribute("aria-valuemax", this.data.window[0][1]);
      group.setAttribute("aria-valuetext", place(point));
      dot.setAttribute("r", is_theta ? 12 : 11);
      dot.setAttribute("fill", is_theta ? colours.before : this.theme.background);
      dot.setAttribute("stroke", is_theta ? this.theme.background : colours.truth);
      dot.setAttribute("stroke-width", this.chosen === which && !is_theta ? 4 : 2.5);
      text.textContent = is_theta ? "θ" : which + 1;
      text.style.fill = is_theta ? "#ffffff" : this.theme.text;
    });
  }

  // ---- the side: sliders, buttons, numbers

  buildSide() {
    const slider = (name, words, read, show, attributes) => {
      const output = html("span", { class: "value" }), input = html("input", { type: "range", "aria-label": words, ...attributes });
      input.oninput = () => {
        this.clearTrails();
        this.now[name] = read(Number(input.value));
        this.update("coarse");
        input.setAttribute("aria-valuetext", show(this.now[name]));
        this.commitSoon();
      };
      const label = html("label", { class: "slider" }, html("span", {}, words, output), input);
      return { label, input, output, name, show };
    };
    const log = (value) => Number((10 ** value).toPrecision(3)), short = (value) => String(Number(value.toPrecision(3)));
    this.sliders = [
      slider("inner_steps", "Inner steps K", Number, String, { min: 0, max: 20, step: 1 }),
      slider("inner_lr", "Inner step size α", log, short, { step: 0.01 }),
      slider("proximal", "Pull λ of iMAML", log, short, { step: 0.01 }),
      slider("gap", "Support optimum off by", Number, (value) => value.toFixed(1), { step: 0.1 }),
    ];
    const button = (words, act, kind = "") => html("button", { type: "button", class: kind, onclick: act }, words);
    this.buttons = {
      descend: button("Let them descend", () => (this.running ? this.clearTrails() : this.descend(), this.update("theta")), "main"),
      best: button("θ to the meta-optimum", () => this.jump(this.best.theta)),
      add: button("Add a task", () => this.addTask()),
      remove: button("Remove it", () => this.removeTask(this.chosen)),
      turn: button("Turn it", () => this.turnTask()),
    };
    this.losses = html("div", { class: "losses" });
    this.methodRows = html("tbody");
    this.taskRows = html("tbody");
    const table = (caption, heads, body) =>
      html("table", {}, html("caption", {}, caption), html("thead", {}, html("tr", {}, ...heads.map((head) => html("th", { scope: "col" }, head)))), body);
    this.side.append(
      html("div", { class: "sliders" }, ...this.sliders.map(({ label }) => label)),
      this.losses,
      table("Update of θ", ["Method", "norm", "to MAML", "ends at loss"], this.methodRows),
      html("div", { class: "buttons" }, this.buttons.descend, this.buttons.best),
    );
    this.under.append(
      table("Tasks", ["Task", "loss at θ", "after K steps", "from ★ to it"], this.taskRows),
      html("div", { class: "buttons" }, this.buttons.add, this.buttons.remove, this.buttons.turn),
    );
  }

  showParts() {
    const { methods, ranges, colours } = this.data;
    for (const [name, colour] of Object.entries({ before: colours.before, after: colours.after, implicit: methods.imaml.colour })) {
      this.root.style.setProperty(`--${name}`, colour);
    }
    for (const { input, name } of this.sliders) {
      if (!ranges[name]) continue;
      const [low, high] = name === "gap" ? ranges.gap : ranges[name].map((end) => Math.log10(end));
      [input.min, input.max] = [low, high];
    }
    if (!this.methodRows.children.length) {
      for (const [name, { name: words, colour, dash }] of Object.entries(methods)) {
        const input = html("input", { type: "checkbox", "data-method": name });
        input.onchange = () => {
          this.clearTrails();
          this.now.shown = Object.keys(methods).filter((each) => this.methodRows.querySelector(`[data-method=${each}]`).checked);
          this.update("theta");
          this.commit();
        };
        const line = svg("svg", { viewBox: "0 0 30 10", "aria-hidden": "true" }, svg("line", { x1: 0, y1: 5, x2: 30, y2: 5, stroke: colour, "stroke-width": 3.5, "stroke-dasharray": dash ? "7 4" : "none" }));
        const head = html("th", { scope: "row" }, html("label", { class: "method" }, input, line, words));
        this.methodRows.append(html("tr", {}, head, html("td"), html("td"), html("td")));
      }
    }
  }

  jump(theta) {
    this.clearTrails();
    const [x, y] = theta;
    this.now.theta = [clamp(x, this.data.window[0]), clamp(y, this.data.window[1])];
    this.update("theta");
    this.commit();
  }

  fillSide() {
    const { now, data } = this, isIn = (name) => now.shown.includes(name);
    for (const { input, output, name, show, label } of this.sliders) {
      const value = name === "inner_lr" || name === "proximal" ? Math.log10(now[name]) : now[name];
      if (this.root.getRootNode().activeElement !== input || Math.abs(Number(input.value) - value) > 0.02) input.value = value;
      output.textContent = show(now[name]);
      input.setAttribute("aria-valuetext", show(now[name]));
      label.hidden = name === "proximal" && !isIn("imaml");
    }
    const line = (words, value) => [html("span", {}, words), html("span", { class: "value" }, spell(value))];
    this.losses.replaceChildren(
      ...line("Meta-loss at θ", metaLoss(now, now.theta)),
      ...line("… at the meta-optimum ★", this.best.meta_loss),
      ...line("… at the joint optimum □", metaLoss(now, this.joint.theta)),
    );
    Object.keys(data.methods).forEach((name, index) => {
      const [head, size, angle, end] = this.methodRows.children[index].children, trail = this.trails?.[name];
      head.querySelector("input").checked = isIn(name);
      size.textContent = spell(norm(this.found[name]));
      const turned = degrees(this.found[name], this.found.maml);
      angle.textContent = name === "maml" || Number.isNaN(turned) ? "–" : `${turned.toFixed(turned < 10 ? 1 : 0)}°`;
      end.textContent = trail ? spell(metaLoss(now, trail[trail.length - 1])) : "–";
    });
    const rows = now.tasks.map((task, index) => {
      const surface = SURFACES[now.surface], end = this.paths[index][this.paths[index].length - 1];
      const cells = [surface(now.theta, task)[0], surface(end, task)[0], this.best.is_flat ? NaN : norm(subtract(this.best.theta, task))];
      const row = html("tr", { class: this.chosen === index ? "chosen" : "" }, html("th", { scope: "row" }, String(index + 1)));
      row.append(...cells.map((cell) => html("td", {}, Number.isNaN(cell) ? "–" : spell(cell))));
      return row;
    });
    this.taskRows.replaceChildren(...rows);
    this.buttons.descend.textContent = this.running ? "Stop" : "Let them descend";
    this.buttons.descend.disabled = !now.shown.length;
    this.buttons.best.disabled = this.best.is_flat;
    this.buttons.add.disabled = now.tasks.length >= data.max_tasks;
    const is_task = this.chosen !== "theta", which = is_task ? `task ${this.chosen + 1}` : "a task";
    this.buttons.remove.textContent = `Remove ${which}`;
    this.buttons.turn.textContent = `Turn ${which}`;
    this.buttons.remove.disabled = !is_task || now.tasks.length === 1;
    this.buttons.turn.disabled = !is_task || !["valleys", "rivers"].includes(now.surface);
  }

  end() {
    this.stop();
    clearTimeout(this.timer);
    this.observer.disconnect();
  }
}

export default function ({ data, parentElement, setStateValue }) {
  if (!instances.has(parentElement)) instances.set(parentElement, new Plane(parentElement.querySelector(".plane")));
  const plane = instances.get(parentElement);
  plane.measure();
  plane.take(data, setStateValue);
  return () => {
    plane.end();
    instances.delete(parentElement);
  };
}
