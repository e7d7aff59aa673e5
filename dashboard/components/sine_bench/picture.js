// What is drawn, from numbers: scales, curves as SVG paths, axes. Knows nothing of pointers or of Python.

const SVG = "http://www.w3.org/2000/svg"
const MARGIN = { left: 34, right: 10, top: 8, bottom: 24 }
const HALF_HEIGHTS = [1.5, 2.5, 4, 6.5, 10, 13, 20, 40, 80, 160]

function svg(name, attributes = {}, parent = null) {
  const element = document.createElementNS(SVG, name)
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value)
  parent?.append(element)
  return element
}

/** Half the height of a y axis that has room for the wave and the points: one of a few, so that it seldom changes. */
function halfHeight(amplitude, ys) {
  const needed = 1.12 * Math.max(amplitude, ...ys.map(Math.abs))
  return HALF_HEIGHTS.find(height => height >= needed) ?? needed
}

/** Between the units of the data and pixels. */
class Scale {
  constructor(width, height, xRange, limit, middle = 0) {
    Object.assign(this, { width, height, xRange, limit, middle })
    this.perX = (width - MARGIN.left - MARGIN.right) / (xRange[1] - xRange[0])
    this.perY = (height - MARGIN.top - MARGIN.bottom) / (2 * limit)
  }
  px(x) { return MARGIN.left + (x - this.xRange[0]) * this.perX }
  py(y) { return MARGIN.top + (this.middle + this.limit - y) * this.perY }
  x(px) { return this.xRange[0] + (px - MARGIN.left) / this.perX }
  y(py) { return this.middle + this.limit - (py - MARGIN.top) / this.perY }
}

/** A curve as a path; where it is no number there is a gap, and far outside it runs along an edge that nobody sees. */
function pathOf(xs, ys, scale) {
  const { width, height } = scale
  let path = "", pen = "M"
  for (let index = 0; index < xs.length; index++) {
    const py = scale.py(ys[index])
    if (Number.isNaN(py)) { pen = "M"; continue }
    const seen = py < -height ? -height : py > 2 * height ? 2 * height : py
    path += pen + Math.round(10 * scale.px(xs[index])) / 10 + " " + Math.round(10 * seen) / 10
    pen = "L"
  }
  return path
}

/** Round numbers from `low` to `high`, five to seven of them. */
function ticks(low, high) {
  const rough = (high - low) / 7
  const power = 10 ** Math.floor(Math.log10(rough))
  const step = [1, 2, 5, 10].map(digit => digit * power).find(candidate => candidate >= rough)
  const found = []
  for (let tick = Math.ceil(low / step) * step; tick <= high + 1e-9; tick += step) found.push(Math.round(tick / step) * step)
  return found
}

/** Grid lines, numbers and what the axes mean. */
function drawAxes(group, scale, titles = ["x", "y"]) {
  group.replaceChildren()
  const { width, height, limit, middle, xRange } = scale
  const line = (x1, y1, x2, y2, kind) => svg("line", { x1, y1, x2, y2, class: kind }, group)
  const text = (x, y, anchor, content) => { svg("text", { x, y, "text-anchor": anchor }, group).textContent = content }
  for (const tick of ticks(middle - limit, middle + limit)) {
    const y = scale.py(tick)
    line(MARGIN.left, y, width - MARGIN.right, y, tick === 0 ? "zero" : "grid")
    text(MARGIN.left - 6, y + 4, "end", spellTick(tick))
  }
  for (const tick of ticks(...xRange)) {
    const x = scale.px(tick)
    line(x, MARGIN.top, x, height - MARGIN.bottom, "grid")
    text(x, height - MARGIN.bottom + 16, "middle", spellTick(tick))
  }
  text(width - MARGIN.right, height - MARGIN.bottom + 16, "end", scale.perX > 40 ? titles[0] : "")
  text(MARGIN.left + 6, MARGIN.top + 12, "start", titles[1])
}

function spellTick(tick) {
  return String(Math.round(tick * 1000) / 1000).replace("-", "−")
}

/** A loss for reading, spelt as Python spells it: three figures, or that there is none. */
function spellLoss(loss) {
  if (!Number.isFinite(loss) || loss >= 1e6) return "diverged"
  if (loss >= 100) return Math.round(loss).toLocaleString("en-US")
  return loss.toFixed(loss >= 0.1 ? 2 : 3)
}

function spellNumber(value) {
  return Number(value.toPrecision(3)).toString()
}

/** "#rrggbb" at `share` of the way to another. */
function mixed(from, to, share) {
  const channel = (colour, start) => parseInt(colour.slice(start, start + 2), 16)
  const parts = [1, 3, 5].map(start => Math.round(channel(from, start) + share * (channel(to, start) - channel(from, start))))
  return `rgb(${parts.join(" ")})`
}

/** The losses after each step, one line a learner, log scale; the marks lie above the slider's. */
function drawStrip(strip, [width, height], lines, steps, most) {
  const inset = 8, top = 6, floor = height - 6
  const drawn = lines.flatMap(({ losses }) => losses).filter(loss => loss > 0 && loss < 1e6)
  strip.replaceChildren()
  svg("line", { class: "floor", x1: 0, x2: width, y1: floor + 4, y2: floor + 4 }, strip)
  if (!drawn.length) return
  const low = Math.log(Math.min(...drawn)), high = Math.max(Math.log(Math.max(...drawn)), low + 0.5)
  const px = step => inset + ((width - 2 * inset) * step) / most
  const py = loss => top + ((high - Math.log(loss)) / (high - low)) * (floor - top)
  svg("line", { class: "now", x1: px(steps), x2: px(steps), y1: 0, y2: floor + 4 }, strip)
  for (const { losses, colour, focus } of lines) {
    let path = "", pen = "M"
    losses.forEach((loss, step) => {
      if (!(loss > 0 && loss < 1e6)) { pen = "M"; return }
      path += `${pen}${px(step).toFixed(1)} ${py(loss).toFixed(1)}`
      pen = "L"
    })
    svg("path", { d: path, stroke: colour, "stroke-opacity": focus ? 1 : 0.75 }, strip)
    const now = losses[steps]
    if (now > 0 && now < 1e6) svg("circle", { cx: px(steps), cy: py(now), r: focus ? 4 : 3, fill: colour }, strip)
  }
}
