// The picture's area in the page: shows frames, progress and errors, reports where the student points.
// Written for anywidget; nothing is loaded from elsewhere.

const PATIENCE = 150; // ms before "computing …" appears: quicker answers need no word
const QUIET = 600; // ms of rest before a screen reader is told: a dragged slider would flood it
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

function make(tag, css, parent, attributes = {}) {
  const node = document.createElement(tag);
  node.className = css;
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  parent.appendChild(node);
  return node;
}

// JupyterLab would take plain keys out of the controls: an arrow would go to the next cell.
function keepKey(event) {
  const command = event.ctrlKey || event.metaKey || event.altKey || (event.shiftKey && event.key === "Enter");
  if (!command && event.key !== "Escape") event.stopPropagation();
}

function render({ model, el }) {
  const card = make("figure", "ll-card", el);
  const error = make("div", "ll-error", card, { role: "alert" }); // first: beside the controls, always in sight
  const tools = make("div", "ll-tools", card);
  const view = make("div", "ll-view", card);
  const stage = make("div", "ll-stage", view);
  const zoom = zoomable(view, stage, model.get("title"));
  const img = make("img", "ll-img", stage, { alt: "", draggable: "false" });
  const caption = make("figcaption", "ll-caption", card);
  const status = make("div", "ll-status", card);
  make("span", "ll-spinner", status, { "aria-hidden": "true" });
  const words = make("span", "ll-words", status);
  const bar = make("progress", "ll-progress", status, { max: "1" });
  const stop = make("button", "ll-stop", status, { type: "button" });
  stop.textContent = "Stop";
  const live = make("div", "ll-live", el, { "aria-live": "polite" });
  const hiding = new Map(); // id of a static copy -> the style that hides it
  let url = null;
  let busyTimer = 0;
  let liveTimer = 0;
  let first = true;

  // --- frames ---
  function onFrame() {
    const frame = model.get("frame");
    if (!frame || !frame.data) return;
    const next = URL.createObjectURL(new Blob([frame.data], { type: frame.mime }));
    const old = url;
    url = next;
    img.onload = () => old && URL.revokeObjectURL(old);
    img.src = next;
    img.alt = frame.alt;
    img.style.imageRendering = frame.pixelated ? "pixelated" : "auto";
    // Never larger than the window, so that controls and picture stay in sight together.
    const width = frame.width ? `${frame.width}px` : "100%";
    Object.assign(img.dataset, { llOwn: frame.width || "", llKind: frame.mime }); // for who lays a page out
    img.style.width = frame.ratio ? `min(${width}, 100%, calc(var(--ll-tall, 76vh) * ${frame.ratio}))` : `min(${width}, 100%)`;
    caption.textContent = frame.caption;
    caption.hidden = !frame.caption;
    card.dataset.serial = frame.serial;
    zoom.turn(Boolean(frame.zoom));
    onRegions();
    onTwins();
    name();
    pad.place();
    clearTimeout(liveTimer);
    if (!first) liveTimer = setTimeout(() => (live.textContent = `${frame.alt} ${frame.caption}`), QUIET);
    first = false;
  }

  // --- regions: a button over each, so that mouse, keys and screen readers find it ---
  const regions = make("div", "ll-regions", stage, { role: "group" });
  let hovered = "";
  function onRegions() {
    const label = model.get("regions");
    const focused = regions.contains(document.activeElement) ? document.activeElement : null;
    const place = [...regions.children].indexOf(focused);
    const counts = {};
    regions.replaceChildren();
    regions.hidden = !label;
    if (!label) return;
    regions.setAttribute("aria-label", `${model.get("title")}, ${label}: arrow keys go on, Enter opens and closes`);
    for (const { key, box, words, opened } of model.get("frame").regions || []) {
      const button = make("button", "ll-region", regions, { type: "button", "aria-label": words, title: words, tabindex: -1 });
      const [left, top, right, bottom] = box.map((share) => 100 * share);
      Object.assign(button.style, { left: `${left}%`, top: `${top}%`, width: `${right - left}%`, height: `${bottom - top}%` });
      counts[key] = (counts[key] || 0) + 1;
      button.dataset.key = key;
      button.dataset.at = `${key}#${counts[key]}`;
      if (opened !== null) button.setAttribute("aria-expanded", opened);
      button.addEventListener("click", () => model.send({ type: "region", key, toggle: opened !== null }));
      // the buttons are made anew under a mouse that rests: only another region is worth a word
      button.addEventListener("pointermove", () => {
        if (model.get("hover") && hovered !== key) model.send({ type: "region", key: (hovered = key), toggle: false });
      });
    }
    const buttons = [...regions.children];
    const focus = focused && (buttons.find((b) => b.dataset.at === focused.dataset.at) || buttons[place] || buttons[0]);
    const entry = focus || buttons[0];
    if (entry) entry.tabIndex = 0;
    if (focus) focus.focus({ preventScroll: true });
  }
  regions.addEventListener("keydown", (event) => {
    if (!ARROWS[event.key] || event.ctrlKey || event.altKey || event.metaKey) return;
    const buttons = [...regions.children];
    const [dx, dy] = ARROWS[event.key];
    const next = buttons[buttons.indexOf(document.activeElement) + dx + dy];
    event.preventDefault();
    event.stopPropagation();
    if (!next) return;
    next.focus({ preventScroll: true });
    model.send({ type: "region", key: (hovered = next.dataset.key), toggle: false });
  });

  // The static copy is for pages without a kernel; here it would be the same picture twice.
  function onTwins() {
    if (!url) return;
    for (const id of model.get("twins")) {
      if (hiding.has(id)) continue;
      const style = document.createElement("style");
      style.textContent = `#${id}, .jp-OutputArea-child:has(#${id}) { display: none !important; }`;
      document.head.appendChild(style);
      hiding.set(id, style);
    }
  }

  // ipywidgets gives its sliders no name that a screen reader could say.
  function name() {
    const root = el.closest(".ll-explorable");
    if (root && !root.dataset.keys) {
      root.dataset.keys = "own";
      root.addEventListener("keydown", keepKey);
    }
    for (const handle of root ? root.querySelectorAll(".noUi-handle") : []) {
      const box = handle.closest(".widget-inline-hbox, .widget-hslider");
      const label = box && box.querySelector(".widget-label");
      const readout = box && box.querySelector(".widget-readout");
      if (label) handle.setAttribute("aria-label", label.textContent);
      if (readout) handle.setAttribute("aria-valuetext", readout.textContent);
    }
  }

  // --- progress and errors ---
  function onBusy() {
    clearTimeout(busyTimer);
    if (model.get("busy")) busyTimer = setTimeout(() => card.classList.add("ll-busy"), PATIENCE);
    else card.classList.remove("ll-busy");
    card.setAttribute("aria-busy", model.get("busy"));
  }
  function onProgress() {
    const progress = model.get("progress") || {};
    const known = progress.fraction !== undefined;
    words.textContent = progress.text || "computing …";
    bar.hidden = stop.hidden = !known;
    if (known) bar.value = progress.fraction;
  }
  function onError() {
    const said = model.get("error") || {};
    error.replaceChildren();
    error.hidden = !said.message;
    card.classList.toggle("ll-failed", Boolean(said.message));
    if (!said.message) return;
    make("p", "", error).textContent = said.message;
    const more = make("details", "", error);
    make("summary", "", more).textContent = "Details";
    make("pre", "", more).textContent = said.detail;
  }
  stop.addEventListener("click", () => model.send({ type: "stop" }));

  // --- what the student does in the picture: one message under way at a time, always the newest ---
  let place = null;
  let waiting = null;
  let underway = 0;
  let sent = 0;
  function report(content) {
    waiting = content || waiting;
    if (!waiting || underway) return;
    underway = ++sent;
    model.send({ n: sent, ...waiting });
    waiting = null;
  }
  function point(x, y) {
    place = { x: Math.min(1, Math.max(0, x)), y: Math.min(1, Math.max(0, y)) };
    report({ type: "pointer", ...place });
  }
  function onMessage(content) {
    if (content.type !== "ack") return;
    underway = 0;
    report();
  }
  function onPointer() {
    const pointer = model.get("pointer") || {};
    const active = pointer.step !== undefined;
    stage.classList.toggle("ll-pointable", active);
    if (!active) return;
    if (!underway && !waiting) place = { x: pointer.x, y: pointer.y };
    stage.tabIndex = 0;
    stage.setAttribute("role", "application");
    const how = pointer.hover ? "move the mouse" : "drag";
    stage.setAttribute("aria-label", `${model.get("title")}, ${pointer.label}: ${how} or press arrow keys`);
    stage.title = `${pointer.label}: ${how}, or arrow keys (Shift: larger steps)`;
  }
  function panel(k) {
    const panels = (model.get("frame") || {}).panels || [];
    return panels[k] || [0, 0, 1, 1];
  }
  function fromEvent(event) {
    const box = img.getBoundingClientRect();
    const [left, top, right, bottom] = panel(model.get("pointer").panel);
    const x = (event.clientX - box.left) / box.width;
    const y = (event.clientY - box.top) / box.height;
    point((x - left) / (right - left), (y - top) / (bottom - top));
  }
  const can = () => stage.classList.contains("ll-pointable");
  stage.addEventListener("pointerdown", (event) => {
    if (!can() || event.button !== 0) return;
    stage.setPointerCapture(event.pointerId);
    stage.focus({ preventScroll: true });
    fromEvent(event);
    event.preventDefault();
  });
  stage.addEventListener("pointermove", (event) => {
    if (can() && (event.buttons & 1 || model.get("pointer").hover)) fromEvent(event);
  });
  stage.addEventListener("keydown", (event) => {
    if (!can() || !ARROWS[event.key] || event.ctrlKey || event.altKey || event.metaKey) return;
    const step = model.get("pointer").step * (event.shiftKey ? 5 : 1);
    point(place.x + step * ARROWS[event.key][0], place.y + step * ARROWS[event.key][1]);
    event.preventDefault();
    event.stopPropagation();
  });
  const say = (words) => (live.textContent = words);
  const pad = drawingPad({ model, stage, img, tools, panel, report, say, resting: () => !underway && !waiting });
  // What lies over the picture is as large as the picture, which a low window shrinks below its stage.
  const follow = new ResizeObserver(() => {
    for (const side of ["Width", "Height"]) regions.style[side.toLowerCase()] = `${img[`offset${side}`]}px`;
    pad.place();
  });
  follow.observe(img);
  const watched = {
    "change:frame": onFrame, "change:twins": onTwins, "change:busy": onBusy, "change:progress": onProgress,
    "change:error": onError, "change:pointer": onPointer, "msg:custom": onMessage,
    "change:drawing": pad.take,
  };
  for (const [event, handler] of Object.entries(watched)) model.on(event, handler);
  const leave = announced(model, card);
  const connected = whenCutOff(model, el);
  onProgress();
  onError();
  onPointer();
  pad.take();
  onFrame();
  onBusy();

  return () => {
    leave();
    connected();
    for (const [event, handler] of Object.entries(watched)) model.off(event, handler);
    for (const style of hiding.values()) style.remove();
    follow.disconnect();
    clearTimeout(busyTimer);
    clearTimeout(liveTimer);
    if (url) URL.revokeObjectURL(url);
  };
}

export default { render };
