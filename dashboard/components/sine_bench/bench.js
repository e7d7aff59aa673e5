// The bench itself: what stands on it, what hands do to it, and what it tells Python. Python hears of a scene once, when the
// visitor lets go; until Python has seen the last one, nothing that comes from there moves what the visitor holds.

const KEPT_WEIGHTS = 24
const learners = new Map() // digest -> BrowserLearner, for the life of the page: weights travel once
const benches = new WeakMap() // one for each place that the component is mounted in

const REACH = { mouse: 22, touch: 28, pen: 26 } // pixels from a handle's middle that still take hold of it
const REST = 350 // milliseconds without a key after which Python is told
const SLOW_FRAME = 12 // milliseconds after which a drag leaves the small picture for later
const STRIP_EVERY = 8 // of the curve's points, for the small picture's losses

const round2 = value => Math.round(value * 100) / 100 + 0
const clamp = (value, low, high) => Math.min(Math.max(value, low), high)
const waveAt = (scene, x) => scene.amplitude * Math.sin(x + scene.phase)

class Bench {
  constructor(parent) {
    this.root = parent.querySelector(".bench")
    this.find = selector => this.root.querySelector(selector)
    this.stage = this.find(".stage")
    this.picture = this.find(".picture")
    this.handles = this.find(".handles")
    this.number = 0 // of the last scene that Python was told
    this.chosen = -1
    this.layPicture()
    this.listen()
    this.observer = new ResizeObserver(() => this.schedule())
    this.observer.observe(this.stage)
  }

  layPicture() {
    const clip = svg("clipPath", { id: "inside" }, svg("defs", {}, this.picture))
    this.clip = svg("rect", {}, clip)
    this.axes = svg("g", {}, this.picture)
    const curves = svg("g", { "clip-path": "url(#inside)" }, this.picture)
    this.truthPath = svg("path", { class: "truth" }, curves)
    this.eachGroup = svg("g", {}, curves)
    this.beforePath = svg("path", { class: "before" }, curves)
    this.afterGroup = svg("g", {}, curves)
    this.offGroup = svg("g", {}, curves)
    this.amplitudeHandle = this.waveHandle("amplitude", "↕", "Amplitude of the wave")
    this.phaseHandle = this.waveHandle("phase", "↔", "Phase of the wave, radians")
  }

  waveHandle(name, sign, label) {
    const handle = document.createElement("button")
    Object.assign(handle, { type: "button", className: `handle wave ${name}` })
    handle.innerHTML = `<span aria-hidden="true">${sign}</span>`
    handle.setAttribute("role", "slider")
    handle.setAttribute("aria-label", label)
    handle.setAttribute("aria-orientation", name === "amplitude" ? "vertical" : "horizontal")
    handle.grip = { kind: name }
    this.handles.append(handle)
    return handle
  }

  // From and to Python.

  /** Takes in what Python says; the scene only if Python has seen the visitor's last one and nobody holds anything. */
  receive(data, tell) {
    this.data = data
    this.tell = tell
    for (const [digest, weights] of Object.entries(data.weights)) {
      if (!learners.has(digest)) learners.set(digest, new BrowserLearner(weights))
    }
    while (learners.size > KEPT_WEIGHTS) learners.delete(learners.keys().next().value)
    const isFirst = !this.scene
    if (isFirst) this.number = data.seen
    if (isFirst || (data.seen >= this.number && !this.held)) this.scene = structuredClone(data.scene)
    this.answers = data.answers && sameTask(this.scene, data.scene) ? data.answers : null
    // What comes while something is held is of another task: the last answers stay, as stale ones.
    if (!this.held || this.answers || !this.answered) this.readAnswers()
    this.xs = Float64Array.from({ length: data.curve_points }, (_, index) => {
      return data.x_range[0] + ((data.x_range[1] - data.x_range[0]) * index) / (data.curve_points - 1)
    })
    this.before = new Map()
    this.layCards()
    this.layControls()
    if (this.answers) this.root.dispatchEvent(new CustomEvent("confirmed"))
    if (!this.drag) this.limit = this.wantedLimit()
    this.frame()
    // Weights that Python takes to be here: a page that was left open may have lost them.
    if (data.entrants.some(entrant => entrant.weights && !learners.has(entrant.weights))) this.commit()
  }

