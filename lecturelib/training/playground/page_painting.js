// --- painting: the units' maps, the large map with its border and points, the loss curves ---

function paint(v) {
  if (v.pending) return;
  v.pending = true;
  requestAnimationFrame(() => {
    v.pending = false;
    if (!v.scene || !v.frame || v.frame.scene !== v.scene.serial) return;
    paintUnits(v);
    paintEdges(v);
    paintBig(v);
    paintCurves(v);
    paintPanel(v);
    v.model.send({ type: "ack", n: v.frame.serial });
  });
}

function paintInputs(v) {
  const maps = bytes(v.scene.maps);
  const area = v.scene.size * v.scene.size;
  v.tiles[0].forEach((unit, k) => {
    for (let p = 0; p < area; p++) unit.buffer[p] = v.inks[maps[k * area + p]];
    unit.pen.putImageData(unit.image, 0, 0);
    unit.node.classList.toggle("llp-off", !v.scene.active[k]);
    unit.node.setAttribute("aria-pressed", v.scene.active[k]);
  });
}

function paintUnits(v) {
  const dead = new Set(v.frame.dead.map((place) => place.join("-")));
  const last = v.tiles.length - 1;
  v.tiles.slice(1).forEach((units, k) => {
    units.forEach((one, unit) => {
      const layer = k + 1;
      const map = mapOf(v, layer, unit);
      const inks = layer === last && several(v) ? v.classShades[unit] : v.inks;
      for (let p = 0; p < map.length; p++) one.buffer[p] = inks[map[p]];
      one.pen.putImageData(one.image, 0, 0);
      const gone = dead.has(`${layer}-${unit}`);
      one.node.classList.toggle("llp-dead", gone);
      one.node.classList.toggle("llp-chosen", Boolean(v.chosen && v.chosen[0] === layer && v.chosen[1] === unit));
      const name = `${unitName(v, layer, unit)}${gone ? ", dead: 0 for every training point" : ""}: open its weights`;
      if (one.node.getAttribute("aria-label") !== name) one.node.setAttribute("aria-label", name);
    });
  });
}

function paintEdges(v) {
  v.edges.forEach((layer, k) => {
    const weight = weightsOf(v, k + 1);
    layer.forEach((unit, u) =>
      unit.forEach(({ line, title }, s) => {
        const value = weight(u, s);
        const wide = value === 0 ? 0 : Math.min(7, 0.5 + 1.8 * Math.abs(value));
        line.setAttribute("stroke-width", wide.toFixed(1));
        line.setAttribute("class", value < 0 ? "llp-edge llp-minus" : "llp-edge llp-plus");
        title.textContent = `weight ${short(value)}: click to change it`;
      }),
    );
  });
}

function paintBig(v) {
  const { size } = v.scene;
  const last = v.tiles.length - 1;
  const place = v.focus && v.focus[0] !== last ? v.focus : null;
  const maps = Array.from({ length: v.scene.layout[last] }, (_, k) => mapOf(v, last, k));
  v.sheet.width = v.sheet.height = size;
  const pen = v.sheet.getContext("2d");
  const image = pen.createImageData(size, size);
  v.heading.textContent = fillBig(v, new Uint32Array(image.data.buffer), place, maps);
  pen.putImageData(image, 0, 0);
  v.big.pen.imageSmoothingEnabled = true;
  v.big.pen.drawImage(v.sheet, 0, 0, BIG, BIG);
  if (!place) paintBorder(v, maps);
  paintPoints(v);
}

// Writes the large map's pixels, and returns what it shows in words.
function fillBig(v, buffer, place, maps) {
  if (place) {
    const map = mapOf(v, ...place);
    for (let p = 0; p < buffer.length; p++) buffer[p] = v.inks[map[p]];
    return `${place[0] ? "" : "input "}${unitName(v, ...place)}: orange above 0, blue below`;
  }
  if (!several(v)) {
    for (let p = 0; p < buffer.length; p++) buffer[p] = v.inks[63 + (maps[0][p] >> 1)];
    return "output: probability of class 2 (orange)";
  }
  for (let p = 0; p < buffer.length; p++) {
    let best = 0;
    for (let k = 1; k < maps.length; k++) if (maps[k][p] > maps[best][p]) best = k;
    buffer[p] = packed(mix(v.classInks[best], 0.65 * (maps[best][p] / 255)));
  }
  return "output: the class with the largest probability";
}

// What is above 0 on one side of a class's border: p - 1/2, or the largest probability minus the others'.
function marginOf(v, maps, k) {
  if (!several(v)) return (p) => maps[0][p] - 127.5;
  return (p) => {
    let most = 0;
    for (let j = 0; j < maps.length; j++) if (j !== k && maps[j][p] > most) most = maps[j][p];
    return maps[k][p] - most + 0.01;
  };
}

