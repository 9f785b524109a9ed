// How a page fits: its height and width, its smallest text, and what is cut off. `slides --check` and the tests ask.

const READABLE = 16; // pixels of a window 720 pixels high
const DESIGN = 720; // text is counted in pixels of a window of this height
// What may be smaller than the text around it: formulas, exponents, marks that only a pointer or a screen reader finds, and
// the playground, a program of its own whose forty controls stand on one screen.
const SMALL = "mjx-container, math, sub, sup, svg.jp-icon, [aria-hidden=true], .ll-live, [hidden], .ll-playground";

const seen = (node) => {
  const box = node.getBoundingClientRect();
  return box.width > 0 && box.height > 0 && getComputedStyle(node).visibility !== "hidden";
};

// The texts of the nodes as [pixels on the screen, words].
function texts(nodes) {
  const found = [];
  for (const root of nodes) {
    const walk = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
    for (let text = walk.nextNode(); text; text = walk.nextNode()) {
      const node = text.parentElement;
      if (!text.data.trim() || node.closest(SMALL) || node.closest("style, script, option") || !seen(node)) continue;
      const scale = node instanceof SVGElement ? Math.abs(node.getScreenCTM()?.a || 1) : node.currentCSSZoom || 1;
      found.push([parseFloat(getComputedStyle(node).fontSize) * scale, text.data.trim()]);
    }
  }
  return found;
}

// The texts of a drawing that is shown as a picture; those of pixels cannot be known.
async function drawn(image) {
  if (!seen(image) || !image.src) return [];
  const answer = await fetch(image.src).catch(() => null);
  const type = answer ? answer.headers.get("content-type") || "" : "";
  if (!type.includes("svg")) return [];
  const svg = new DOMParser().parseFromString(await answer.text(), "image/svg+xml").documentElement;
  const box = (svg.getAttribute("viewBox") || "").split(/[\s,]+/).map(Number);
  const wide = box[2] || parseFloat(svg.getAttribute("width"));
  const scale = image.getBoundingClientRect().width / wide;
  return [...svg.querySelectorAll("text")].filter((one) => one.textContent.trim()).map((one) => {
    const size = one.closest("[font-size]")?.getAttribute("font-size") || /font-size:\s*([\d.]+)/.exec(one.getAttribute("style") || "")?.[1];
    return [parseFloat(size || 16) * scale, one.textContent.trim()];
  });
}

// How much larger a drawing has to be for its smallest text to be read; 1 where it can be.
export async function enlargement(image) {
  const sizes = (await drawn(image)).map(([size]) => (size * DESIGN) / window.innerHeight).filter((size) => size > 0);
  return sizes.length ? Math.max(1, READABLE / Math.min(...sizes)) : 1;
}

// `scroller`: what would scroll; `nodes`: what is on the page; `bottom`: where the page has to end.
export async function measure(scroller, nodes, bottom = window.innerHeight) {
  const end = Math.max(0, ...nodes.filter(seen).map((node) => node.getBoundingClientRect().bottom)) + scroller.scrollTop;
  const unit = DESIGN / window.innerHeight;
  const pictures = nodes.flatMap((node) => [...node.querySelectorAll("img")]);
  const plain = texts(nodes);
  const inside = (await Promise.all(pictures.map(drawn))).flat();
  const least = (list) => list.reduce((least, one) => (least && least[0] <= one[0] ? least : one), null);
  const said = (one) => one && { size: Math.round(10 * one[0] * unit) / 10, words: one[1].slice(0, 40) };
  const cut = nodes
    .flatMap((node) => [...node.querySelectorAll("pre, .cm-scroller, .ll-area, .jp-OutputArea-output, table, mjx-container")])
    .filter((node) => !node.closest(".ll-deck-folded .jp-Cell-inputWrapper"))
    .filter((node) => seen(node) && (node.scrollWidth > node.clientWidth + 2 || node.scrollHeight > node.clientHeight + 2))
    .filter((node) => getComputedStyle(node).overflowX !== "visible" || getComputedStyle(node).overflowY !== "visible")
    .map((node) => node.className?.toString().split(" ")[0] || node.tagName.toLowerCase());
  return {
    height: Math.round(scroller.scrollHeight * unit),
    over: Math.round(Math.max(scroller.scrollHeight - scroller.clientHeight, end - bottom) * unit),
    wide: Math.round(scroller.scrollWidth - scroller.clientWidth),
    text: said(least(plain)),
    drawing: said(least(inside)),
    cut: [...new Set(cut)],
  };
}
