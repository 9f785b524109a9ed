// Where the parts of a page stand. A page knows its parts (heading, words, pictures, controls, code) and places them by what
// is there: words beside the picture or above it, whichever leaves the larger picture and the larger type; pictures take
// the height that is left; code with a result is folded to its first line. Nothing is moved in the document: cells get
// classes and lengths, which `clear` takes away again.
import { VIEWPORT } from "./stage.js";

const TYPE = [23, 20, 18, 16.5]; // sizes of the text that are tried, in pixels of 720
const SHARES = [0.25, 0.35, 0.48, 0.58]; // of the width, for words beside a picture
const GAP = 28; // between words and picture
const LEAST = 150; // a picture that is lower than this and could be higher does not fit
const GROWTH = 1.7; // pictures of pixels are enlarged by no more
const SHARP_GROWTH = 2.6; // and drawings by no more
const NARROW = 205; // pixels that a control needs
const SQUEEZE = [0.92, 0.85, 0.78];
const LINES = 22; // printed lines that one column holds
const LONG = 118; // characters of a line that is broken
const SHORT = 70; // characters of a line that two columns hold
const CARD = 22; // padding and border around a picture

const PICTURES = ".ll-img[src], .ll-figure img, .jp-RenderedImage img, .jp-OutputArea-output > img";
const RESULT = ".jp-OutputArea-output";
const EDITOR = ".jp-InputArea-editor";
const SHOWS = "img, svg, canvas, video, iframe, table, .ll-explorable, .ll-claim";

export class Layout {
  // `root`: where the pages are; `view`: finds the node that holds the page.
  constructor(root, view = () => root.querySelector(VIEWPORT)) {
    this._root = root;
    this._find = view;
    this._cells = [];
    this._key = "";
    this._known = new Map(); // what was chosen for a page, by its signature
    this._observer = new ResizeObserver(() => this._later());
    this._loaded = (event) => event.target.tagName === "IMG" && this._later();
    root.addEventListener("load", this._loaded, true);
  }

  // Takes away what was given to the cells of the page.
  clear() {
    this._release();
  }

  dispose() {
    this._observer.disconnect();
    this._root.removeEventListener("load", this._loaded, true);
    this._release();
  }

  get _view() {
    return this._find();
  }

  // Places all cells of a page, those of later steps included: they keep their place until they appear.
  // `open`: whether the code of a cell is open, asked for each.
  arrange(cells, open) {
    if (cells.length !== this._cells.length || cells.some((cell, k) => cell !== this._cells[k])) {
      this._release();
      this._cells = cells;
      for (const cell of cells) this._observer.observe(cell.node);
    }
    this._open = open;
    this._place();
  }

  _release() {
    cancelAnimationFrame(this._frame);
    this._frame = 0;
    this._observer.disconnect();
    for (const cell of this._cells) {
      cell.node.classList.remove("ll-deck-left", "ll-deck-right", "ll-deck-folded", "ll-deck-titled");
      cell.node.style.removeProperty("--ll-top");
      for (const name of ["ll-deck-unnamed", "ll-deck-twofold", "ll-deck-wrapped"]) {
        for (const one of cell.node.querySelectorAll(`.${name}`)) one.classList.remove(name);
      }
      cell.node.querySelector(EDITOR)?.removeAttribute("data-ll-lines");
    }
    const view = this._view;
    if (view) {
      view.classList.remove("ll-deck-side", "ll-deck-beside", "ll-deck-columns");
      for (const name of ["text", "tall", "wide", "left", "head", "columns", "panel", "quiz", "squeeze"]) view.style.removeProperty(`--ll-${name}`);
    }
    this._cells = [];
    this._key = "";
  }

  // What changed its size is placed again in the next frame, once.
  _later() {
    if (this._frame || !this._cells.length) return;
    this._frame = requestAnimationFrame(() => {
      this._frame = 0;
      if (this._cells.length) this._place();
    });
  }