  /** Tells Python what stands on the bench. */
  commit() {
    clearTimeout(this.resting)
    this.held = false
    this.number += 1
    this.tell("scene", { ...structuredClone(this.scene), number: this.number, holds: [...learners.keys()] })
    this.limit = this.wantedLimit()
    this.schedule()
  }

  /** Tells Python when the keys have rested. */
  commitSoon() {
    this.held = true
    clearTimeout(this.resting)
    this.resting = setTimeout(() => this.commit(), REST)
  }

  /** The visitor has changed what is learned from or how: Python's numbers are no longer of this. */
  touched() {
    clearTimeout(this.resting) // keys that were pressed before are told with what is moved now
    this.held = true
    this.answers = null
    this.schedule()
  }

  readAnswers() {
    this.answered = new Map()
    for (const [name, { loss, path }] of Object.entries(this.answers ?? {})) {
      const losses = loss.map(value => value ?? Infinity)
      this.answered.set(name, { losses, path: path && floats(path) })
    }
  }

  // What is shown: numbers first, then the picture.

  get focus() {
    const { entrants } = this.data
    return (entrants.find(entrant => entrant.name === this.scene.focus) ?? entrants[0])?.name
  }

  shown(entrant) {
    return !this.scene.hidden.includes(entrant.name)
  }

  learner(entrant) {
    return learners.get(entrant.weights)
  }

  points() {
    return this.scene.points.map(([x, off]) => [x, waveAt(this.scene, x) + off])
  }

  wantedLimit() {
    return halfHeight(this.scene.amplitude, this.points().map(([, y]) => y))
  }

  schedule() {
    if (!this.scheduled) this.scheduled = requestAnimationFrame(() => this.frame())
  }

  /** One frame: adapts every learner that is shown, then draws. */
  frame() {
    cancelAnimationFrame(this.scheduled)
    this.scheduled = 0
    if (!this.data || !this.root.isConnected || !this.stage.clientWidth) return
    const begun = performance.now()
    // Sizes first: asked for after something has changed, the browser would lay out the page anew.
    const strip = this.find(".strip")
    this.sizes = { stage: [this.stage.clientWidth, this.stage.clientHeight], strip: [strip.clientWidth, strip.clientHeight] }
    const everything = !this.drag || (this.took ?? 0) < SLOW_FRAME
    const fits = this.adaptAll(everything)
    this.draw(fits, everything)
    this.took = performance.now() - begun
    clearTimeout(this.later)
    if (!everything) this.later = setTimeout(() => { this.took = 0; this.schedule() }, REST)
    const curves = Object.fromEntries([...fits].map(([name, fit]) => [name, fit.curves]))
    this.root.dispatchEvent(new CustomEvent("frame", { detail: { milliseconds: this.took, curves } }))
  }

  /** Name -> curves and losses by step, of each learner that is shown. */
  adaptAll(everything) {
    const { scene, data, xs } = this
    const points = this.points()
    this.truth = xs.map(x => waveAt(scene, x))
    const fits = new Map()
    for (const entrant of data.entrants) {
      if (!this.shown(entrant)) continue
      const learner = this.learner(entrant)
      fits.set(entrant.name, learner ? this.fit(entrant, learner, points, everything) : this.answeredFit(entrant))
    }
    return fits
  }

  fit(entrant, learner, points, everything) {
    const { scene, data, xs, truth } = this
    const path = learner.adapt(points, everything ? data.most.steps : scene.steps, entrant.inner_lr ?? scene.inner_lr)
    if (!this.before.has(entrant.name)) this.before.set(entrant.name, learner.curve(learner.start, xs))
    const curves = { 0: this.before.get(entrant.name) }
    const first = entrant.name === this.focus ? 1 : Math.max(scene.steps, 1)
    for (let step = first; step <= scene.steps; step++) curves[step] = learner.curve(path[step], xs)
    const losses = {}
    for (const step of Object.keys(curves)) losses[step] = meanSquaredError(curves[step], truth)
    return { curves, losses, along: everything ? this.lossesAlong(learner, path, losses) : null }
  }

