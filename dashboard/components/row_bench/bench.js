// Known rows as handles; what the visitor leaves goes to Python, whose prediction comes back.

export default function ({ data, parentElement, setStateValue }) {
  const stage = parentElement.querySelector(".stage"), picture = stage.querySelector(".picture")
  const points = data.points.map(point => [...point])
  const [low, high] = data.y_range, middle = (low + high) / 2
  const inside = (value, [from, to]) => Math.min(Math.max(value, from), to)
  let scale
  let later = 0
  const send = () => setStateValue("points", points.map(point => [...point]))

  function draw() {
    scale = new Scale(stage.clientWidth || 400, 320, data.x_range, (high - low) / 2, middle)
    picture.replaceChildren()
    drawAxes(svg("g", {}, picture), scale, ["", `${data.titles[1]} against ${data.titles[0]}`])
    const [xs, mean, bottom, top] = data.curve.map(part => part.map(value => value ?? NaN))
    const band = pathOf([...xs, ...xs.toReversed()], [...top, ...bottom.toReversed()], scale)
    svg("path", { d: band, fill: data.colours.line, "fill-opacity": 0.15 }, picture)
    svg("path", { d: pathOf(xs, mean, scale), fill: "none", stroke: data.colours.line, "stroke-width": 2.5 }, picture)
    stage.querySelectorAll(".handle").forEach((handle, index) => place(handle, index))
  }

  function place(handle, index) {
    const [x, y] = points[index]
    handle.style.transform = `translate(${scale.px(x)}px, ${scale.py(y)}px)`
    handle.setAttribute("aria-label", `Known row ${index + 1}: ${data.titles[0]} ${spellNumber(x)}, ${data.titles[1]} ${spellNumber(y)}`)
  }

  // The same stage is drawn anew with every answer; whoever moved a handle by keys keeps hold of it.
  stage.stop?.()
  const old = [...stage.querySelectorAll(".handle")]
  const held = old.indexOf(stage.getRootNode().activeElement)
  old.forEach(handle => handle.remove())
  points.forEach((_, index) => {
    const handle = document.createElement("button")
    handle.className = "handle"
    stage.append(handle)
    const move = (x, y) => {
      points[index] = [inside(x, data.x_range), inside(y, data.y_range)].map(value => Number(value.toPrecision(6)))
      place(handle, index)
    }
    handle.onpointerdown = event => handle.setPointerCapture(event.pointerId)
    handle.onpointermove = event => {
      if (!handle.hasPointerCapture(event.pointerId)) return
      const box = stage.getBoundingClientRect()
      move(scale.x(event.clientX - box.left), scale.y(event.clientY - box.top))
      handle.moved = true
    }
    handle.onpointerup = () => { if (handle.moved) send() }
    handle.onkeydown = event => {
      if (event.key === "Delete" && points.length > 1) { points.splice(index, 1); send(); return }
      const [right, up] = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[event.key] ?? [0, 0]
      if (!right && !up) return
      event.preventDefault()
      move(points[index][0] + right * (data.x_range[1] - data.x_range[0]) / 50, points[index][1] + up * (high - low) / 50)
      clearTimeout(later)
      later = setTimeout(send, 300)
    }
  })
  const add = (x, y) => { if (points.length < data.most) { points.push([x, y].map(value => Number(value.toPrecision(6)))); send() } }
  parentElement.querySelector(".add").onclick = () => add((data.x_range[0] + data.x_range[1]) / 2, middle)
  stage.ondblclick = event => {
    const box = stage.getBoundingClientRect()
    add(inside(scale.x(event.clientX - box.left), data.x_range), inside(scale.y(event.clientY - box.top), data.y_range))
  }
  for (const [name, colour] of Object.entries(data.colours)) stage.style.setProperty(`--${name}`, colour)
  const observer = new ResizeObserver(draw)
  observer.observe(stage)
  draw()
  stage.querySelectorAll(".handle")[Math.min(held, points.length - 1)]?.focus({ preventScroll: true })
  stage.stop = () => { observer.disconnect(); clearTimeout(later) }
  return stage.stop
}