// Marching squares: a line through each square of four pixels whose signs differ.
function paintBorder(v, maps) {
  const { size } = v.scene;
  const pen = v.big.pen;
  const scale = BIG / (size - 1);
  pen.strokeStyle = "#222";
  pen.lineWidth = 1.5;
  pen.beginPath();
  for (let k = 0; k < (several(v) ? maps.length : 1); k++) {
    const margin = marginOf(v, maps, k);
    for (let y = 0; y + 1 < size; y++) {
      for (let x = 0; x + 1 < size; x++) {
        const cut = cutsOf(margin, x, y, size);
        for (let c = 0; c + 1 < cut.length; c += 2) {
          pen.moveTo(cut[c][0] * scale, cut[c][1] * scale);
          pen.lineTo(cut[c + 1][0] * scale, cut[c + 1][1] * scale);
        }
      }
    }
  }
  pen.stroke();
}

// Where the margin is 0 on the four sides of the square with its top left pixel at (x, y).
function cutsOf(margin, x, y, size) {
  const p = y * size + x;
  const corner = [margin(p), margin(p + 1), margin(p + size + 1), margin(p + size)];
  const at = [[x, y], [x + 1, y], [x + 1, y + 1], [x, y + 1]]; // prettier-ignore
  const cut = [];
  for (let c = 0; c < 4; c++) {
    const d = (c + 1) % 4;
    if (corner[c] > 0 === corner[d] > 0) continue;
    const t = corner[c] / (corner[c] - corner[d]);
    cut.push([at[c][0] + t * (at[d][0] - at[c][0]), at[c][1] + t * (at[d][1] - at[c][1])]);
  }
  return cut;
}

function paintPoints(v) {
  const pen = v.big.pen;
  const { reach } = v.scene;
  const [places, labels, train] = [floats(v.scene.x), bytes(v.scene.label), bytes(v.scene.train)];
  for (let k = 0; k < labels.length; k++) {
    const x = ((places[2 * k] + reach) / (2 * reach)) * BIG;
    const y = ((reach - places[2 * k + 1]) / (2 * reach)) * BIG;
    const ink = v.about.classes[labels[k]];
    pen.beginPath();
    outline(pen, labels[k], x, y, 3.2);
    pen.fillStyle = train[k] ? ink : "#fff";
    pen.strokeStyle = train[k] ? "#fff" : ink;
    pen.lineWidth = train[k] ? 0.8 : 1.5;
    pen.fill();
    pen.stroke();
  }
}

// A circle, a square or a triangle by class.
function outline(pen, label, x, y, r) {
  if (label === 0) pen.arc(x, y, r, 0, 7);
  else if (label === 1) pen.rect(x - 0.9 * r, y - 0.9 * r, 1.8 * r, 1.8 * r);
  else {
    pen.moveTo(x, y - 1.2 * r);
    pen.lineTo(x - 1.1 * r, y + r);
    pen.lineTo(x + 1.1 * r, y + r);
    pen.closePath();
  }
}

const CURVES = { left: 34, right: 4, top: 6, bottom: 18 }; // CSS pixels around the loss curves

function paintCurves(v) {
  const { pen, width, height } = v.curves;
  const { left, right, top, bottom } = CURVES;
  const { history } = v.frame; // step, train, test; ...
  const many = history.length / 3;
  let most = 1e-6;
  for (let k = 0; k < many; k++) most = Math.max(most, history[3 * k + 1], history[3 * k + 2]);
  most *= 1.08;
  const first = history[0];
  const last = Math.max(first + 1, history[3 * (many - 1)]);
  pen.clearRect(0, 0, width, height);
  paintAxes(v, first, most);
  const x = (step) => left + ((step - first) / (last - first)) * (width - left - right);
  const y = (loss) => top + (1 - loss / most) * (height - top - bottom);
  for (const [which, dash] of [[1, []], [2, [6, 4]]]) {
    pen.beginPath();
    for (let k = 0; k < many; k++) pen.lineTo(x(history[3 * k]), y(history[3 * k + which]));
    pen.strokeStyle = v.about.classes[which - 1];
    pen.lineWidth = 2;
    pen.setLineDash(dash);
    pen.stroke();
  }
  pen.setLineDash([]);
}

function paintAxes(v, first, most) {
  const { pen, width, height } = v.curves;
  const { left, right, top, bottom } = CURVES;
  pen.font = "12px sans-serif";
  pen.strokeStyle = pen.fillStyle = getComputedStyle(v.root).color;
  pen.globalAlpha = 0.5;
  pen.lineWidth = 1;
  pen.strokeRect(left, top, width - left - right, height - top - bottom);
  pen.globalAlpha = 1;
  pen.textAlign = "right";
  pen.fillText(most.toFixed(most < 10 ? 2 : 0), left - 4, top + 9);
  pen.fillText("0", left - 4, height - bottom);
  pen.fillText(`step ${v.frame.step}`, width - right, height - 4);
  pen.textAlign = "left";
  pen.fillText(`step ${first}`, left, height - 4);
}
