// What stands beside and below the picture: sliders, buttons, tables of numbers.
const panel = {
  buildSide() {
    const slider = (name, words, read, show, attributes) => {
      const output = html("span", { class: "value" });
      const input = html("input", { type: "range", "aria-label": words, ...attributes });
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
      descend: button("Let them descend", () => this.startOrStop(), "main"),
      best: button("θ to the meta-optimum", () => this.jump(this.best.theta)),
      add: button("Add a task", () => this.addTask()),
      remove: button("Remove it", () => this.removeTask(this.chosen)),
      turn: button("Turn it", () => this.turnTask()),
    };
    this.losses = html("div", { class: "losses" });
    this.methodRows = html("tbody");
    this.taskRows = html("tbody");
    const table = (caption, heads, body) => {
      const cells = heads.map((head) => html("th", { scope: "col" }, head));
      return html("table", {}, html("caption", {}, caption), html("thead", {}, html("tr", {}, ...cells)), body);
    };
    this.side.append(
      html("div", { class: "sliders" }, ...this.sliders.map(({ label }) => label)),
      this.losses,
      table("Update of θ", ["Method", "norm", "to MAML", "end loss"], this.methodRows),
      html("div", { class: "buttons" }, this.buttons.descend, this.buttons.best),
    );
    this.under.append(
      table("Tasks", ["Task", "loss at θ", "after K steps", "from ★ to it"], this.taskRows),
      html("div", { class: "buttons" }, this.buttons.add, this.buttons.remove, this.buttons.turn),
    );
  },

  showParts() {
    const { methods, ranges, colours } = this.data;
    this.root.style.setProperty("--before", colours.before);
    this.root.style.setProperty("--after", colours.after);
    this.root.style.setProperty("--implicit", methods.imaml.colour);
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
          const is_on = (each) => this.methodRows.querySelector(`[data-method=${each}]`).checked;
          this.now.shown = Object.keys(methods).filter(is_on);
          this.update("theta");
          this.commit();
        };
        const stroke = { stroke: colour, "stroke-width": 3.5, "stroke-dasharray": dash ? "7 4" : "none" };
        const line = svg("svg", { viewBox: "0 0 30 10", "aria-hidden": "true" });
        line.append(svg("line", { x2: 30, y1: 5, y2: 5, ...stroke }));
        const head = html("th", { scope: "row" }, html("label", { class: "method" }, input, line, words));
        this.methodRows.append(html("tr", {}, head, html("td"), html("td"), html("td")));
      }
    }
  },

  jump(theta) {
    this.clearTrails();
    const [x, y] = theta;
    this.now.theta = [clamp(x, this.data.window[0]), clamp(y, this.data.window[1])];
    this.update("theta");
    this.commit();
  },

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
      const distance = this.best.is_flat ? NaN : norm(subtract(this.best.theta, task));
      const cells = [surface(now.theta, task)[0], surface(end, task)[0], distance];
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
  },
};
