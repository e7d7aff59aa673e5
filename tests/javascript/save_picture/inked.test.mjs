import assert from "node:assert/strict";
import test from "node:test";
import { inked } from "../../../dashboard/components/save_picture/index.js";

const INK = { text: "#111", paper: "#fff" };

test("all writing of a layout is in the ink's colour, on paper, and nothing else is changed", () => {
  const layout = {
    paper_bgcolor: "rgba(0,0,0,0)",
    plot_bgcolor: "#13161b",
    legend: { bgcolor: "#13161b", font: { color: "#e4e7ea", size: 12 } },
    xaxis: { tickfont: { color: "#e4e7ea" }, gridcolor: "#323943", range: [0, 1], title: { text: "x", font: { size: 14 } } },
    annotations: [{ text: "here", font: { color: "#e4e7ea" } }],
    template: { layout: { font: { color: "#e4e7ea", family: "Inter" } } },
  };
  const kept = structuredClone(layout);
  assert.deepEqual(inked(layout, INK), {
    paper_bgcolor: "#fff",
    plot_bgcolor: "#fff",
    legend: { bgcolor: "rgba(0,0,0,0)", font: { color: "#111", size: 12 } },
    xaxis: {
      tickfont: { color: "#111" },
      gridcolor: "#323943",
      range: [0, 1],
      title: { text: "x", font: { size: 14, color: "#111" } },
    },
    annotations: [{ text: "here", font: { color: "#111" } }],
    template: { layout: { font: { color: "#111", family: "Inter" } } },
  });
  assert.deepEqual(layout, kept);
});
