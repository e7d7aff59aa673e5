// How a Plane draws itself: the ground on a canvas, what moves on it as SVG.

// Points a side of the grids for contours and for the search of optima: at rest, and while something is dragged.
const FINE = { ground: 81, search: GRID }, COARSE = { ground: 31, search: 21 };
const MARGIN = { left: 40, right: 10, top: 10, bottom: 42 };

const drawing = {
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
    const soft = (channel, index) => Math.round(background[index] + 0.42 * (channel - background[index]));
    this.palette = palette.map((colour) => colour.map(soft));
  },

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
  },

  survey({ ground, search }) {
    const { window: area } = this.data, surface = SURFACES[this.now.surface];
    this.grid = ground;
    this.meta = gridOf(area, ground, (theta) => metaLoss(this.now, theta));
    this.own = this.now.tasks.map((task) => gridOf(area, ground, (theta) => surface(theta, task)[0]));
    this.best = optimum(this.now, area, search);
    this.joint = optimum({ ...this.now, inner_steps: 0 }, area, search);
  },

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
    const pixels = size === COARSE.ground ? 160 : 400;
    context.drawImage(shaded(this.meta, size, levels, this.palette, pixels), left, top, this.span, height);
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
  },

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
  },

  buildSvg() {
    this.layers = Object.fromEntries(["paths", "trails", "arrows", "optima", "handles"].map((name) => [name, svg("g")]));
    this.layers.floor = svg("rect", { fill: "transparent" });
    this.clip = svg("rect");
    this.svg.append(svg("clipPath", { id: "inside" }, this.clip));
    for (const name of ["paths", "trails", "arrows"]) this.layers[name].setAttribute("clip-path", "url(#inside)");
    this.layers.floor.onpointerdown = (event) => event.pointerType === "mouse" && this.grip("theta", event);
    this.svg.append(this.layers.floor, ...["paths", "trails", "arrows", "optima", "handles"].map((name) => this.layers[name]));
  },

  // Around what lies on the ground, so that it stands out.
  rim() {
    return { stroke: this.theme.background, "stroke-width": 1.5 };
  },

  polyline(points, attributes) {
    const places = points.map((point) => this.toScreen(point).join(","));
    return svg("polyline", { points: places.join(" "), fill: "none", ...attributes });
  },

  drawFront() {
    const { colours, methods } = this.data, { theta, tasks, shown } = this.now, { layers } = this;
    const floor = { x: MARGIN.left, y: MARGIN.top, width: this.span, height: this.size - MARGIN.top - MARGIN.bottom };
    for (const [name, value] of Object.entries(floor)) {
      layers.floor.setAttribute(name, value);
      this.clip.setAttribute(name, value);
    }
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
        layers.paths.append(svg("circle", { cx, cy, r: 5, fill: colours.after, ...this.rim() }));
      }
      if (shown.includes("imaml")) {
        const [cx, cy] = this.toScreen(proximalSolution(this.now, theta, tasks[index]));
        const turned = { transform: `rotate(45 ${cx} ${cy})`, fill: methods.imaml.colour };
        layers.paths.append(svg("rect", { x: cx - 4, y: cy - 4, width: 8, height: 8, ...turned }));
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
  },

  drawArrow(name, [dx, dy]) {
    const length = Math.hypot(dx, dy), { colour, dash } = this.data.methods[name];
    if (!(length > 2)) return;
    const [x, y] = this.toScreen(this.now.theta), tip = [x + dx, y - dy], [ux, uy] = [dx / length, -dy / length];
    const corner = (along, across) => [tip[0] + along * ux - across * uy, tip[1] + along * uy + across * ux].join(",");
    const head = [corner(4, 0), corner(-9, 5.5), corner(-9, -5.5)].join(" ");
    const line = { x1: x, y1: y, x2: tip[0] - 7 * ux, y2: tip[1] - 7 * uy };
    this.layers.arrows.append(
      svg("line", { ...line, stroke: this.theme.background, "stroke-width": 7, "stroke-opacity": 0.75 }),
      svg("line", { ...line, stroke: colour, "stroke-width": 3.5, "stroke-dasharray": dash ? "7 4" : "none" }),
      svg("polygon", { points: head, fill: colour, stroke: this.theme.background, "stroke-width": 1 }),
    );
  },

  drawOptima() {
    const { optima } = this.layers;
    const label = (text, [x, y]) => {
      const is_left = x > 0.62 * this.size;
      return svg("text", { x: x + (is_left ? -12 : 12), y: y + 4, "text-anchor": is_left ? "end" : "start" }, text);
    };
    optima.replaceChildren();
    const joint = this.toScreen(this.joint.theta), best = this.toScreen(this.best.theta);
    const same = this.now.inner_steps === 0 || Math.hypot(joint[0] - best[0], joint[1] - best[1]) < 14;
    optima.append(
      svg("rect", {
        x: joint[0] - 6, y: joint[1] - 6, width: 12, height: 12,
        fill: this.theme.background, stroke: this.data.colours.joint, "stroke-width": 2.5,
      }),
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
    optima.append(svg("polygon", { points: star.join(" "), fill: this.data.methods.maml.colour, ...this.rim() }));
    optima.append(label(same ? "meta- and joint optimum" : "meta-optimum", best));
  },

  drawTrails() {
    this.layers.trails.replaceChildren();
    for (const [name, trail] of Object.entries(this.trails ?? {})) {
      const { colour, dash } = this.data.methods[name], [cx, cy] = this.toScreen(trail[trail.length - 1]);
      this.layers.trails.append(
        this.polyline(trail, { stroke: this.theme.background, "stroke-width": 6, "stroke-opacity": 0.7 }),
        this.polyline(trail, { stroke: colour, "stroke-width": 3, "stroke-dasharray": dash ? "7 4" : "none" }),
        svg("circle", { cx, cy, r: 6, fill: colour, ...this.rim() }),
      );
    }
  },

  handle(which) {
    if (!this.handles.has(which)) {
      const group = svg("g", { class: "handle", tabindex: 0, role: "slider" });
      group.setAttribute("aria-roledescription", "handle in two directions");
      group.append(svg("circle", { class: "reach", r: 22.5 }), svg("circle", { class: "dot" }), svg("text"));
      group.onpointerdown = (event) => this.grip(which, event);
      group.onkeydown = (event) => this.press(which, event);
      group.onfocus = () => this.chosen !== which && this.choose(which);
      this.handles.set(which, group);
      this.layers.handles.append(group);
    }
    return this.handles.get(which);
  },

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
  },
};
