// A square of pixels in the picture that takes ink: by mouse or finger, or by the arrow keys (a pen) and Space.
// Part of front.js's module: the page answers each stroke itself, the kernel hears the newest drawing.

const INK = 1.1; // radius of the pen in pixels of the drawing: strokes as wide as those of MNIST
const RUBBER = 2;
const FINE = 12; // points of the canvas per pixel of the drawing, for the pen's mark
const STEPS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

function drawingPad({ model, stage, img, tools, panel, report, say, resting }) {
  let canvas = null;
  let rubber = null;
  let side = 0;
  let pixels = []; // side * side numbers from 0 to 255, row by row
  let pen = null; // where the keyboard's pen stands, and whether it is down
  let last = null; // where the mouse was
  const small = document.createElement("canvas");

  function button(words, title, act) {
    const node = make("button", "ll-tool", tools, { type: "button", title });
    node.textContent = words;
    node.addEventListener("click", act);
    return node;
  }

  function begin() {
    canvas = make("canvas", "ll-pad", stage, { tabindex: "0", role: "application" });
    button("Clear", "an empty square (key: Delete)", clear);
    rubber = button("Erase", "take ink away instead (key: E)", () => erase(rubber.getAttribute("aria-pressed") !== "true"));
    rubber.setAttribute("aria-pressed", "false");
    make("span", "ll-hint", tools).textContent = "Draw; or arrow keys move the pen, Space puts it down or lifts it.";
    canvas.addEventListener("pointerdown", (event) => {
      if (event.button !== 0) return;
      canvas.setPointerCapture(event.pointerId);
      canvas.focus({ preventScroll: true });
      last = at(event);
      stroke(last, last);
      event.preventDefault();
    });
    canvas.addEventListener("pointermove", (event) => {
      if (!last || !(event.buttons & 1)) return;
      // a fast hand moves several times between two frames
      for (const one of event.getCoalescedEvents ? event.getCoalescedEvents() : [event]) {
        const next = at(one);
        stroke(last, next);
        last = next;
      }
    });
    for (const end of ["pointerup", "pointercancel"]) canvas.addEventListener(end, () => (last = null));
    canvas.addEventListener("keydown", key);
    for (const change of ["focus", "blur"]) canvas.addEventListener(change, paint);
  }

  // What the kernel holds: a start, a preset, or what was drawn here; never older than what is under way.
  function take() {
    const drawing = model.get("drawing") || {};
    tools.hidden = drawing.side === undefined;
    if (tools.hidden) return;
    if (!canvas) begin();
    if (side !== drawing.side) {
      side = drawing.side;
      small.width = small.height = side;
      canvas.width = canvas.height = side * FINE;
      pen = { x: side / 2, y: side / 2, down: false };
    } else if (!resting()) return;
    pixels = [...drawing.pixels];
    const how = "draw with the mouse; or arrow keys move the pen, Space puts it down, E erases, Delete clears";
    canvas.setAttribute("aria-label", `${model.get("title")}, ${drawing.label}: ${how}`);
    place();
    paint();
  }

  function place() {
    if (!canvas) return;
    const [left, top, right, bottom] = panel(model.get("drawing").panel);
    const [width, height] = [img.offsetWidth, img.offsetHeight];
    const box = { left: left * width, top: top * height, width: (right - left) * width, height: (bottom - top) * height };
    for (const [name, value] of Object.entries(box)) canvas.style[name] = `${value}px`;
  }

  function paint() {
    const image = small.getContext("2d").createImageData(side, side);
    pixels.forEach((value, k) => image.data.set([value, value, value, 255], 4 * k));
    small.getContext("2d").putImageData(image, 0, 0);
    const brush = canvas.getContext("2d");
    brush.imageSmoothingEnabled = false;
    brush.drawImage(small, 0, 0, canvas.width, canvas.height);
    const { guide } = model.get("drawing");
    if (guide) {
      brush.strokeStyle = "#8a8a8a";
      brush.lineWidth = FINE / 8;
      brush.setLineDash([FINE / 2, FINE / 2]);
      brush.strokeRect(((side - guide) / 2) * FINE, ((side - guide) / 2) * FINE, guide * FINE, guide * FINE);
      brush.setLineDash([]);
    }
    if (document.activeElement !== canvas || last) return;
    // A ring is a lifted pen, a disc one that draws; dark under light, so that it is seen on ink too.
    for (const [ink, extra] of [["#000000", FINE / 4], ["#ff9d3b", 0]]) {
      brush.beginPath();
      brush.arc(pen.x * FINE, pen.y * FINE, FINE * 0.8 + (pen.down ? extra : 0), 0, 2 * Math.PI);
      brush.fillStyle = brush.strokeStyle = ink;
      brush.lineWidth = FINE / 3 + 2 * extra;
      if (pen.down) brush.fill();
      else brush.stroke();
    }
  }

  function at(event) {
    const box = canvas.getBoundingClientRect();
    return { x: ((event.clientX - box.left) / box.width) * side, y: ((event.clientY - box.top) / box.height) * side };
  }

  // Every pixel by its distance from the line: soft at the border, without gaps however fast the hand was.
  function stroke(from, to) {
    const erasing = rubber.getAttribute("aria-pressed") === "true";
    const radius = erasing ? RUBBER : INK;
    const [dx, dy] = [to.x - from.x, to.y - from.y];
    const length = dx * dx + dy * dy || 1;
    for (let k = 0; k < pixels.length; k++) {
      const [x, y] = [(k % side) + 0.5, Math.floor(k / side) + 0.5];
      const t = Math.min(1, Math.max(0, ((x - from.x) * dx + (y - from.y) * dy) / length));
      const far = Math.hypot(x - from.x - t * dx, y - from.y - t * dy);
      const ink = Math.round(255 * Math.min(1, Math.max(0, radius + 0.5 - far)));
      pixels[k] = erasing ? Math.min(pixels[k], 255 - ink) : Math.max(pixels[k], ink);
    }
    paint();
    report({ type: "drawing", pixels: [...pixels] });
  }

  function clear() {
    pixels.fill(0);
    paint();
    report({ type: "drawing", pixels: [...pixels] });
    say("cleared");
  }

  function erase(on) {
    rubber.setAttribute("aria-pressed", String(on));
    say(on ? "the pen erases" : "the pen draws");
  }

  function key(event) {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    const step = STEPS[event.key];
    if (step) {
      const from = { ...pen };
      const far = event.shiftKey ? 4 : 1;
      const inside = (value) => Math.min(side - 0.5, Math.max(0.5, value));
      [pen.x, pen.y] = [inside(pen.x + far * step[0]), inside(pen.y + far * step[1])];
      if (pen.down) stroke(from, pen);
      else paint();
    } else if (event.key === " ") {
      pen.down = !pen.down;
      if (pen.down) stroke(pen, pen);
      else paint();
      say(`pen ${pen.down ? "down" : "up"}, column ${Math.round(pen.x)}, row ${Math.round(pen.y)} of ${side}`);
    } else if (event.key === "Delete" || event.key === "Backspace") clear();
    else if (event.key.toLowerCase() === "e") erase(rubber.getAttribute("aria-pressed") !== "true");
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  return { take, place };
}