  /** Losses after every step; where they are not known yet, on some of the points: enough for a line. */
  lossesAlong(learner, path, known) {
    const some = values => values.filter((_, index) => index % STRIP_EVERY === 0)
    const xs = some(this.xs), truth = some(this.truth)
    return path.map((params, step) => known[step] ?? meanSquaredError(learner.curve(params, xs), truth))
  }

  /** The fit that Python computed; stale from the moment that anything is moved. */
  answeredFit(entrant) {
    const answer = this.answered.get(entrant.name)
    if (!answer?.path) return { curves: {}, losses: {}, along: [], stale: true }
    const length = this.xs.length
    const curves = Array.from({ length: answer.losses.length }, (_, step) => answer.path.subarray(step * length, (step + 1) * length))
    return { curves, losses: answer.losses, along: answer.losses, stale: !this.answers }
  }

  draw(fits, everything) {
    this.root.style.setProperty("--focus", this.data.entrants.find(entrant => entrant.name === this.focus)?.colour)
    this.drawFrame()
    this.truthPath.setAttribute("d", pathOf(this.xs, this.truth, this.scale))
    this.drawFits(fits)
    this.drawPoints()
    this.drawWaveHandles()
    this.writeCards(fits)
    if (everything) {
      const lines = this.data.entrants.filter(entrant => fits.has(entrant.name)).map(entrant => ({
        losses: fits.get(entrant.name).along, colour: entrant.colour, focus: entrant.name === this.focus,
      }))
      drawStrip(this.find(".strip"), this.sizes.strip, lines, this.scene.steps, this.data.most.steps)
    }
    this.find(".k-value").textContent = this.scene.steps
    this.find(".rate-value").textContent = spellNumber(this.scene.inner_lr)
    this.find(".after-label").textContent = `after ${this.scene.steps} step${this.scene.steps === 1 ? "" : "s"}`
  }

  /** Axes, anew only where the size or the range has changed. */
  drawFrame() {
    const [width, height] = this.sizes.stage
    const [low, high] = this.data.x_range
    const wanted = [width, height, low, high, this.limit].join()
    if (wanted === this.framed) return
    this.framed = wanted
    this.scale = new Scale(width, height, [low, high], this.limit)
    this.picture.setAttribute("viewBox", `0 0 ${width} ${height}`)
    const inside = { x: MARGIN.left, y: MARGIN.top, width: width - MARGIN.left - MARGIN.right, height: height - MARGIN.top - MARGIN.bottom }
    for (const [key, value] of Object.entries(inside)) this.clip.setAttribute(key, value)
    drawAxes(this.axes, this.scale)
  }

  drawFits(fits) {
    const { xs, scale, scene, data } = this
    const focused = data.entrants.find(entrant => entrant.name === this.focus)
    const fit = fits.get(this.focus)
    this.beforePath.setAttribute("d", fit?.curves[0] ? pathOf(xs, fit.curves[0], scale) : "")
    const between = fit?.curves[0] ? Math.max(0, scene.steps - 1) : 0
    fill(this.eachGroup, between, index => ({
      d: pathOf(xs, fit.curves[index + 1], scale),
      class: "each",
      stroke: mixed(data.colours.between, focused.colour, index / Math.max(1, between)),
      "stroke-opacity": 0.45 + (0.35 * (index + 1)) / scene.steps,
    }))
    // The one in focus comes last, on top.
    const after = scene.steps === 0 ? [] : data.entrants.filter(entrant => fits.get(entrant.name)?.curves[scene.steps])
    after.sort((one, other) => (one.name === this.focus) - (other.name === this.focus))
    fill(this.afterGroup, after.length, index => {
      const { name, colour } = after[index]
      const kinds = ["after", name === this.focus ? "focus" : "", fits.get(name).stale ? "stale" : ""]
      return { d: pathOf(xs, fits.get(name).curves[scene.steps], scale), class: kinds.join(" ").trim(), stroke: colour }
    })
  }

