// --- the network: a tile for every unit, a line for every weight ---

function buildNetwork(v) {
  const focused = document.activeElement && document.activeElement.dataset ? document.activeElement.dataset.unit : null;
  for (const node of v.net.querySelectorAll(".llp-unit, .llp-column")) node.remove();
  v.lines.replaceChildren();
  const columns = [v.about.features.length, ...v.scene.layout.slice(1)];
  const width = v.net.clientWidth || 420;
  const x = (layer) => 66 + TILE / 2 + ((width - 66 - TILE - 6) * layer) / (columns.length - 1);
  v.tiles = columns.map((units, layer) => {
    const step = Math.min(50, (HEIGHT - 44) / units);
    const top = 42 + (HEIGHT - 44 - step * units) / 2;
    return Array.from({ length: units }, (_, unit) => tile(v, layer, unit, x(layer), top + step * (unit + 0.5)));
  });
  columns.forEach((units, layer) => column(v, layer, units, x(layer)));
  v.lines.setAttribute("viewBox", `0 0 ${width} ${HEIGHT}`);
  buildEdges(v);
  const exists = (place, from) => place[0] >= from && place[0] < columns.length && place[1] < columns[place[0]];
  if (v.chosen && !exists(v.chosen, 1)) v.chosen = null;
  if (v.focus && !exists(v.focus, 0)) v.focus = null;
  paintInputs(v);
  roving(v);
  if (focused) v.net.querySelector(`[data-unit="${focused}"]`)?.focus({ preventScroll: true });
  buildLegend(v);
}

function buildEdges(v) {
  v.edges = v.tiles.slice(1).map((units, k) =>
    units.map((to, unit) =>
      Array.from({ length: v.scene.layout[k] }, (_, source) => {
        const from = v.tiles[k][k === 0 ? shownInput(v, source) : source];
        return edge(v, from, to, () => openWeights(v, k + 1, unit, source));
      }),
    ),
  );
}

function edge(v, from, to, act) {
  const [a, b] = [from.x + TILE / 2, to.x - TILE / 2];
  const d = `M${a} ${from.y} C${(a + b) / 2} ${from.y} ${(a + b) / 2} ${to.y} ${b} ${to.y}`;
  const line = drawn("path", v.lines, { d, class: "llp-edge" });
  const hit = drawn("path", v.lines, { d, class: "llp-hit" });
  const title = drawn("title", hit);
  hit.addEventListener("click", act);
  return { line, title };
}

function column(v, layer, units, x) {
  const node = make("div", "llp-column", v.net);
  node.style.left = `${x}px`;
  if (layer === 0 || layer === v.tiles.length - 1) {
    node.textContent = layer === 0 ? "inputs" : "output";
    return;
  }
  const change = (by) => {
    const hidden = [...v.model.get("settings").hidden];
    hidden[layer - 1] += by;
    set(v, { hidden });
  };
  const minus = button(node, "\u2212", `layer ${layer}: one unit fewer`, () => change(-1));
  make("span", "", node, {}, `${units}`);
  const plus = button(node, "+", `layer ${layer}: one unit more`, () => change(1));
  minus.setAttribute("aria-label", `layer ${layer}: one unit fewer`);
  plus.setAttribute("aria-label", `layer ${layer}: one unit more`);
  minus.disabled = units <= 1;
  plus.disabled = units >= v.about.most_units;
  minus.dataset.unit = `minus-${layer}`;
  plus.dataset.unit = `plus-${layer}`;
}

function tile(v, layer, unit, x, y) {
  const node = make("button", "llp-unit", v.net, { type: "button", tabindex: "-1" });
  node.dataset.unit = `${layer}-${unit}`;
  node.style.left = `${x - TILE / 2}px`;
  node.style.top = `${y - TILE / 2}px`;
  const size = v.scene.size;
  const pen = make("canvas", "", node, { width: size, height: size }).getContext("2d");
  const image = pen.createImageData(size, size);
  if (layer === 0) {
    make("span", "llp-name", node, {}, v.about.features[unit][1]);
    node.setAttribute("aria-label", `input ${v.about.features[unit][0]}`);
    node.addEventListener("click", () => toggleInput(v, unit));
  } else {
    node.setAttribute("aria-label", `${unitName(v, layer, unit)}: open its weights`);
    node.addEventListener("click", () => openWeights(v, layer, unit, null));
  }
  const show = (place) => () => {
    v.focus = place;
    paint(v);
  };
  node.addEventListener("pointerenter", show([layer, unit]));
  node.addEventListener("pointerleave", show(null));
  node.addEventListener("focus", () => {
    roving(v, [layer, unit]);
    show([layer, unit])();
  });
  node.addEventListener("blur", show(null));
  return { node, pen, image, buffer: new Uint32Array(image.data.buffer), x, y };
}

