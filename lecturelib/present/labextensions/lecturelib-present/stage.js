// How the deck turns the notebook's panel into a stage and back: everything that touches JupyterLab's look. The classes
// of JupyterLab and Lumino on which the deck relies stand here and in deck.css, nowhere else.
export const SCROLLER = ".jp-WindowedPanel-outer";
export const VIEWPORT = ".jp-WindowedPanel-viewport";
export const SHELL = "#main";

const DESIGN = [1280, 720]; // pixels for which deck.css is written; larger windows show the same, larger

// Fills the window with a panel. Lumino's widgets are containing blocks of their own, so that a fixed position would not
// escape them: the frames around the panel lose that for the time of the show. Returns what undoes it.
export function fill(panel) {
  const frames = [];
  const silenced = [];
  for (let node = panel.node; node.parentElement && node !== document.body; node = node.parentElement) {
    if (node !== panel.node) frames.push(node);
    if (!node.parentElement.closest(SHELL)) continue;
    for (const other of node.parentElement.children) {
      if (other === node || other.inert) continue;
      other.inert = true; // no Tab into what lies behind the deck
      silenced.push(other);
    }
  }
  document.body.classList.add("ll-deck-on");
  panel.node.classList.add("ll-deck-panel");
  for (const frame of frames) frame.classList.add("ll-deck-frame");
  return () => {
    document.body.classList.remove("ll-deck-on");
    panel.node.classList.remove("ll-deck-panel");
    for (const frame of frames) frame.classList.remove("ll-deck-frame");
    for (const other of silenced) other.inert = false;
  };
}

// The size of the type follows the window; `factor` is what the instructor chose.
export function zoom(panel, factor) {
  const fit = Math.min(window.innerWidth / DESIGN[0], window.innerHeight / DESIGN[1]);
  const value = Math.max(0.5, fit) * factor;
  panel.node.style.setProperty("--ll-zoom", value.toFixed(3));
  document.body.style.setProperty("--ll-bar-zoom", Math.max(0.6, fit).toFixed(3));
}

export function unzoom(panel) {
  panel.node.style.removeProperty("--ll-zoom");
  document.body.style.removeProperty("--ll-bar-zoom");
}

export function scroller(panel) {
  return panel.content.node.querySelector(SCROLLER) || panel.content.node;
}

// Names the section above a page that has no heading of its own; "" for none.
export function head(panel, section) {
  const page = panel.content.node.querySelector(VIEWPORT);
  if (page && section) page.dataset.llSection = section;
  else if (page) delete page.dataset.llSection;
}

// Scrolls by most of a screen; false where there is nothing left to scroll.
export function scroll(panel, direction) {
  const box = scroller(panel);
  const left = direction > 0 ? box.scrollHeight - box.clientHeight - box.scrollTop : box.scrollTop;
  if (left < 8) return false;
  box.scrollBy({ top: direction * Math.min(left, 0.8 * box.clientHeight), behavior: "instant" });
  return true;
}