  drawPoints() {
    const { scale, scene } = this
    const points = this.points()
    const buttons = [...this.handles.querySelectorAll(".point")]
    while (buttons.length > points.length) buttons.pop().remove()
    while (buttons.length < points.length) {
      const button = document.createElement("button")
      Object.assign(button, { type: "button", className: "handle point" })
      this.handles.append(button)
      buttons.push(button)
    }
    buttons.forEach((button, index) => {
      const [x, y] = points[index]
      button.grip = { kind: "point", index }
      place(button, scale, x, y)
      button.classList.toggle("chosen", index === this.chosen)
      button.setAttribute("aria-label", this.spellPoint(index))
    })
    fill(this.offGroup, points.length, index => {
      const [x, y] = points[index]
      const d = scene.points[index][1] === 0 ? "" : `M${scale.px(x)} ${scale.py(y)}V${scale.py(waveAt(scene, x))}`
      return { d, class: "off-wave" }
    })
    this.find(".remove").disabled = !points[this.chosen]
    this.find(".add").disabled = points.length >= this.data.most.points
    this.find(".hint").textContent = this.hint()
  }

  spellPoint(index) {
    const [x, y] = this.points()[index]
    const off = this.scene.points[index][1]
    const where = off === 0 ? "on the wave" : `${Math.abs(off).toFixed(2)} ${off > 0 ? "above" : "below"} the wave`
    return `Support point ${index + 1} of ${this.scene.points.length}: x ${x.toFixed(2)}, y ${y.toFixed(2)}, ${where}`
  }

  drawWaveHandles() {
    const { scene, scale } = this
    this.places = this.drag?.places ?? this.freePlaces()
    const { turn, sign, zero } = this.places
    place(this.amplitudeHandle, scale, turn, sign * scene.amplitude)
    place(this.phaseHandle, scale, zero, 0)
    const say = (handle, now, low, high, text) => {
      for (const [key, value] of Object.entries({ valuenow: round2(now), valuemin: low, valuemax: high, valuetext: text })) {
        handle.setAttribute(`aria-${key}`, value)
      }
    }
    say(this.amplitudeHandle, scene.amplitude, 0.1, this.highest, scene.amplitude.toFixed(2))
    say(this.phaseHandle, scene.phase, 0, 6.28, `${scene.phase.toFixed(2)} radians`)
  }

  /** Where the wave turns and where it crosses zero, farthest from the support points: room for the two handles. */
  freePlaces() {
    const { scene, scale, data } = this
    const points = this.points().map(([x, y]) => [scale.px(x), scale.py(y)])
    const [low, high] = data.x_range
    const room = 22 / scale.perX
    const freest = (from, y) => {
      const places = []
      for (let half = Math.ceil((low + room - from) / Math.PI); from + half * Math.PI <= high - room; half++) {
        const x = from + half * Math.PI, height = y * (half % 2 ? -1 : 1)
        const away = Math.min(80, ...points.map(([px, py]) => Math.hypot(scale.px(x) - px, scale.py(height) - py)))
        places.push({ x, sign: half % 2 ? -1 : 1, score: away - 2 * Math.abs(x - (low + high) / 2) })
      }
      places.sort((one, other) => other.score - one.score)
      return places[0] ?? { x: clamp(from, low, high), sign: 1 }
    }
    const turn = freest(Math.PI / 2 - scene.phase, scene.amplitude)
    return { turn: turn.x, sign: turn.sign, zero: freest(-scene.phase, 0).x }
  }

  get highest() {
    return Math.max(10, this.data.base.amplitude)
  }

  // Cards and controls.

  layCards() {
    const laid = JSON.stringify(this.data.entrants)
    if (laid === this.laid) return
    this.laid = laid
    this.find(".cards").replaceChildren(...this.data.entrants.map(entrant => this.card(entrant)))
  }

  card(entrant) {
    const card = document.createElement("div")
    card.className = "card"
    card.style.setProperty("--colour", entrant.colour)
    card.innerHTML = `<label class="switch"><input type="checkbox"></label><button type="button" class="name"></button>
      <div class="loss"></div><div class="jax"></div>`
    const [box, name] = [card.querySelector("input"), card.querySelector(".name")]
    box.setAttribute("aria-label", `Show ${entrant.label}`)
    box.onchange = () => {
      this.scene.hidden = this.scene.hidden.filter(other => other !== entrant.name)
      if (!box.checked) this.scene.hidden.push(entrant.name)
      this.commit()
    }
    name.textContent = entrant.label
    name.title = "Draw each of its steps"
    name.onclick = () => {
      this.scene.focus = entrant.name
      this.scene.hidden = this.scene.hidden.filter(other => other !== entrant.name)
      this.commit()
    }
    return card
  }

