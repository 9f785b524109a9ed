// Zoom and pan of one picture in its place: buttons, + - 0 and arrow keys, the wheel, dragging. Nothing is loaded and no
// style sheet is needed: it also works in a page that was exported. `view` holds `content`, which holds the picture.

function zoomable(view, content, title) {
  const MOST = 8;
  const MOVES = { ArrowLeft: [1, 0], ArrowRight: [-1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };
  let zoom = 1;
  let x = 0; // where the picture's left upper corner lies, in px of the view
  let y = 0;
  let drag = null;
  let dragged = false;
  const bar = document.createElement("div");
  const said = document.createElement("span");

  function place() {
    x = Math.min(0, Math.max(x, view.clientWidth * (1 - zoom)));
    y = Math.min(0, Math.max(y, view.clientHeight * (1 - zoom)));
    content.style.transform = zoom === 1 ? "" : `translate(${x}px, ${y}px) scale(${zoom})`;
    view.style.cursor = zoom === 1 ? "" : drag ? "grabbing" : "grab";
    said.textContent = `${Math.round(100 * zoom)} %`;
  }
  // Zooms by a factor; what lies at (px, py) of the view stays there.
  function by(factor, px = view.clientWidth / 2, py = view.clientHeight / 2) {
    const next = Math.min(MOST, Math.max(1, zoom * factor));
    x = px - ((px - x) * next) / zoom;
    y = py - ((py - y) * next) / zoom;
    zoom = next;
    place();
  }
  function whole() {
    zoom = 1;
    place();
  }
  // A page that is itself enlarged (slides) gives places in px of the screen.
  function within(event) {
    const box = view.getBoundingClientRect();
    const scale = box.width / view.offsetWidth || 1;
    return [(event.clientX - box.left) / scale, (event.clientY - box.top) / scale, scale];
  }

  const parts = [
    ["+", "Zoom in (key: +)", () => by(1.5)],
    ["−", "Zoom out (key: -)", () => by(1 / 1.5)],
    ["0", "The whole picture (key: 0)", whole],
  ];
  for (const [sign, words, act] of parts) {
    const button = document.createElement("button");
    Object.assign(button, { type: "button", textContent: sign, title: words });
    button.setAttribute("aria-label", words);
    button.style.cssText =
      "width:28px;height:28px;padding:0;margin:0 0 0 3px;font:600 17px/1 sans-serif;color:#222;background:#fff;" +
      "border:1px solid #777;border-radius:4px;cursor:pointer";
    button.addEventListener("click", act);
    bar.append(button);
  }
  said.setAttribute("aria-live", "polite");
  said.style.cssText = "font:16px/28px sans-serif;color:#222;background:rgba(255,255,255,.85);padding:0 4px;border-radius:4px";
  bar.prepend(said);
  bar.style.cssText = "position:absolute;top:2px;right:2px;display:flex;z-index:2";
  view.append(bar);

  const on = () => !bar.hidden;
  view.addEventListener("keydown", (event) => {
    if (!on() || event.ctrlKey || event.metaKey || event.altKey) return;
    const move = event.target === view && zoom > 1 && MOVES[event.key];
    if (move) {
      x += move[0] * view.clientWidth * 0.15;
      y += move[1] * view.clientHeight * 0.15;
      place();
    } else if (event.key === "+" || event.key === "=") by(1.5);
    else if (event.key === "-") by(1 / 1.5);
    else if (event.key === "0") whole();
    else return;
    event.preventDefault();
    event.stopPropagation();
  });
  // The wheel scrolls the page, until the picture has the focus, or with Ctrl.
  view.addEventListener(
    "wheel",
    (event) => {
      if (!on() || !(event.ctrlKey || event.metaKey || view.contains(document.activeElement))) return;
      const [px, py] = within(event);
      by(Math.exp(-Math.sign(event.deltaY) * 0.2), px, py);
      event.preventDefault();
      event.stopPropagation();
    },
    { passive: false },
  );
  view.addEventListener("pointerdown", (event) => {
    dragged = false;
    if (!on() || zoom === 1 || event.button !== 0 || bar.contains(event.target)) return;
    drag = { left: event.clientX, top: event.clientY, x, y, scale: within(event)[2] };
  });
  view.addEventListener("pointermove", (event) => {
    if (!drag) return;
    const [dx, dy] = [event.clientX - drag.left, event.clientY - drag.top];
    if (!dragged && Math.hypot(dx, dy) < 5) return;
    if (!dragged) view.setPointerCapture(event.pointerId);
    dragged = true;
    [x, y] = [drag.x + dx / drag.scale, drag.y + dy / drag.scale];
    place();
  });
  view.addEventListener("dragstart", (event) => event.preventDefault()); // the browser would carry the image away
  for (const end of ["pointerup", "pointercancel"]) {
    view.addEventListener(end, () => {
      drag = null;
      place();
    });
  }
  // The end of a drag is no click on what lies below.
  view.addEventListener(
    "click",
    (event) => {
      if (!dragged) return;
      dragged = false;
      event.preventDefault();
      event.stopPropagation();
    },
    true,
  );
  // What has the focus is in sight.
  view.addEventListener("focusin", (event) => {
    if (zoom === 1 || event.target === view || bar.contains(event.target)) return;
    const [box, frame] = [event.target.getBoundingClientRect(), view.getBoundingClientRect()];
    const scale = frame.width / view.offsetWidth || 1;
    x += (Math.max(0, frame.left - box.left + 8) + Math.min(0, frame.right - box.right - 8)) / scale;
    y += (Math.max(0, frame.top - box.top + 8) + Math.min(0, frame.bottom - box.bottom - 8)) / scale;
    place();
  });

  function turn(active) {
    bar.hidden = !active;
    bar.style.display = active ? "flex" : "none";
    Object.assign(view.style, { position: "relative", overflow: active ? "clip" : "", maxWidth: "100%", width: "fit-content" });
    content.style.transformOrigin = "0 0";
    if (active) {
      view.tabIndex = 0;
      view.setAttribute("role", "application");
      view.setAttribute("aria-label", `${title}: plus and minus zoom, arrow keys move, 0 shows the whole picture`);
    } else {
      view.removeAttribute("tabindex");
      view.removeAttribute("role");
      view.removeAttribute("aria-label");
      zoom = 1;
    }
    place();
  }
  return { turn };
}