function toggleInput(v, unit) {
  const names = v.about.features.map(([name]) => name);
  set(v, { features: names.filter((_, k) => v.scene.active[k] !== (k === unit)) });
}

function buildLegend(v) {
  const shapes = ["\u25cf", "\u25a0", "\u25b2"];
  v.legend.replaceChildren("classes");
  for (let k = 0; k < v.scene.classes; k++) {
    make("span", "llp-shape", v.legend, {}, ` ${shapes[k]} `).style.color = v.about.classes[k];
    v.legend.append(`${k + 1}`);
  }
  v.legend.append(" (filled: train, hollow: test)");
}

// One tab stop for the whole network; the arrow keys go from unit to unit.
function roving(v, place = v.stop) {
  const layer = Math.min(place[0], v.tiles.length - 1);
  v.stop = [layer, Math.min(place[1], v.tiles[layer].length - 1)];
  v.tiles.forEach((units, l) =>
    units.forEach((unit, k) => unit.node.setAttribute("tabindex", l === v.stop[0] && k === v.stop[1] ? "0" : "-1")),
  );
}

function onNetworkKey(v, event) {
  const by = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
  if (!by || !event.target.classList.contains("llp-unit")) return;
  event.preventDefault();
  const layer = Math.min(v.tiles.length - 1, Math.max(0, v.stop[0] + by[0]));
  const unit = Math.min(v.tiles[layer].length - 1, Math.max(0, v.stop[1] + by[1]));
  v.tiles[layer][unit].node.focus();
}

// --- weights by hand ---

function openWeights(v, layer, unit, source) {
  v.chosen = [layer, unit];
  buildPanel(v);
  paint(v);
  const { node } = v.panelInputs.find((one) => one.source === source);
  node.focus();
  node.select();
}

function buildPanel(v) {
  v.panel.replaceChildren();
  v.panelInputs = [];
  if (!v.chosen) {
    v.panel.textContent =
      "Choose a unit (or a line) to see and change its weights. Lines: solid orange is positive, dashed blue negative.";
    return;
  }
  const [layer, unit] = v.chosen;
  make("b", "", v.panel, {}, `Weights into ${unitName(v, layer, unit)}:`);
  for (const source of [null, ...Array(v.scene.layout[layer - 1]).keys()]) {
    v.panelInputs.push({ node: weightField(v, layer, unit, source), source });
  }
  button(v.panel, "Close", "close the weights", () => {
    v.chosen = null;
    buildPanel(v);
    v.tiles[layer][unit].node.focus();
  });
  paintPanel(v);
}

function weightField(v, layer, unit, source) {
  const input = layer === 1 && source !== null ? v.about.features[shownInput(v, source)][1] : `unit ${source + 1}`;
  const label = make("label", "", v.panel, {}, `${source === null ? "bias" : input} `);
  const node = make("input", "", label, { type: "number", step: "0.1" });
  node.addEventListener("input", () => (node.dataset.typing = "1"));
  node.addEventListener("change", () => {
    delete node.dataset.typing;
    if (node.value !== "") v.model.send({ type: "weight", layer, unit, source, value: Number(node.value) });
  });
  return node;
}

function paintPanel(v) {
  if (!v.chosen || !v.frame) return;
  const weight = weightsOf(v, v.chosen[0]);
  for (const { node, source } of v.panelInputs) {
    const value = Number(weight(v.chosen[1], source).toFixed(3));
    if (!node.dataset.typing && (Number(node.value) !== value || node.value === "")) node.value = value;
  }
}