  writeCards(fits) {
    const { scene, data } = this
    this.find(".cards").querySelectorAll(".card").forEach((card, index) => {
      const entrant = data.entrants[index]
      const fit = fits.get(entrant.name)
      card.classList.toggle("focus", entrant.name === this.focus)
      card.classList.toggle("off", !fit)
      card.classList.toggle("own-rate", Boolean(entrant.inner_lr))
      card.querySelector("input").checked = Boolean(fit)
      card.querySelector(".name").setAttribute("aria-pressed", entrant.name === this.focus)
      const [before, after] = [fit?.losses[0], fit?.losses[scene.steps]]
      const spelled = before === undefined ? "–" : `${spellLoss(before)} <span class="arrow">→</span> ${spellLoss(after)}`
      setHtml(card.querySelector(".loss"), spelled)
      setHtml(card.querySelector(".jax"), this.saidByPython(entrant, fit))
    })
  }

  /** Python's own number beside the browser's, or where it stays. */
  saidByPython(entrant, fit) {
    const { scene, data } = this
    if (!fit) return "switched off"
    const own = entrant.inner_lr ? ` at α = ${spellNumber(entrant.inner_lr)}` : ""
    if (!entrant.weights && this.held && !this.answers) return "answers when you let go"
    const answer = this.answers && this.answered.get(entrant.name)
    if (!answer) return data.answers || this.held ? `JAX …${own}` : own
    const theirs = answer.losses[scene.steps], ours = fit.losses[scene.steps]
    const agree = Math.abs(theirs - ours) <= 1e-3 * (1 + theirs) || (spellLoss(theirs) === spellLoss(ours))
    if (!entrant.weights) return `computed by JAX${own}`
    const verdict = agree ? '<span class="ok">✓<span class="word"> confirmed</span></span>' : '<span class="off">≠ differs</span>'
    return `JAX ${spellLoss(theirs)} ${verdict}${own}`
  }

  hint() {
    const waiting = this.data.entrants.filter(entrant => !entrant.weights && this.shown(entrant))
    if (waiting.length) return waiting.map(({ label, why }) => `${label} is computed by Python when you let go: ${why}`).join(" ")
    if (this.scene.points.length === 0) return "Without points there is nothing to adapt to. Double-click the picture, or press “Add point”."
    return "Drag points anywhere, ↕ for the amplitude, ↔ for the phase. Double-click (or tap) adds a point; arrow keys move the chosen one, Delete removes it."
  }

  layControls() {
    const { scene, data } = this
    const [k, rate] = [this.find(".k"), this.find(".alpha")]
    k.max = data.most.steps
    if (Number(k.value) !== scene.steps) k.value = scene.steps
    ;[rate.min, rate.max] = data.step_sizes.map(Math.log10)
    if (Math.abs(Number(rate.value) - Math.log10(scene.inner_lr)) > 0.006) rate.value = Math.log10(scene.inner_lr)
    rate.setAttribute("aria-valuetext", spellNumber(scene.inner_lr))
    const takes = data.entrants.some(entrant => !entrant.inner_lr && (this.learner(entrant)?.takesStepSize ?? true))
    rate.disabled = !takes
    rate.title = takes ? "" : "These learners have learned their step sizes."
  }

  // Hands.

