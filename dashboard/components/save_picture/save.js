// Plotly's own way to a picture is behind the camera of its bar, which knows one format. Streamlit keeps Plotly to itself, so
// the camera is pressed from here, with the format and a background put in its place for that moment.

export default function ({ data, parentElement }) {
  const said = parentElement.querySelector("[role=status]")
  for (const button of parentElement.querySelectorAll("button")) {
    button.onclick = () => {
      said.textContent = save(data, button.dataset.format, background(parentElement)) ? "" : "The chart is not ready yet; try again."
    }
  }
}

function save({ chart, filename, width, height }, format, background) {
  const plot = document.querySelector(`.st-key-${CSS.escape(chart)} .js-plotly-plot`)
  const camera = plot?.querySelector('.modebar-btn[data-title^="Download plot"]')
  if (!camera || !plot._context || !plot.layout) return false
  const kept = [plot._context.toImageButtonOptions, plot.layout.paper_bgcolor]
  plot._context.toImageButtonOptions = { format, filename, width, height, scale: format === "png" ? 2 : 1 }
  plot.layout.paper_bgcolor = background // light writing on nothing could not be read on white paper
  camera.click()
  ;[plot._context.toImageButtonOptions, plot.layout.paper_bgcolor] = kept
  return true
}

function background(element) {
  return getComputedStyle(element.querySelector(".save")).getPropertyValue("--st-background-color").trim() || "#ffffff"
}
