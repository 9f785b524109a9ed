// The playground in the page: controls, the network with a map for every unit, the border between the classes, the loss
// curves. The kernel trains; here is only drawn and asked. Written for anywidget; nothing is loaded from elsewhere.

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
const bytes = (view) => new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
const floats = (view) => new Float32Array(view.buffer.slice(view.byteOffset, view.byteOffset + view.byteLength));
const short = (value) => (Math.abs(value) < 1e-9 ? "0" : value.toFixed(Math.abs(value) < 10 ? 2 : 1).replace("-", "\u2212"));

// JupyterLab would take plain keys out of the controls: an arrow would go to the next cell.
function keepKey(event) {
  const command = event.ctrlKey || event.metaKey || event.altKey || (event.shiftKey && event.key === "Enter");
  if (!command && event.key !== "Escape") event.stopPropagation();
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

function render({ model, el }) {
  const about = model.get("about");
  const table = bytes(about.palette);
  const inks = new Uint32Array(256); // palette as 0xAABBGGRR
  for (let k = 0; k < 256; k++) inks[k] = (255 << 24) | (table[3 * k + 2] << 16) | (table[3 * k + 1] << 8) | table[3 * k];
  const classInks = about.classes.map((ink) => [1, 3, 5].map((k) => parseInt(ink.slice(k, k + 2), 16)));

  // --- the skeleton ---
  const root = make("section", "ll-playground", el, { "aria-label": "Playground: a small network in the plane" });
  root.addEventListener("keydown", keepKey);
  const bar = make("div", "llp-bar", root);
  const button = (parent, words, title, act, css = "") => {
    const node = make("button", css, parent, { type: "button", title }, words);
    node.addEventListener("click", act);
    return node;
  };
  button(bar, "Reset", "back to the first weights of the seed", () => model.send({ type: "reset" }));
  const play = button(bar, "Play", "learn step after step", () => {
    model.send({ type: model.get("playing") ? "pause" : "play" });
  }, "llp-play"); // prettier-ignore
  button(bar, "Step", "one step: one batch of points", () => model.send({ type: "step" }));
  const count = make("span", "llp-count", bar);
  const presets = make("select", "llp-presets", bar, { "aria-label": "prepared tasks" });
  make("option", "", presets, { value: "" }, "prepared tasks …");
  for (const [name] of about.presets) make("option", "", presets, { value: name }, name);
  presets.addEventListener("change", () => presets.value && model.send({ type: "preset", name: presets.value }));
  const says = make("p", "llp-says", root);
  const error = make("div", "llp-error", root, { role: "alert" });
  const body = make("div", "llp-body", root);
  const side = make("div", "llp-side", body);
  const middle = make("div", "llp-middle", body);
  const right = make("div", "llp-right", body);
  const live = make("div", "ll-live", root, { "aria-live": "polite" });

  // --- controls ---
  const inputs = {};
  const set = (given) => model.send({ type: "set", given });
  for (const field of about.fields) {
    const row = make("label", "llp-field", side);
    const words = make("span", "", row, {}, field.label);
    if (field.options) {
      const node = make("select", "", row);
      field.options.forEach((option, k) => make("option", "", node, { value: k }, field.labels[k]));
      node.addEventListener("change", () => set({ [field.name]: field.options[node.value] }));
      inputs[field.name] = (value) => (node.value = field.options.indexOf(value));
    } else {
      const said = make("span", "llp-value", words);
      const node = make("input", "", row, { type: "range", min: field.low, max: field.high, step: field.step, "aria-label": field.label });
      const number = (text) => Number(Number(text).toFixed(6));
      node.addEventListener("input", () => (said.textContent = number(node.value)));
      node.addEventListener("change", () => set({ [field.name]: number(node.value) }));
      inputs[field.name] = (value) => {
        if (document.activeElement !== node || Number(node.value) !== value) node.value = value;
        said.textContent = value;
      };
    }
  }

  // --- the network ---
  const depth = make("div", "llp-depth", middle);
  const fewer = button(depth, "\u2212", "one hidden layer fewer", () => layers(-1));
  const depthSaid = make("span", "", depth);
  const more = button(depth, "+", "one hidden layer more", () => layers(1));
  fewer.setAttribute("aria-label", "one hidden layer fewer");
  more.setAttribute("aria-label", "one hidden layer more");
  function layers(by) {
    const hidden = [...model.get("settings").hidden];
    if (by < 0) hidden.pop();
    else hidden.push(hidden.length ? Math.min(hidden[hidden.length - 1], 4) : 4);
    set({ hidden });
  }
  const net = make("div", "llp-net", middle, { role: "group", "aria-label": "the network: arrow keys go from unit to unit" });
  net.style.height = `${HEIGHT}px`;
  const lines = drawn("svg", net, { class: "llp-lines", "aria-hidden": "true" });
  const panel = make("div", "llp-panel", root);

  // --- the right side ---
  const heading = make("div", "llp-heading", right);
  const big = canvas(right, "llp-big", BIG, BIG);
  big.node.setAttribute("role", "img");
  const legend = make("div", "llp-legend", right);
  const numbers = make("div", "llp-numbers", right);
  const trainSaid = make("div", "llp-train", numbers);
  const testSaid = make("div", "llp-test", numbers);
  const curves = canvas(right, "llp-curves", BIG, 92);
  curves.node.setAttribute("role", "img");

  // --- sharing ---
  const share = make("details", "llp-share", root);
  make("summary", "", share, {}, "Share this state");
  const weightsToo = make("label", "", share);
  const withWeights = make("input", "", weightsToo, { type: "checkbox" });
  weightsToo.append(" with weights");
  button(share, "Write it here", "writes the state below", () => model.send({ type: "share", weights: withWeights.checked }));
  button(share, "Load", "begins the state below", () => model.send({ type: "load", text: text.value }));
  const text = make("textarea", "", share, { rows: 3, spellcheck: "false", "aria-label": "state as text" });

  // --- building the network for a scene ---
  let scene = null;
  let frame = null;
  let tiles = []; // per layer: {node, pen, image, buffer, x, y}
  let edges = []; // per layer, unit, source
  let focus = null; // [layer, unit] whose map is large, or null for the output
  let chosen = null; // [layer, unit] whose weights are open
  let panelInputs = [];

  const unitName = (layer, unit) => {
    if (layer === 0) return about.features[unit][1];
    if (layer < scene.layout.length - 1) return `layer ${layer}, unit ${unit + 1}`;
    return scene.classes === 2 ? "output" : `output, class ${unit + 1}`;
  };
  const active = () => scene.active;
  // Inputs are shown all; the network counts only those that are on.
  const shownInput = (source) => active().flatMap((on, k) => (on ? [k] : []))[source];

  function build() {
    const before = document.activeElement && document.activeElement.dataset ? document.activeElement.dataset.unit : null;
    for (const node of net.querySelectorAll(".llp-unit, .llp-column")) node.remove();
    lines.replaceChildren();
    const columns = [about.features.length, ...scene.layout.slice(1)];
    const width = net.clientWidth || 420;
    const x = (layer) => 66 + TILE / 2 + ((width - 66 - TILE - 6) * layer) / (columns.length - 1);
    tiles = columns.map((units, layer) => {
      const step = Math.min(50, (HEIGHT - 44) / units);
      const top = 42 + (HEIGHT - 44 - step * units) / 2;
      return Array.from({ length: units }, (_, unit) => tile(layer, unit, x(layer), top + step * (unit + 0.5), units));
    });
    columns.forEach((units, layer) => column(layer, units, x(layer)));
    lines.setAttribute("viewBox", `0 0 ${width} ${HEIGHT}`);
    edges = [];
    for (let layer = 1; layer < columns.length; layer++) {
      edges.push(tiles[layer].map((to, unit) =>
        Array.from({ length: scene.layout[layer - 1] }, (_, source) => {
          const from = tiles[layer - 1][layer === 1 ? shownInput(source) : source];
          const [a, b] = [from.x + TILE / 2, to.x - TILE / 2];
          const d = `M${a} ${from.y} C${(a + b) / 2} ${from.y} ${(a + b) / 2} ${to.y} ${b} ${to.y}`;
          const line = drawn("path", lines, { d, class: "llp-edge" });
          const hit = drawn("path", lines, { d, class: "llp-hit" });
          const title = drawn("title", hit);
          hit.addEventListener("click", () => open(layer, unit, source));
          return { line, title };
        }),
      )); // prettier-ignore
    }
    if (chosen && !(chosen[0] < columns.length && chosen[0] > 0 && chosen[1] < columns[chosen[0]])) chosen = null;
    if (focus && !(focus[0] < columns.length && focus[1] < columns[focus[0]])) focus = null;
    paintInputs();
    roving();
    if (before) net.querySelector(`[data-unit="${before}"]`)?.focus({ preventScroll: true });
    const shapes = ["\u25cf", "\u25a0", "\u25b2"];
    legend.replaceChildren("classes");
    for (let k = 0; k < scene.classes; k++) {
      make("span", "llp-shape", legend, {}, ` ${shapes[k]} `).style.color = about.classes[k];
      legend.append(`${k + 1}`);
    }
    legend.append(" (filled: train, hollow: test)");
  }

  function column(layer, units, x) {
    const node = make("div", "llp-column", net);
    node.style.left = `${x}px`;
    const last = tiles.length - 1;
    if (layer === 0 || layer === last) {
      node.textContent = layer === 0 ? "inputs" : "output";
      return;
    }
    const change = (by) => {
      const hidden = [...model.get("settings").hidden];
      hidden[layer - 1] += by;
      set({ hidden });
    };
    const minus = button(node, "\u2212", `layer ${layer}: one unit fewer`, () => change(-1));
    make("span", "", node, {}, `${units}`);
    const plus = button(node, "+", `layer ${layer}: one unit more`, () => change(1));
    minus.setAttribute("aria-label", `layer ${layer}: one unit fewer`);
    plus.setAttribute("aria-label", `layer ${layer}: one unit more`);
    minus.disabled = units <= 1;
    plus.disabled = units >= about.most_units;
    minus.dataset.unit = `minus-${layer}`;
    plus.dataset.unit = `plus-${layer}`;
  }

  function tile(layer, unit, x, y) {
    const node = make("button", "llp-unit", net, { type: "button", tabindex: "-1" });
    node.dataset.unit = `${layer}-${unit}`;
    node.style.left = `${x - TILE / 2}px`;
    node.style.top = `${y - TILE / 2}px`;
    const size = scene.size;
    const face = make("canvas", "", node, { width: size, height: size });
    const pen = face.getContext("2d");
    const image = pen.createImageData(size, size);
    if (layer === 0) {
      make("span", "llp-name", node, {}, about.features[unit][1]);
      node.setAttribute("aria-label", `input ${about.features[unit][0]}`);
      node.addEventListener("click", () => {
        const names = about.features.map(([name]) => name);
        const on = [...active()];
        on[unit] = !on[unit];
        set({ features: names.filter((_, k) => on[k]) });
      });
    } else {
      node.setAttribute("aria-label", `${unitName(layer, unit)}: open its weights`);
      node.addEventListener("click", () => open(layer, unit, null));
    }
    const look = (place) => () => {
      focus = place;
      paint();
    };
    node.addEventListener("pointerenter", look([layer, unit]));
    node.addEventListener("pointerleave", look(null));
    node.addEventListener("focus", () => {
      roving([layer, unit]);
      look([layer, unit])();
    });
    node.addEventListener("blur", look(null));
    return { node, pen, image, buffer: new Uint32Array(image.data.buffer), x, y };
  }

  // One tab stop for the whole network; the arrow keys go from unit to unit.
  let stop = [1, 0];
  function roving(place = stop) {
    stop = [Math.min(place[0], tiles.length - 1), place[1]];
    stop[1] = Math.min(stop[1], tiles[stop[0]].length - 1);
    tiles.forEach((units, layer) => units.forEach((unit, k) =>
      unit.node.setAttribute("tabindex", layer === stop[0] && k === stop[1] ? "0" : "-1"))); // prettier-ignore
  }
  net.addEventListener("keydown", (event) => {
    const by = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
    if (!by || !event.target.classList.contains("llp-unit")) return;
    event.preventDefault();
    const layer = Math.min(tiles.length - 1, Math.max(0, stop[0] + by[0]));
    const unit = Math.min(tiles[layer].length - 1, Math.max(0, stop[1] + by[1]));
    tiles[layer][unit].node.focus();
  });

  // --- weights by hand ---
  function open(layer, unit, source) {
    chosen = [layer, unit];
    buildPanel();
    paint();
    const { node } = panelInputs.find((one) => one.source === source);
    node.focus();
    node.select();
  }
  function buildPanel() {
    panel.replaceChildren();
    panelInputs = [];
    if (!chosen) {
      panel.textContent = "Choose a unit (or a line) to see and change its weights. Lines: solid orange is positive, dashed blue negative.";
      return;
    }
    const [layer, unit] = chosen;
    make("b", "", panel, {}, `Weights into ${unitName(layer, unit)}:`);
    const sources = Array.from({ length: scene.layout[layer - 1] }, (_, k) => k);
    for (const source of [null, ...sources]) {
      const from = source === null ? "bias" : layer === 1 ? about.features[shownInput(source)][1] : `unit ${source + 1}`;
      const label = make("label", "", panel, {}, `${from} `);
      const node = make("input", "", label, { type: "number", step: "0.1" });
      node.addEventListener("input", () => (node.dataset.typing = "1"));
      node.addEventListener("change", () => {
        delete node.dataset.typing;
        if (node.value !== "") model.send({ type: "weight", layer, unit, source, value: Number(node.value) });
      });
      panelInputs.push({ node, source });
    }
    button(panel, "Close", "close the weights", () => {
      chosen = null;
      buildPanel();
      tiles[layer][unit].node.focus();
    });
    paintPanel();
  }
  function weightsOf(layer) {
    // Per layer: units x inputs, then the biases.
    let start = 0;
    for (let k = 1; k < layer; k++) start += scene.layout[k] * (scene.layout[k - 1] + 1);
    const [units, width] = [scene.layout[layer], scene.layout[layer - 1]];
    return (unit, source) => frame.weights[source === null ? start + units * width + unit : start + unit * width + source];
  }
  function paintPanel() {
    if (!chosen || !frame) return;
    const weight = weightsOf(chosen[0]);
    for (const { node, source } of panelInputs) {
      const value = Number(weight(chosen[1], source).toFixed(3));
      if (!node.dataset.typing && (Number(node.value) !== value || node.value === "")) node.value = value;
    }
  }

  // --- painting ---
  function paintInputs() {
    const maps = bytes(scene.maps);
    const area = scene.size * scene.size;
    const on = active();
    tiles[0].forEach((unit, k) => {
      for (let p = 0; p < area; p++) unit.buffer[p] = inks[maps[k * area + p]];
      unit.pen.putImageData(unit.image, 0, 0);
      unit.node.classList.toggle("llp-off", !on[k]);
      unit.node.setAttribute("aria-pressed", on[k]);
    });
  }
  const several = () => scene.classes > 2;
  function mapOf(layer, unit) {
    const area = scene.size * scene.size;
    if (layer === 0) return bytes(scene.maps).subarray(unit * area, (unit + 1) * area);
    let at = unit;
    for (let k = 1; k < layer; k++) at += scene.layout[k];
    return frame.maps.subarray(at * area, (at + 1) * area);
  }
  const mix = (ink, share) => ink.map((part) => Math.round(255 + (part - 255) * share));
  const packed = ([r, g, b]) => ((255 << 24) | (b << 16) | (g << 8) | r) >>> 0;

  let pending = false;
  function paint() {
    if (pending) return;
    pending = true;
    requestAnimationFrame(() => {
      pending = false;
      if (!scene || !frame || frame.scene !== scene.serial) return;
      paintUnits();
      paintBig();
      paintCurves();
      paintPanel();
      model.send({ type: "ack", n: frame.serial });
    });
  }

  function paintUnits() {
    const dead = new Set(frame.dead.map((place) => place.join("-")));
    const last = tiles.length - 1;
    tiles.forEach((units, layer) => {
      if (layer === 0) return;
      units.forEach((one, unit) => {
        const map = mapOf(layer, unit);
        const own = layer === last && several() ? Array.from({ length: 256 }, (_, v) => packed(mix(classInks[unit], v / 255))) : inks;
        for (let p = 0; p < map.length; p++) one.buffer[p] = own[map[p]];
        one.pen.putImageData(one.image, 0, 0);
        const gone = dead.has(`${layer}-${unit}`);
        one.node.classList.toggle("llp-dead", gone);
        one.node.classList.toggle("llp-chosen", Boolean(chosen && chosen[0] === layer && chosen[1] === unit));
        const label = `${unitName(layer, unit)}${gone ? ", dead: 0 for every training point" : ""}: open its weights`;
        if (one.node.getAttribute("aria-label") !== label) one.node.setAttribute("aria-label", label);
      });
    });
    edges.forEach((layer, k) => {
      const weight = weightsOf(k + 1);
      layer.forEach((unit, u) => unit.forEach(({ line, title }, s) => {
        const value = weight(u, s);
        const wide = value === 0 ? 0 : Math.min(7, 0.5 + 1.8 * Math.abs(value));
        line.setAttribute("stroke-width", wide.toFixed(1));
        line.setAttribute("class", value < 0 ? "llp-edge llp-minus" : "llp-edge llp-plus");
        title.textContent = `weight ${short(value)}: click to change it`;
      })); // prettier-ignore
    });
  }

  const sheet = document.createElement("canvas");
  function paintBig() {
    const size = scene.size;
    const area = size * size;
    sheet.width = sheet.height = size;
    const pen = sheet.getContext("2d");
    const image = pen.createImageData(size, size);
    const buffer = new Uint32Array(image.data.buffer);
    const last = tiles.length - 1;
    const place = focus && !(focus[0] === last) ? focus : null;
    const maps = Array.from({ length: scene.layout[last] }, (_, k) => mapOf(last, k));
    if (place) {
      const map = mapOf(...place);
      for (let p = 0; p < area; p++) buffer[p] = inks[map[p]];
      heading.textContent = `${place[0] ? "" : "input "}${unitName(...place)}: orange above 0, blue below`;
    } else if (several()) {
      for (let p = 0; p < area; p++) {
        let best = 0;
        for (let k = 1; k < maps.length; k++) if (maps[k][p] > maps[best][p]) best = k;
        buffer[p] = packed(mix(classInks[best], 0.65 * (maps[best][p] / 255)));
      }
      heading.textContent = "output: the class with the largest probability";
    } else {
      for (let p = 0; p < area; p++) buffer[p] = inks[63 + (maps[0][p] >> 1)];
      heading.textContent = "output: probability of class 2 (orange)";
    }
    pen.putImageData(image, 0, 0);
    const to = big.pen;
    to.imageSmoothingEnabled = true;
    to.drawImage(sheet, 0, 0, BIG, BIG);
    if (!place) border(maps, size);
    points();
  }

  // Marching squares on what is above 0 on one side: p - 1/2, or the largest probability minus the others'.
  function border(maps, size) {
    const to = big.pen;
    const step = BIG / (size - 1);
    to.strokeStyle = "#222";
    to.lineWidth = 1.5;
    to.beginPath();
    const classes = several() ? maps.length : 1;
    for (let k = 0; k < classes; k++) {
      const f = (p) => {
        if (!several()) return maps[0][p] - 127.5;
        let most = 0;
        for (let j = 0; j < maps.length; j++) if (j !== k && maps[j][p] > most) most = maps[j][p];
        return maps[k][p] - most + 0.01;
      };
      for (let y = 0; y + 1 < size; y++) {
        for (let x = 0; x + 1 < size; x++) {
          const p = y * size + x;
          const corner = [f(p), f(p + 1), f(p + size + 1), f(p + size)];
          const cut = [];
          const at = [[x, y], [x + 1, y], [x + 1, y + 1], [x, y + 1]]; // prettier-ignore
          for (let c = 0; c < 4; c++) {
            const d = (c + 1) % 4;
            if (corner[c] > 0 === corner[d] > 0) continue;
            const t = corner[c] / (corner[c] - corner[d]);
            cut.push([at[c][0] + t * (at[d][0] - at[c][0]), at[c][1] + t * (at[d][1] - at[c][1])]);
          }
          for (let c = 0; c + 1 < cut.length; c += 2) {
            to.moveTo(cut[c][0] * step, cut[c][1] * step);
            to.lineTo(cut[c + 1][0] * step, cut[c + 1][1] * step);
          }
        }
      }
    }
    to.stroke();
  }

  function points() {
    const to = big.pen;
    const [places, labels, train] = [floats(scene.x), bytes(scene.label), bytes(scene.train)];
    for (let k = 0; k < labels.length; k++) {
      const x = ((places[2 * k] + scene.reach) / (2 * scene.reach)) * BIG;
      const y = ((scene.reach - places[2 * k + 1]) / (2 * scene.reach)) * BIG;
      const r = 3.2;
      to.beginPath();
      if (labels[k] === 0) to.arc(x, y, r, 0, 7);
      else if (labels[k] === 1) to.rect(x - 0.9 * r, y - 0.9 * r, 1.8 * r, 1.8 * r);
      else {
        to.moveTo(x, y - 1.2 * r);
        to.lineTo(x - 1.1 * r, y + r);
        to.lineTo(x + 1.1 * r, y + r);
        to.closePath();
      }
      to.fillStyle = train[k] ? about.classes[labels[k]] : "#fff";
      to.strokeStyle = train[k] ? "#fff" : about.classes[labels[k]];
      to.lineWidth = train[k] ? 0.8 : 1.5;
      to.fill();
      to.stroke();
    }
  }

  function paintCurves() {
    const { pen, width, height } = curves;
    const ink = getComputedStyle(root).color;
    const history = frame.history; // step, train, test; ...
    const many = history.length / 3;
    pen.clearRect(0, 0, width, height);
    pen.font = "12px sans-serif";
    const [left, top, bottom] = [34, 6, 18];
    let most = 1e-6;
    for (let k = 0; k < many; k++) most = Math.max(most, history[3 * k + 1], history[3 * k + 2]);
    most *= 1.08;
    const first = history[0];
    const last = Math.max(first + 1, history[3 * (many - 1)]);
    const x = (step) => left + ((step - first) / (last - first)) * (width - left - 4);
    const y = (loss) => top + (1 - loss / most) * (height - top - bottom);
    pen.strokeStyle = pen.fillStyle = ink;
    pen.globalAlpha = 0.5;
    pen.lineWidth = 1;
    pen.strokeRect(left, top, width - left - 4, height - top - bottom);
    pen.globalAlpha = 1;
    pen.textAlign = "right";
    pen.fillText(most.toFixed(most < 10 ? 2 : 0), left - 4, top + 9);
    pen.fillText("0", left - 4, height - bottom);
    pen.fillText(`step ${frame.step}`, width - 4, height - 4);
    pen.textAlign = "left";
    pen.fillText(`step ${first}`, left, height - 4);
    for (const [which, style, dash] of [[1, about.classes[0], []], [2, about.classes[1], [6, 4]]]) {
      pen.beginPath();
      for (let k = 0; k < many; k++) pen.lineTo(x(history[3 * k]), y(history[3 * k + which]));
      pen.strokeStyle = style;
      pen.lineWidth = 2;
      pen.setLineDash(dash);
      pen.stroke();
    }
    pen.setLineDash([]);
  }

  // --- what comes from the kernel ---
  let liveTimer = 0;
  // Nothing is drawn anew beneath a finger or a pressed button: its click would be lost.
  let held = false;
  let late = false;
  const press = () => (held = true);
  const release = () => {
    held = false;
    if (late) setTimeout(redraw); // after the click, which comes next
  };
  net.addEventListener("pointerdown", press);
  for (const event of ["pointerup", "pointercancel"]) window.addEventListener(event, release, true);
  function redraw() {
    const given = model.get("scene");
    if (!given || !given.layout) return;
    late = held;
    if (held) return;
    const changed = scene !== given;
    scene = given;
    build();
    if (changed) buildPanel(); // otherwise the focus stays in it
    paint();
  }
  function onFrame() {
    const given = model.get("frame");
    if (!given || !given.maps) return;
    frame = { ...given, maps: bytes(given.maps), weights: floats(given.weights), history: floats(given.history) };
    count.textContent = `step ${frame.step}, epoch ${frame.epoch.toFixed(1)}`;
    const percent = (share) => `${Math.round(100 * share)} % right`;
    trainSaid.textContent = `train loss ${frame.losses[0].toFixed(3)}, ${percent(frame.accuracies[0])}`;
    testSaid.textContent = `test loss ${frame.losses[1].toFixed(3)}, ${percent(frame.accuracies[1])}`;
    root.dataset.step = frame.step;
    root.dataset.serial = frame.serial;
    big.node.setAttribute("aria-label", frame.alt);
    curves.node.setAttribute("aria-label", `Loss curves. ${trainSaid.textContent}; ${testSaid.textContent}.`);
    clearTimeout(liveTimer);
    if (!model.get("playing")) liveTimer = setTimeout(() => (live.textContent = frame.alt), QUIET);
    paint();
  }
  function onSettings() {
    const settings = model.get("settings");
    if (!settings.hidden) return;
    for (const [name, show] of Object.entries(inputs)) show(settings[name]);
    const many = settings.hidden.length;
    depthSaid.textContent = `${many} hidden layer${many === 1 ? "" : "s"}`;
    fewer.disabled = many === 0;
    more.disabled = many >= about.most_layers;
  }
  function onPlaying() {
    const playing = model.get("playing");
    play.textContent = playing ? "Pause" : "Play";
    play.title = playing ? "stop learning" : "learn step after step";
    root.classList.toggle("llp-playing", playing);
  }
  function onWords() {
    presets.value = model.get("preset");
    says.textContent = model.get("says");
    says.hidden = !model.get("says");
    error.textContent = model.get("error");
    error.hidden = !model.get("error");
  }
  function onMessage(content) {
    if (content.type === "shared") {
      text.value = content.text;
      text.focus();
      text.select();
    }
  }
  // The static copy is for pages without a kernel; here it would be the same picture twice.
  const hiding = new Map();
  function onTwins() {
    for (const id of model.get("twins")) {
      if (hiding.has(id)) continue;
      const style = document.createElement("style");
      style.textContent = `#${id}, .jp-OutputArea-child:has(#${id}) { display: none !important; }`;
      document.head.appendChild(style);
      hiding.set(id, style);
    }
  }
  const watched = {
    "change:scene": redraw, "change:frame": onFrame, "change:settings": onSettings, "change:playing": onPlaying,
    "change:preset": onWords, "change:says": onWords, "change:error": onWords, "change:twins": onTwins,
    "msg:custom": onMessage,
  }; // prettier-ignore
  for (const [event, handler] of Object.entries(watched)) model.on(event, handler);
  onSettings();
  onPlaying();
  onWords();
  onTwins();
  redraw();
  onFrame();
  let wide = net.clientWidth;
  const resized = new ResizeObserver(() => {
    if (scene && Math.abs(net.clientWidth - wide) > 2) {
      wide = net.clientWidth;
      redraw();
    }
  });
  resized.observe(net);

  return () => {
    for (const [event, handler] of Object.entries(watched)) model.off(event, handler);
    for (const style of hiding.values()) style.remove();
    for (const event of ["pointerup", "pointercancel"]) window.removeEventListener(event, release, true);
    resized.disconnect();
    clearTimeout(liveTimer);
  };
}

export default { render };