  listen() {
    const { stage } = this
    stage.addEventListener("pointerdown", event => this.grasp(event))
    stage.addEventListener("pointermove", event => this.pull(event))
    stage.addEventListener("pointerup", event => this.release(event))
    stage.addEventListener("pointercancel", event => this.release(event))
    stage.addEventListener("dblclick", event => { if (!this.nearest(event)) this.addAt(...this.at(event)) })
    this.handles.addEventListener("keydown", event => this.key(event))
    this.handles.addEventListener("focusin", event => {
      if (event.target.grip?.kind === "point") this.choose(event.target.grip.index)
    })
    const k = this.find(".k"), rate = this.find(".alpha")
    k.addEventListener("input", () => { this.scene.steps = Number(k.value); this.held = true; this.schedule() })
    // A key changes a slider with every stroke; a pointer once, when it lets go.
    let keyed = false
    for (const slider of [k, rate]) {
      slider.addEventListener("keydown", () => { keyed = true })
      slider.addEventListener("pointerdown", () => { keyed = false })
      slider.addEventListener("change", () => (keyed ? this.commitSoon() : this.commit()))
    }
    rate.addEventListener("input", () => {
      this.scene.inner_lr = Number((10 ** Number(rate.value)).toPrecision(2))
      rate.setAttribute("aria-valuetext", spellNumber(this.scene.inner_lr))
      this.touched()
    })
    this.find(".add").onclick = () => this.addAt(this.widestGap(), null)
    this.find(".remove").onclick = () => this.remove(this.chosen)
    this.find(".reset").onclick = () => { this.chosen = -1; this.scene = structuredClone(this.data.base); this.layControls(); this.touched(); this.commit() }
    this.find(".play").onclick = () => this.play()
    this.root.querySelectorAll("[data-save]").forEach(button => { button.onclick = () => this.save(button.dataset.save) })
  }

  at(event) {
    const box = this.stage.getBoundingClientRect()
    return [this.scale.x(event.clientX - box.left), this.scale.y(event.clientY - box.top)]
  }

  /** The handle nearest to the pointer, if one is in reach. */
  nearest(event) {
    const box = this.stage.getBoundingClientRect()
    let found = null, least = REACH[event.pointerType] ?? REACH.mouse
    for (const handle of this.handles.children) {
      const distance = Math.hypot(event.clientX - box.left - handle.at[0], event.clientY - box.top - handle.at[1])
      if (distance <= least) [found, least] = [handle, distance]
    }
    return found
  }

  grasp(event) {
    if (event.button !== 0 || this.drag) return
    const handle = this.nearest(event)
    if (!handle) {
      this.tap = event.pointerType === "mouse" ? null : { x: event.clientX, y: event.clientY, time: event.timeStamp }
      return
    }
    event.preventDefault()
    handle.focus({ preventScroll: true })
    this.stop()
    this.stage.setPointerCapture(event.pointerId)
    this.drag = { grip: handle.grip, id: event.pointerId, ...this.places, places: this.places, phase: this.scene.phase, from: this.at(event) }
    this.schedule()
  }

  pull(event) {
    if (event.pointerId !== this.drag?.id) return
    const [x, y] = this.at(event)
    const { grip, from, phase, places } = this.drag
    if (!this.drag.moved && Math.hypot((x - from[0]) * this.scale.perX, (y - from[1]) * this.scale.perY) < 2) return
    this.drag.moved = true
    if (grip.kind === "point") this.movePoint(grip.index, x, y, 4 / this.scale.perY)
    if (grip.kind === "amplitude") this.scene.amplitude = clamp(round2(places.sign * y), 0.1, this.highest)
    if (grip.kind === "phase") {
      const shift = x - from[0]
      this.scene.phase = turned(phase - shift)
      this.drag.places = { ...places, turn: this.drag.turn + shift, zero: this.drag.zero + shift }
    }
    this.touched()
  }

  release(event) {
    if (this.drag && event.pointerId === this.drag.id) {
      const { moved, grip } = this.drag
      this.drag = null
      if (moved) {
        this.announce(grip)
        this.commit()
      }
      return
    }
    const tap = this.tap
    this.tap = null
    const isTap = tap && event.type === "pointerup" && event.timeStamp - tap.time < 350
    if (isTap && Math.hypot(event.clientX - tap.x, event.clientY - tap.y) < 8) this.addAt(...this.at(event))
  }

  key(event) {
    const { grip } = event.target
    if (!grip) return
    const far = event.shiftKey ? 0.5 : 0.1
    const [right, up] = { ArrowLeft: [-far, 0], ArrowRight: [far, 0], ArrowUp: [0, far], ArrowDown: [0, -far] }[event.key] ?? [0, 0]
    if (grip.kind === "point" && (event.key === "Delete" || event.key === "Backspace")) {
      event.preventDefault()
      this.remove(grip.index)
      return
    }
    if (!right && !up) return
    event.preventDefault()
    const { scene } = this
    if (grip.kind === "point") {
      const [x, off] = scene.points[grip.index]
      this.movePoint(grip.index, x + right, waveAt(scene, x) + off + up, 0, up === 0 ? off : null)
    }
    if (grip.kind === "amplitude") scene.amplitude = clamp(round2(scene.amplitude + up + right), 0.1, this.highest)
    if (grip.kind === "phase") scene.phase = turned(scene.phase - right - up)
    this.limit = Math.max(this.limit, this.wantedLimit())
    this.touched()
    this.announce(grip)
    this.commitSoon()
  }

