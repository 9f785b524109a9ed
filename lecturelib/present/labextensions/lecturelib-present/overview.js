// All pages at once: a small picture of each, by sections. Arrow keys, a number, Enter or a click choose one.
import { pictureOf } from "./copies.js";
import { make } from "./make.js";

const WIDTH = 1280; // pixels of the page that a picture shows

export class Overview {
  // `choose`: told the page that was chosen.
  constructor(deck, node, choose) {
    this._deck = deck;
    this._node = node;
    this._choose = choose;
    this._typed = "";
    make("p", "", node).textContent = "Arrow keys and Enter, a number and Enter, or a click. Escape goes back.";
    const list = make("div", "ll-deck-list", node);
    let section = null;
    let several = false; // whether the section at hand has several pages; one that has a single page needs no line of its own
    deck.pages.forEach((_, k) => {
      const begins = deck.sections[k] !== section;
      const apart = begins && several;
      if (begins) {
        section = deck.sections[k];
        several = deck.sections[k + 1] === section;
        if (several) make("h2", "", list).textContent = section;
      }
      const tile = make("button", "ll-deck-tile", list, { type: "button", "data-page": k });
      make("span", "ll-deck-picture", tile, { "aria-hidden": "true" });
      make("span", "ll-deck-place", tile).textContent = k + 1;
      make("span", "ll-deck-label", tile).textContent = deck.labelOf(k);
      if (deck.failedOn(k)) make("span", "ll-deck-mark", tile).textContent = "a cell failed";
      else if (deck.waitingOn(k)) make("span", "ll-deck-mark ll-deck-soon", tile).textContent = "has not run";
      tile.classList.toggle("ll-deck-apart", apart && !several);
      if (k === deck.at) tile.setAttribute("aria-current", "page");
      tile.addEventListener("click", () => choose(k));
    });
    // Pictures are made where they come into sight: a part has up to eighty pages.
    this._watch = new IntersectionObserver((seen) => seen.filter((one) => one.isIntersecting).forEach(({ target }) => this._draw(target)),
      { root: node, rootMargin: "160px 0px" });
    for (const tile of this._tiles) this._watch.observe(tile);
    this._to(deck.at);
  }

  dispose() {
    this._watch.disconnect();
  }

  get _tiles() {
    return [...this._node.querySelectorAll(".ll-deck-tile")];
  }

  _draw(tile) {
    this._watch.unobserve(tile);
    const frame = tile.querySelector(".ll-deck-picture");
    const page = pictureOf(this._deck.cellsOf(Number(tile.dataset.page)));
    frame.style.setProperty("--ll-small", (frame.clientWidth / WIDTH).toFixed(4));
    frame.append(page);
  }

  _to(page) {
    const tile = this._node.querySelector(`[data-page="${Math.max(0, Math.min(this._deck.pages.length - 1, page))}"]`);
    tile?.focus({ preventScroll: true });
    tile?.scrollIntoView({ block: "nearest" });
  }

  // The page above or below, in the row that is next in this direction.
  _across(now, direction) {
    const places = this._tiles.map((tile, page) => ({ page, box: tile.getBoundingClientRect() }));
    const here = places[now].box;
    const beyond = places.filter(({ box }) => (direction > 0 ? box.top >= here.bottom - 1 : box.bottom <= here.top + 1));
    if (!beyond.length) return now;
    const edge = direction > 0 ? Math.min(...beyond.map(({ box }) => box.top)) : Math.max(...beyond.map(({ box }) => box.top));
    const row = beyond.filter(({ box }) => Math.abs(box.top - edge) < 2);
    return row.sort((a, b) => Math.abs(a.box.left - here.left) - Math.abs(b.box.left - here.left))[0].page;
  }

  key({ key }) {
    const now = Number(document.activeElement?.dataset?.page ?? this._deck.at);
    const moves = { ArrowRight: () => now + 1, ArrowLeft: () => now - 1, PageDown: () => now + 1, PageUp: () => now - 1, Home: () => 0,
      End: () => Infinity, ArrowDown: () => this._across(now, 1), ArrowUp: () => this._across(now, -1) };
    if (/^[0-9]$/.test(key)) {
      this._typed = (this._typed + key).slice(-3);
      this._to(Number(this._typed) - 1);
    } else if (key in moves) {
      this._typed = "";
      this._to(moves[key]());
    } else if (key === "Enter" || key === " ") this._choose(now);
  }
}
