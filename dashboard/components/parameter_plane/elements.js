// Small helpers: elements, and numbers for reading.

const SVG = "http://www.w3.org/2000/svg";

const spell = (value) => {
  if (!Number.isFinite(value) || Math.abs(value) >= 1e6) return "diverged";
  if (value === 0) return "0";
  const size = Math.abs(value);
  if (size < 0.01) return value.toExponential(1);
  return value.toFixed(size >= 100 ? 0 : size >= 10 ? 1 : size >= 1 ? 2 : 3);
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