  /** A point to (x, y); onto the wave where it comes closer than `snap`. With `off`, it keeps that distance to the wave. */
  movePoint(index, x, y, snap, off = null) {
    const { scene, data } = this
    const at = round2(clamp(x, ...data.x_range))
    const height = off ?? round2(clamp(y, -2 * this.limit, 2 * this.limit) - waveAt(scene, at))
    scene.points[index] = [at, Math.abs(height) < snap ? 0 : height]
  }

  choose(index) {
    this.chosen = index
    this.schedule()
  }

  /** A new point at (x, y), or on the wave where no y is given. */
  addAt(x, y) {
    const { scene, data } = this
    if (scene.points.length >= data.most.points) {
      this.say(`There may be at most ${data.most.points} support points.`)
      return
    }
    scene.points.push([0, 0])
    const index = scene.points.length - 1
    this.movePoint(index, x, y ?? 0, 4 / this.scale.perY, y === null ? 0 : null)
    this.chosen = index
    this.touched()
    this.announce({ kind: "point", index })
    this.commit()
  }

  /** Where on the x axis there is most room. */
  widestGap() {
    const [low, high] = this.data.x_range
    const xs = [low, ...this.scene.points.map(([x]) => x).sort((one, other) => one - other), high]
    let best = 0, at = (low + high) / 2
    for (let index = 0; index + 1 < xs.length; index++) {
      if (xs[index + 1] - xs[index] > best + 1e-9) [best, at] = [xs[index + 1] - xs[index], (xs[index] + xs[index + 1]) / 2]
    }
    return at
  }

  remove(index) {
    if (!this.scene.points[index]) return
    const hadFocus = this.handles.contains(this.root.getRootNode().activeElement)
    this.scene.points.splice(index, 1)
    this.chosen = Math.min(index, this.scene.points.length - 1)
    this.touched()
    this.frame()
    const next = this.handles.querySelectorAll(".point")[this.chosen]
    if (hadFocus) (next ?? this.find(".add")).focus({ preventScroll: true })
    this.say(`Removed. ${this.scene.points.length} support points are left.`)
    this.commit()
  }

  /** Takes the steps one by one, slowly. */
  play() {
    if (this.playing) { this.stop(); this.commit(); return }
    const { scene, data } = this
    scene.steps = scene.steps >= data.most.steps ? 0 : scene.steps
    this.find(".play").classList.add("playing")
    this.find(".play .text").textContent = "Stop"
    this.held = true
    this.playing = setInterval(() => {
      this.scene.steps += 1
      this.find(".k").value = this.scene.steps
      this.schedule()
      if (this.scene.steps >= data.most.steps) { this.stop(); this.commit() }
    }, 320)
    this.find(".k").value = scene.steps
    this.schedule()
  }

  stop() {
    clearInterval(this.playing)
    this.playing = 0
    this.find(".play").classList.remove("playing")
    this.find(".play .text").textContent = "Play"
  }

  // Words for a screen reader.

  announce({ kind, index }) {
    const what = kind === "point"
      ? this.spellPoint(index)
      : `Amplitude ${this.scene.amplitude.toFixed(2)}, phase ${this.scene.phase.toFixed(2)} radians`
    this.frame()
    const card = this.find(".card.focus")
    this.say(`${what}. ${card.querySelector(".name").textContent}: error ${card.querySelector(".loss").textContent}.`)
  }

  say(sentence) {
    this.find(".live").textContent = sentence
  }

  // What a visitor takes along.

  async save(kind) {
    const made = { svg: () => this.asSvg(), csv: () => this.asCsv(), png: () => this.asPng() }[kind]
    const link = document.createElement("a")
    link.href = URL.createObjectURL(await made())
    link.download = `sine_bench.${kind}`
    link.click()
    setTimeout(() => URL.revokeObjectURL(link.href), 1000)
  }

