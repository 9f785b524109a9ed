// --- what comes from the kernel, and the life of one view ---

// Nothing is drawn anew beneath a finger or a pressed button: its click would be lost.
function redraw(v) {
  const given = v.model.get("scene");
  if (!given || !given.layout) return;
  v.late = v.held;
  if (v.held) return;
  const changed = v.scene !== given;
  v.scene = given;
  buildNetwork(v);
  if (changed) buildPanel(v); // otherwise the focus stays in it
  paint(v);
}

function onFrame(v) {
  const given = v.model.get("frame");
  if (!given || !given.maps) return;
  const read = { maps: bytes(given.maps), weights: floats(given.weights), history: floats(given.history) };
  const frame = (v.frame = { ...given, ...read });
  v.count.textContent = `step ${frame.step}, epoch ${frame.epoch.toFixed(1)}`;
  const said = (set, k) => `${set} loss ${frame.losses[k].toFixed(3)}, ${Math.round(100 * frame.accuracies[k])} % right`;
  v.trainSaid.textContent = said("train", 0);
  v.testSaid.textContent = said("test", 1);
  v.root.dataset.step = frame.step;
  v.root.dataset.serial = frame.serial;
  v.big.node.setAttribute("aria-label", frame.alt);
  v.curves.node.setAttribute("aria-label", `Loss curves. ${v.trainSaid.textContent}; ${v.testSaid.textContent}.`);
  clearTimeout(v.liveTimer);
  if (!v.model.get("playing")) v.liveTimer = setTimeout(() => (v.live.textContent = frame.alt), QUIET);
  paint(v);
}

function onSettings(v) {
  const settings = v.model.get("settings");
  if (!settings.hidden) return;
  for (const [name, show] of Object.entries(v.inputs)) show(settings[name]);
  const many = settings.hidden.length;
  v.depthSaid.textContent = `${many} hidden layer${many === 1 ? "" : "s"}`;
  v.fewer.disabled = many === 0;
  v.more.disabled = many >= v.about.most_layers;
}

function onPlaying(v) {
  const playing = v.model.get("playing");
  v.play.textContent = playing ? "Pause" : "Play";
  v.play.title = playing ? "stop learning" : "learn step after step";
  v.root.classList.toggle("llp-playing", playing);
}

function onWords(v) {
  v.presets.value = v.model.get("preset");
  for (const [node, name] of [[v.says, "says"], [v.error, "error"]]) {
    node.textContent = v.model.get(name);
    node.hidden = !v.model.get(name);
  }
}

function onMessage(v, content) {
  if (content.type !== "shared") return;
  v.text.value = content.text;
  v.text.focus();
  v.text.select();
}

// The static copy is for pages without a kernel; here it would be the same picture twice.
function onTwins(v) {
  for (const id of v.model.get("twins")) {
    if (v.hiding.has(id)) continue;
    const style = document.createElement("style");
    style.textContent = `#${id}, .jp-OutputArea-child:has(#${id}) { display: none !important; }`;
    document.head.appendChild(style);
    v.hiding.set(id, style);
  }
}

const WATCHED = {
  "change:scene": redraw, "change:frame": onFrame, "change:settings": onSettings, "change:playing": onPlaying,
  "change:preset": onWords, "change:says": onWords, "change:error": onWords, "change:twins": onTwins,
  "msg:custom": onMessage,
}; // prettier-ignore

function newView(model) {
  const about = model.get("about");
  const classInks = about.classes.map((ink) => [1, 3, 5].map((k) => parseInt(ink.slice(k, k + 2), 16)));
  return {
    model,
    about,
    inks: signedInks(bytes(about.palette)),
    classInks,
    classShades: classInks.map((ink) => Uint32Array.from({ length: 256 }, (_, k) => packed(mix(ink, k / 255)))),
    inputs: {}, // per control: a function that shows a value in it
    scene: null,
    frame: null,
    tiles: [], // per layer: {node, pen, image, buffer, x, y}
    edges: [], // per layer, unit, source: {line, title}
    focus: null, // [layer, unit] whose map is large, or null for the output
    chosen: null, // [layer, unit] whose weights are open
    panelInputs: [],
    stop: [1, 0], // [layer, unit] that Tab goes to
    pending: false, // a painting is under way
    held: false, // a finger or a button is down in the network
    late: false, // and a redrawing waits for its end
    liveTimer: 0,
    hiding: new Map(),
    sheet: document.createElement("canvas"),
  };
}

// Presses in the network hold redrawing back; returns a function that takes the listeners off.
function watchPresses(v) {
  const release = () => {
    v.held = false;
    if (v.late) setTimeout(() => redraw(v)); // after the click, which comes next
  };
  v.net.addEventListener("pointerdown", () => (v.held = true));
  v.net.addEventListener("keydown", (event) => onNetworkKey(v, event));
  for (const event of ["pointerup", "pointercancel"]) window.addEventListener(event, release, true);
  return () => {
    for (const event of ["pointerup", "pointercancel"]) window.removeEventListener(event, release, true);
  };
}

function watchWidth(v) {
  let wide = v.net.clientWidth;
  const resized = new ResizeObserver(() => {
    if (v.scene && Math.abs(v.net.clientWidth - wide) > 2) {
      wide = v.net.clientWidth;
      redraw(v);
    }
  });
  resized.observe(v.net);
  return () => resized.disconnect();
}

function render({ model, el }) {
  const v = newView(model);
  buildSkeleton(v, el);
  const handlers = Object.entries(WATCHED).map(([event, act]) => [event, (content) => act(v, content)]);
  for (const [event, handler] of handlers) model.on(event, handler);
  const unwatchPresses = watchPresses(v);
  for (const show of [onSettings, onPlaying, onWords, onTwins, redraw, onFrame]) show(v);
  const unwatchWidth = watchWidth(v);
  const leave = announced(model, el);
  return () => {
    leave();
    for (const [event, handler] of handlers) model.off(event, handler);
    for (const style of v.hiding.values()) style.remove();
    unwatchPresses();
    unwatchWidth();
    clearTimeout(v.liveTimer);
  };
}

export default { render };
