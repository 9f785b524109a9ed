// The playground in the page: controls, the network with a map for every unit, the border between the classes, the loss
// curves. The kernel trains; here is only drawn and asked. Written for anywidget; nothing is loaded from elsewhere.
//
// The files page_*.js are one module: playground_widget.py joins them in the order of its list. Every function takes the
// view `v`, the state of one playground in one page (made in page_main.js).

const SVG = "http://www.w3.org/2000/svg";
const QUIET = 600; // ms of rest before a screen reader is told
const TILE = 38; // CSS pixels of a unit's map
const HEIGHT = 392; // of the network
const BIG = 272; // side of the large map

function make(tag, css, parent, attributes = {}, text = "") {
  const node = document.createElement(tag);
  if (css) node.className = css;
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  if (text) node.textContent = text;
  if (parent) parent.appendChild(node);
  return node;
}

function drawn(tag, parent, attributes = {}) {
  const node = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  parent.appendChild(node);
  return node;
}

function button(parent, words, title, act, css = "") {
  const node = make("button", css, parent, { type: "button", title }, words);
  node.addEventListener("click", act);
  return node;
}

function canvas(parent, css, width, height) {
  const ratio = Math.max(1, window.devicePixelRatio || 1);
  const node = make("canvas", css, parent, { width: Math.round(width * ratio), height: Math.round(height * ratio) });
  node.style.width = `${width}px`;
  node.style.height = `${height}px`;
  const pen = node.getContext("2d");
  pen.scale(ratio, ratio);
  return { node, pen, width, height };
}

const bytes = (view) => new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
const floats = (view) => new Float32Array(view.buffer.slice(view.byteOffset, view.byteOffset + view.byteLength));
const short = (value) => (Math.abs(value) < 1e-9 ? "0" : value.toFixed(Math.abs(value) < 10 ? 2 : 1).replace("-", "\u2212"));

// JupyterLab would take plain keys out of the controls: an arrow would go to the next cell.
function keepKey(event) {
  const command = event.ctrlKey || event.metaKey || event.altKey || (event.shiftKey && event.key === "Enter");
  if (!command && event.key !== "Escape") event.stopPropagation();
}

// --- colors ---

const mix = (ink, share) => ink.map((part) => Math.round(255 + (part - 255) * share));
const packed = ([r, g, b]) => ((255 << 24) | (b << 16) | (g << 8) | r) >>> 0;

// The palette of signed maps as 0xAABBGGRR, one for each byte.
function signedInks(table) {
  return Uint32Array.from({ length: 256 }, (_, k) => packed([table[3 * k], table[3 * k + 1], table[3 * k + 2]]));
}

// --- what the kernel said, read ---

const several = (v) => v.scene.classes > 2;

function unitName(v, layer, unit) {
  if (layer === 0) return v.about.features[unit][1];
  if (layer < v.scene.layout.length - 1) return `layer ${layer}, unit ${unit + 1}`;
  return v.scene.classes === 2 ? "output" : `output, class ${unit + 1}`;
}

// Inputs are shown all; the network counts only those that are on.
const shownInput = (v, source) => v.scene.active.flatMap((on, k) => (on ? [k] : []))[source];

// A function (unit, source) -> weight; source null is the bias. Per layer: units x inputs, then the biases.
function weightsOf(v, layer) {
  const { layout } = v.scene;
  let start = 0;
  for (let k = 1; k < layer; k++) start += layout[k] * (layout[k - 1] + 1);
  const [units, width] = [layout[layer], layout[layer - 1]];
  return (unit, source) => v.frame.weights[source === null ? start + units * width + unit : start + unit * width + source];
}

function mapOf(v, layer, unit) {
  const area = v.scene.size * v.scene.size;
  if (layer === 0) return bytes(v.scene.maps).subarray(unit * area, (unit + 1) * area);
  let at = unit;
  for (let k = 1; k < layer; k++) at += v.scene.layout[k];
  return v.frame.maps.subarray(at * area, (at + 1) * area);
}