  /** The picture by itself: what the style sheet gives it is written into it, and handles become dots. */
  asSvg() {
    const copy = this.picture.cloneNode(true)
    const originals = this.picture.querySelectorAll("path, line, text")
    copy.querySelectorAll("path, line, text").forEach((element, index) => {
      const style = getComputedStyle(originals[index])
      for (const name of ["fill", "stroke", "stroke-width", "stroke-opacity", "stroke-dasharray", "font-family", "font-size"]) {
        element.setAttribute(name, style.getPropertyValue(name))
      }
    })
    for (const [x, y] of this.points()) svg("circle", { cx: this.scale.px(x), cy: this.scale.py(y), r: 6.5, fill: this.data.colours.point }, copy)
    const paper = getComputedStyle(this.root).getPropertyValue("--st-background-color") || "white"
    copy.prepend(svg("rect", { width: "100%", height: "100%", fill: paper }))
    copy.setAttribute("xmlns", SVG)
    copy.setAttribute("width", this.scale.width)
    copy.setAttribute("height", this.scale.height)
    return new Blob([new XMLSerializer().serializeToString(copy)], { type: "image/svg+xml" })
  }

  async asPng() {
    const picture = new Image()
    const address = URL.createObjectURL(this.asSvg())
    picture.src = address
    await picture.decode()
    URL.revokeObjectURL(address)
    const canvas = document.createElement("canvas")
    Object.assign(canvas, { width: 2 * this.scale.width, height: 2 * this.scale.height })
    canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height)
    return new Promise(resolve => canvas.toBlob(resolve, "image/png"))
  }

  /** Long form: what, after which step, x, y. */
  asCsv() {
    const rows = [["series", "step", "x", "y"]]
    this.xs.forEach((x, index) => rows.push(["truth", "", x, this.truth[index]]))
    for (const [x, y] of this.points()) rows.push(["support point", "", x, y])
    for (const [name, { curves }] of this.adaptAll(true)) {
      for (const step of Object.keys(curves)) this.xs.forEach((x, index) => rows.push([name, step, x, curves[step][index]]))
    }
    return new Blob([rows.map(row => row.join(",")).join("\n") + "\n"], { type: "text/csv" })
  }

  end() {
    this.observer.disconnect()
    this.stop()
    clearTimeout(this.later)
    if (this.resting && this.held) this.commit()
  }
}

/** As many paths in `group` as wanted, each with the attributes that `attributesOf(index)` says. */
function fill(group, wanted, attributesOf) {
  while (group.childElementCount > wanted) group.lastChild.remove()
  while (group.childElementCount < wanted) svg("path", {}, group)
  for (let index = 0; index < wanted; index++) {
    for (const [key, value] of Object.entries(attributesOf(index))) group.children[index].setAttribute(key, value)
  }
}

/** A handle's middle to (x, y), or to the edge of the picture where that lies outside. */
function place(handle, scale, x, y) {
  handle.at = [
    clamp(scale.px(x), MARGIN.left, scale.width - MARGIN.right),
    clamp(scale.py(y), MARGIN.top + 6, scale.height - MARGIN.bottom),
  ]
  handle.style.transform = `translate(${handle.at[0].toFixed(1)}px, ${handle.at[1].toFixed(1)}px)`
}

function setHtml(element, content) {
  if (element.innerHTML !== content) element.innerHTML = content
}

/** A phase from 0 to a full turn. */
function turned(phase) {
  return round2(((phase % (2 * Math.PI)) + 2 * Math.PI) % (2 * Math.PI))
}

/** Whether Python's answers to one scene are answers to another: they hold for any number of steps and whoever is hidden. */
function sameTask(one, other) {
  const task = ({ amplitude, phase, points, inner_lr }) => JSON.stringify([amplitude, phase, points, inner_lr])
  return task(one) === task(other)
}

export default function ({ data, parentElement, setStateValue }) {
  if (!benches.has(parentElement)) benches.set(parentElement, new Bench(parentElement))
  const bench = benches.get(parentElement)
  for (const [name, colour] of Object.entries(data.colours)) bench.root.style.setProperty(`--${name}`, colour)
  bench.receive(data, setStateValue)
  return () => {
    bench.end()
    benches.delete(parentElement)
  }
}
