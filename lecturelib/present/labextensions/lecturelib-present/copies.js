// Copies of cells without life, for the presenter's window and the overview: they have no kernel and take no key.

const RESULT = ".jp-OutputArea-output";
const ALIVE = "script, iframe, .jp-cell-toolbar, .jp-InputPrompt, .jp-OutputPrompt, .jp-Collapser, .jp-InternalAnchorLink, .jp-CellHeader, .jp-CellFooter";

// A copy of a cell as it is shown, its canvases drawn again.
export function copyOf(cell, page = document) {
  const copy = page.importNode(cell.node, true); // in another document, JupyterLab's own elements are dead, too
  copy.classList.remove("ll-deck-away", "ll-deck-later", "ll-deck-left", "ll-deck-right", "ll-deck-titled", "jp-mod-active", "jp-mod-selected");
  copy.style.removeProperty("--ll-top");
  copy.inert = true;
  copy.querySelectorAll(ALIVE).forEach((node) => node.remove());
  // Buttons of one name are one choice in a document: a copy must not take the choice away.
  copy.querySelectorAll("[name]").forEach((node) => node.removeAttribute("name"));
  // Of a living explorable and its static copy, one is enough.
  if (copy.querySelector(".ll-explorable .ll-img[src]")) copy.querySelectorAll(".ll-static").forEach((node) => node.remove());
  const drawn = cell.node.querySelectorAll("canvas");
  copy.querySelectorAll("canvas").forEach((canvas, k) => {
    if (drawn[k]?.width && drawn[k].height) canvas.getContext("2d").drawImage(drawn[k], 0, 0);
  });
  return copy;
}

// A page as a small picture: its cells, without code that has a result and without controls (deck.css makes them small).
export function pictureOf(cells) {
  const page = document.createElement("div");
  page.className = "ll-deck-copy";
  const words = document.createElement("div");
  const shown = document.createElement("div");
  for (const cell of cells) {
    const copy = copyOf(cell);
    const code = cell.model.type === "code";
    if (code && cell.node.querySelector(RESULT)) copy.querySelector(".jp-Cell-inputWrapper")?.remove();
    (code ? shown : words).append(copy);
  }
  page.append(...[words, shown].filter((part) => part.childElementCount));
  return page;
}
