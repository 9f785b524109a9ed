// --- the skeleton of the page and its controls ---

const set = (v, given) => v.model.send({ type: "set", given });

function buildSkeleton(v, el) {
  const root = (v.root = make("section", "ll-playground", el, { "aria-label": "Playground: a small network in the plane" }));
  root.addEventListener("keydown", keepKey);
  buildBar(v);
  v.says = make("p", "llp-says", root);
  v.error = make("div", "llp-error", root, { role: "alert" });
  const body = make("div", "llp-body", root);
  v.side = make("div", "llp-side", body);
  v.middle = make("div", "llp-middle", body);
  v.right = make("div", "llp-right", body);
  v.live = make("div", "ll-live", root, { "aria-live": "polite" });
  for (const field of v.about.fields) v.inputs[field.name] = (field.options ? choice : slider)(v, field);
  buildDepth(v);
  const label = "the network: arrow keys go from unit to unit";
  v.net = make("div", "llp-net", v.middle, { role: "group", "aria-label": label });
  v.net.style.height = `${HEIGHT}px`;
  v.lines = drawn("svg", v.net, { class: "llp-lines", "aria-hidden": "true" });
  v.panel = make("div", "llp-panel", root);
  buildRight(v);
  buildShare(v);
}

function buildBar(v) {
  const bar = make("div", "llp-bar", v.root);
  button(bar, "Reset", "back to the first weights of the seed", () => v.model.send({ type: "reset" }));
  const toggle = () => v.model.send({ type: v.model.get("playing") ? "pause" : "play" });
  v.play = button(bar, "Play", "learn step after step", toggle, "llp-play");
  button(bar, "Step", "one step: one batch of points", () => v.model.send({ type: "step" }));
  v.count = make("span", "llp-count", bar);
  v.presets = make("select", "llp-presets", bar, { "aria-label": "prepared tasks" });
  make("option", "", v.presets, { value: "" }, "prepared tasks …");
  for (const [name] of v.about.presets) make("option", "", v.presets, { value: name }, name);
  v.presets.addEventListener("change", () => {
    if (v.presets.value) v.model.send({ type: "preset", name: v.presets.value });
  });
}

// Each of the two makes a control, and returns a function that shows a value in it.
function choice(v, field) {
  const row = make("label", "llp-field", v.side);
  make("span", "", row, {}, field.label);
  const node = make("select", "", row);
  field.options.forEach((option, k) => make("option", "", node, { value: k }, field.labels[k]));
  node.addEventListener("change", () => set(v, { [field.name]: field.options[node.value] }));
  return (value) => (node.value = field.options.indexOf(value));
}

function slider(v, field) {
  const row = make("label", "llp-field", v.side);
  const said = make("span", "llp-value", make("span", "", row, {}, field.label));
  const { low: min, high: max, step } = field;
  const node = make("input", "", row, { type: "range", min, max, step, "aria-label": field.label });
  const number = (text) => Number(Number(text).toFixed(6));
  node.addEventListener("input", () => (said.textContent = number(node.value)));
  node.addEventListener("change", () => set(v, { [field.name]: number(node.value) }));
  return (value) => {
    if (document.activeElement !== node || Number(node.value) !== value) node.value = value;
    said.textContent = value;
  };
}

function buildDepth(v) {
  const depth = make("div", "llp-depth", v.middle);
  v.fewer = button(depth, "\u2212", "one hidden layer fewer", () => changeDepth(v, -1));
  v.depthSaid = make("span", "", depth);
  v.more = button(depth, "+", "one hidden layer more", () => changeDepth(v, 1));
  v.fewer.setAttribute("aria-label", "one hidden layer fewer");
  v.more.setAttribute("aria-label", "one hidden layer more");
}

function changeDepth(v, by) {
  const hidden = [...v.model.get("settings").hidden];
  if (by < 0) hidden.pop();
  else hidden.push(hidden.length ? Math.min(hidden[hidden.length - 1], 4) : 4);
  set(v, { hidden });
}

function buildRight(v) {
  v.heading = make("div", "llp-heading", v.right);
  v.big = canvas(v.right, "llp-big", BIG, BIG);
  v.big.node.setAttribute("role", "img");
  v.legend = make("div", "llp-legend", v.right);
  const numbers = make("div", "llp-numbers", v.right);
  v.trainSaid = make("div", "llp-train", numbers);
  v.testSaid = make("div", "llp-test", numbers);
  v.curves = canvas(v.right, "llp-curves", BIG, 92);
  v.curves.node.setAttribute("role", "img");
}

function buildShare(v) {
  const share = make("details", "llp-share", v.root);
  make("summary", "", share, {}, "Share this state");
  const weightsToo = make("label", "", share);
  const withWeights = make("input", "", weightsToo, { type: "checkbox" });
  weightsToo.append(" with weights");
  const write = () => v.model.send({ type: "share", weights: withWeights.checked });
  button(share, "Write it here", "writes the state below", write);
  button(share, "Load", "begins the state below", () => v.model.send({ type: "load", text: v.text.value }));
  v.text = make("textarea", "", share, { rows: 3, spellcheck: "false", "aria-label": "state as text" });
}
