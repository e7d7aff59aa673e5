// A frame of the bench: adapt, then predict the curve after the last step. The slowest twentieth of the frames is left out.
export default function ({ data, parentElement, setStateValue }) {
  parentElement.querySelector("button").onclick = () => {
    const learner = new BrowserLearner(data.weights)
    const milliseconds = []
    let predictions
    for (let frame = 0; frame < data.frames; frame++) {
      const began = performance.now()
      const path = learner.adapt(data.points, data.steps, data.inner_lr)
      predictions = learner.curve(path[data.steps], data.xs)
      milliseconds.push(performance.now() - began)
    }
    milliseconds.sort((a, b) => a - b)
    setStateValue("answer", {
      predictions: Array.from(predictions),
      milliseconds: milliseconds[Math.ceil(0.95 * data.frames) - 1],
      at: Date.now(), // the same answer twice is still an answer
    })
  }
}
