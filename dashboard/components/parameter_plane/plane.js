// Tasks in a plane: draw, drag, descend. What is dragged is computed and drawn here; Python hears of it once, on release.

const STEPS_A_FRAME = 2;
const instances = new WeakMap();

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
      const turned = name === "maml" || Number.isNaN(angle) ? "" : ` at ${angle.toFixed(0)} degrees`;
      return `${this.data.methods[name].name} ${spell(norm(found[name]))}${turned}`;
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
    // A handle keeps its distance to the pointer; on the floor theta comes to the pointer.
    const is_floor = event.currentTarget !== handle;
    const offset = is_floor ? [0, 0] : [event.clientX - box.left - x, event.clientY - box.top - y];
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
      const ends = Object.entries(this.trails).map(([name, trail]) => {
        const end = trail[trail.length - 1];
        return `${this.data.methods[name].name} ended at ${place(end)}, meta-loss ${spell(metaLoss(this.now, end))}`;
      });
      this.live.textContent = `${ends.join(". ")}.`;
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

  startOrStop() {
    if (this.running) this.clearTrails();
    else this.descend();
    this.update("theta");
  }

  stop() {
    cancelAnimationFrame(this.running);
    this.running = 0;
  }

  clearTrails() {
    this.stop();
    this.trails = null;
  }

  end() {
    this.stop();
    clearTimeout(this.timer);
    this.observer.disconnect();
  }
}

Object.assign(Plane.prototype, drawing, panel);

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