  _place() {
    const view = this._view;
    if (!view || !view.offsetWidth) return;
    this._fold();
    this._measurePictures();
    const zoom = view.getBoundingClientRect().width / view.offsetWidth || 1;
    const style = getComputedStyle(view);
    this._zoom = zoom;
    this._width = view.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight);
    this._height = window.innerHeight / zoom - parseFloat(style.paddingTop) - parseFloat(style.paddingBottom) - 2;
    const key = this._signature();
    if (key !== this._key) {
      this._key = key;
      this._chosen = this._best();
    }
    this._fit(this._chosen, 4);
  }

  // What decides about the arrangement; the shape of a picture does not, or a page would jump under a slider.
  _signature() {
    const parts = this._cells.map((cell) => [
      this._role(cell), cell.node.classList.contains("ll-deck-folded"), this._pictures([cell]).filter((image) => image.naturalWidth).length,
      cell.node.querySelectorAll(RESULT).length, cell.node.querySelectorAll(".ll-controls > *").length,
    ]);
    const ids = this._cells.map((cell) => cell.model.id);
    return JSON.stringify([ids, Math.round(this._width), Math.round(this._height), parts]);
  }

  _role(cell) {
    if (cell.model.type !== "code") return "words";
    if (cell.node.querySelector(".ll-quiz")) return "quiz";
    const results = [...cell.node.querySelectorAll(RESULT)];
    if (!results.length) return "code";
    return results.some((result) => result.matches(SHOWS) || result.querySelector(SHOWS)) ? "picture" : "printed";
  }

  // Code whose result is on the page stands folded; code that is the matter itself stands open.
  _fold() {
    for (const cell of this._cells) {
      if (cell.model.type !== "code") continue;
      const tags = cell.model.getMetadata("tags") || [];
      const result = cell.node.querySelector(RESULT);
      const folded = Boolean(result) && !tags.includes("definition") && !this._open(cell);
      cell.node.classList.toggle("ll-deck-folded", folded);
      for (const pre of result ? cell.node.querySelectorAll(`${RESULT} pre`) : []) {
        const printed = pre.textContent.trimEnd().split("\n"); // many short lines stand in two columns
        const longest = Math.max(...printed.map((line) => line.length));
        pre.classList.toggle("ll-deck-twofold", printed.length > LINES && longest < SHORT);
        pre.classList.toggle("ll-deck-wrapped", longest > LONG);
      }
      const editor = cell.node.querySelector(EDITOR);
      const lines = cell.model.sharedModel.getSource().trim().split("\n").length;
      if (editor && folded) editor.dataset.llLines = lines > 1 ? `${lines} lines` : "1 line";
    }
  }

  // Each picture says its own width and its shape, so that the style can find its size.
  _measurePictures() {
    for (const image of this._pictures(this._cells)) {
      const width = Number(image.dataset.llOwn) || Number(image.getAttribute("width")) || image.naturalWidth;
      const ratio = image.naturalWidth / (image.naturalHeight || 1);
      if (!width || !ratio) continue;
      const sharp = image.dataset.llKind === "image/svg+xml" || image.src.startsWith("data:image/svg");
      image.style.setProperty("--ll-own", `${Math.round(width * (sharp ? SHARP_GROWTH : GROWTH))}px`);
      image.style.setProperty("--ll-ratio", ratio.toFixed(4));
    }
  }

  _pictures(cells) {
    return cells.flatMap((cell) => [...cell.node.querySelectorAll(PICTURES)]).filter((image) => image.getClientRects().length);
  }

  // --- choosing ----------------------------------------------------------------------------------------------

  _best() {
    const known = this._known.get(this._key);
    if (known) return known;
    const roles = this._cells.map((cell) => this._role(cell));
    const words = this._cells.filter((cell, k) => roles[k] === "words" && this._says(cell));
    const shown = roles.filter((role) => role !== "words");
    const both = words.length && shown.length && !roles.includes("quiz");
    const tries = [{ side: 0 }, ...(both ? SHARES.map((side) => ({ side })) : [])];
    if (this._cells.some((cell) => cell.node.querySelector(".ll-controls > *"))) tries.push({ side: 0, beside: true });
    if (roles.includes("quiz")) tries.push({ side: 0, quiz: 3 });
    let best = null;
    const weigh = (chosen) => {
      const found = this._fit(chosen, 1);
      const score = found.over > 0 ? -1e6 - found.over - 10 * (TYPE[0] - chosen.type)
        : 1.1 * Math.log(found.area + 2e4) + 2.2 * Math.log(chosen.type) - (chosen.side ? 0 : 0.12) - found.cut;
      if (!best || score > best.score) best = { ...chosen, score };
      return found;
    };
    // Printed lines stand in two columns only where one column is too high.
    const columns = this._cells.some((cell) => cell.node.querySelector(".ll-deck-twofold"));
    for (const one of columns ? [...tries, ...tries.map((each) => ({ ...each, twofold: true }))] : tries) {
      if (one.twofold && best.score > -1e5) break;
      const least = weigh({ ...one, type: TYPE.at(-1) });
      if (least.over > 0) continue; // where the smallest type does not fit, none does
      for (const type of TYPE.slice(0, -1)) {
        const found = weigh({ ...one, type });
        if (found.over <= 0 && found.cut <= least.cut && found.area >= 0.97 * least.area) break; // smaller type gains nothing
      }
    }
    // The last resort, for widgets without a picture that could be smaller: the whole widget is.
    for (const squeeze of best.score < -1e5 ? SQUEEZE : []) {
      if (weigh({ ...best, squeeze }).over <= 0) break;
    }
    this._known.set(this._key, best);
    return best;
  }

  // Whether a cell of words says more than its heading.
  _says(cell) {
    const shown = cell.node.querySelector(".jp-RenderedMarkdown");
    return Boolean(shown) && [...shown.children].some((one) => !/^(H[1-6]|STYLE)$/.test(one.tagName) && one.textContent.trim());
  }

  _apply({ side, beside, twofold, squeeze = 1, quiz = 2 }, type) {
    const view = this._view;
    view.classList.toggle("ll-deck-side", side > 0);
    view.classList.toggle("ll-deck-beside", Boolean(beside));
    view.classList.toggle("ll-deck-columns", Boolean(twofold));
    const left = Math.round(side * this._width);
    const wide = side ? this._width - left - GAP : this._width;
    let titled = false;
    for (const cell of this._cells) {
      const right = side > 0 && this._role(cell) !== "words";
      cell.node.classList.toggle("ll-deck-right", right);
      cell.node.classList.toggle("ll-deck-left", side > 0 && !right);
      const head = side > 0 && !titled && cell.node.querySelector(".jp-RenderedMarkdown > :is(h1, h2, h3):first-child");
      cell.node.classList.toggle("ll-deck-titled", Boolean(head));
      titled ||= Boolean(head);
    }
    const controls = Math.max(0, ...this._cells.map((cell) => this._controls(cell)));
    const panel = controls > 7 ? 460 : 290;
    const row = Math.max(1, Math.floor(wide / NARROW));
    const columns = controls <= row ? controls : Math.max(Math.ceil(controls / 2), 1);
    this._crowded = beside ? 0 : Math.max(0, (0.68 * NARROW * columns) / wide - 1) * 4;
    const own = { text: `${type}px`, left: `${left}px`, wide: `${Math.round(wide - CARD - (beside ? panel + GAP : 0))}px`, panel: `${panel}px`, columns: Math.max(1, columns), quiz, squeeze };
    for (const [name, value] of Object.entries(own)) view.style.setProperty(`--ll-${name}`, value);
    const heading = view.querySelector(".ll-deck-titled .jp-RenderedMarkdown > :first-child");
    view.style.setProperty("--ll-head", heading ? `${heading.offsetHeight + 10}px` : "0px");
    const name = (view.querySelector(".jp-Cell:not(.ll-deck-away) :is(h1, h2, h3)")?.textContent || "").toLowerCase();
    for (const cell of this._cells) {
      for (const title of cell.node.querySelectorAll(".ll-explorable .ll-title")) {
        title.classList.toggle("ll-deck-unnamed", name.includes(title.textContent.trim().toLowerCase()));
      }
    }
  }

  _controls(cell) {
    return [...cell.node.querySelectorAll(".ll-controls > *")].filter((one) => one.style.display !== "none" && getComputedStyle(one).display !== "none").length;
  }

  // --- fitting -----------------------------------------------------------------------------------------------

  // Gives the pictures the height that is left; says by how much the page is too high, and how large the pictures are.
  _fit(chosen, turns) {
    this._apply(chosen, chosen.type);
    const view = this._view;
    const pictures = this._pictures(this._cells);
    const tall = (value) => view.style.setProperty("--ll-tall", `${Math.max(40, Math.floor(value))}px`);
    const low = 60;
    tall(low);
    let found = this._stack();
    let squeezed = 0;
    if (pictures.length && found.end < this._height) {
      const limits = pictures.map((image) => this._highest(image));
      const now = limits.map((limit) => Math.min(limit, low));
      let height = filled(limits, this._height - found.shown + now.reduce((sum, one) => sum + one, 0));
      for (let turn = 0; turn < turns; turn += 1) {
        tall(height);
        found = this._stack();
        const over = found.end - this._height;
        if (over > 0) height -= Math.max(2, over / pictures.length) + 1;
        else if (found.shown - this._height < -12 && turn < 2 && limits.some((limit) => limit > height)) {
          height += (this._height - found.shown) / pictures.length;
        } else break;
      }
      if (found.end > this._height) {
        tall(height);
        found = this._stack();
      }
      squeezed = Math.max(...limits.map((limit) => (limit > LEAST && height < LEAST ? LEAST - height : 0)));
    }
    const over = found.end - this._height;
    const area = pictures.reduce((sum, image) => sum + image.offsetWidth * image.offsetHeight, 0);
    return { over: over > 0 ? over : squeezed, area, cut: this._cut() + this._crowded };
  }

  // How high a picture could be, were there no end of the page.
  _highest(image) {
    const style = getComputedStyle(image);
    const wide = parseFloat(this._view.style.getPropertyValue("--ll-wide"));
    const own = parseFloat(style.getPropertyValue("--ll-own")) || wide;
    return Math.min(wide, own) / (parseFloat(style.getPropertyValue("--ll-ratio")) || 1);
  }

  // Stands the right column's cells below one another; where the page ends, and where the column with the pictures does.
  _stack() {
    const view = this._view;
    const style = getComputedStyle(view);
    const box = (node) => node.getBoundingClientRect();
    const top = box(view).top / this._zoom + parseFloat(style.paddingTop);
    let end = 0;
    let next = null;
    for (const cell of this._cells) {
      const right = cell.node.classList.contains("ll-deck-right");
      if (!right) {
        end = Math.max(end, box(cell.node).bottom / this._zoom - top);
        if (next === null) next = box(cell.node).top / this._zoom - top + parseFloat(getComputedStyle(cell.node).paddingTop);
      }
    }
    const begin = next ?? 0;
    next = begin;
    for (const cell of this._cells) {
      if (!cell.node.classList.contains("ll-deck-right")) continue;
      cell.node.style.setProperty("--ll-top", `${Math.round(next + parseFloat(style.paddingTop))}px`);
      next += box(cell.node).height / this._zoom;
      end = Math.max(end, next);
    }
    return { end, shown: next > begin ? next : end };
  }

  // How much is cut off at the side, or broken: tables, formulas, printed lines, and code that is open.
  _cut() {
    let lost = 0;
    for (const cell of this._cells) {
      const editor = cell.node.querySelector(EDITOR);
      if (!editor || !editor.getClientRects().length || cell.node.classList.contains("ll-deck-folded")) continue;
      const longest = Math.max(...cell.model.sharedModel.getSource().split("\n").map((line) => line.length));
      const letter = 0.602 * parseFloat(getComputedStyle(editor.querySelector(".cm-content, pre") || editor).fontSize);
      lost = Math.max(lost, longest * letter + 14 - editor.clientWidth);
    }
    for (const node of this._view.querySelectorAll(".jp-Cell:not(.ll-deck-away) :is(pre, table, .jp-OutputArea-output, mjx-container)")) {
      if (node.closest(".ll-deck-folded .jp-Cell-inputWrapper, .ll-explorable") || node.querySelector(".ll-explorable")) continue;
      const wide = node.tagName === "MJX-CONTAINER" ? node.offsetWidth - node.closest(".jp-RenderedMarkdown, .jp-OutputArea").clientWidth : 0;
      lost = Math.max(lost, wide, node.scrollWidth - node.clientWidth - 2);
    }
    return lost > 0 ? 1.5 + lost / 200 : 0;
  }
}

// The common height at which boxes, none higher than its limit, fill a height together.
export function filled(limits, height) {
  let left = height;
  const sorted = [...limits].sort((a, b) => a - b);
  for (let k = 0; k < sorted.length; k += 1) {
    const share = left / (sorted.length - k);
    if (sorted[k] > share) return share;
    left -= sorted[k];
  }
  return Math.max(...limits, 0);
}
