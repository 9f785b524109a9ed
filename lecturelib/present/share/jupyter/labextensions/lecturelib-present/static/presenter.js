// The presenter's window: notes, what comes next, clock. It is fed with copies of what this page shows: it has no kernel
// and runs nothing. Its keys go to the deck.
import { make } from "./front.js";

export class Presenter {
  constructor(deck) {
    this._deck = deck;
    this._window = null;
  }

  get _open() {
    return this._window && !this._window.closed;
  }

  open() {
    if (this._open) {
      this._window.focus();
      return;
    }
    this._window = window.open("", "lecturelib-presenter", "popup,width=1180,height=760");
    if (!this._window) return; // the browser refused
    const page = this._window.document;
    page.open(); // also where a window of that name is left from before a reload
    page.write("<!doctype html><html lang='en'><head><title>Presenter</title></head><body></body></html>");
    page.close();
    this._dress();
    page.body.className = "ll-presenter";
    const root = make("main", "", page.body);
    const top = make("header", "", root);
    this._place = make("div", "ll-presenter-place", top);
    this._clock = make("div", "ll-presenter-clock", top, { title: "the time of day" });
    this._elapsed = make("div", "ll-presenter-elapsed", top, { title: "since the start" });
    const again = make("button", "", top, { type: "button" });
    again.textContent = "Start the clock again";
    again.addEventListener("click", () => {
      this._deck.began = Date.now();
      this._tick();
    });
    const left = make("section", "ll-presenter-notes", root, { "aria-label": "Notes" });
    make("h2", "", left).textContent = "Notes";
    this._notes = make("div", "jp-RenderedHTMLCommon", left);
    const right = make("section", "ll-presenter-next", root, { "aria-label": "Next" });
    this._nextTitle = make("h2", "", right);
    this._next = make("div", "ll-presenter-stage", right);
    this._window.addEventListener("keydown", (event) => this._key(event), true);
    this._timer = setInterval(() => (this._open ? this._tick() : this.close()), 1000);
    this._tick();
    this.update();
  }

  // The page's own styles, in its theme, as rules: linked files would come late, or not at all.
  _dress() {
    const page = this._window.document;
    const rules = (sheet) => [...sheet.cssRules]
      .filter((rule) => !(sheet.href && rule instanceof CSSFontFaceRule)) // their addresses are relative to the sheet
      .map((rule) => rule.cssText).join("\n");
    const style = page.createElement("style");
    style.textContent = [...document.styleSheets, ...document.adoptedStyleSheets].map(rules).join("\n");
    page.head.querySelectorAll("style").forEach((old) => old.remove());
    page.head.appendChild(style);
    for (const { name, value } of document.body.attributes) if (name.startsWith("data-")) page.body.setAttribute(name, value);
    this._theme = document.body.dataset.jpThemeName;
  }

  close() {
    clearInterval(this._timer);
    if (this._open) this._window.close();
    this._window = null;
  }

  // A key pressed in this window means what it means on stage, where the deck has the focus.
  _key(event) {
    if (event.target.closest && event.target.closest("button") && [" ", "Enter"].includes(event.key)) return;
    if (event.ctrlKey || event.metaKey || event.altKey || event.key === "Tab") return;
    event.preventDefault();
    event.stopPropagation();
    const { key, shiftKey } = event;
    this._deck.key(new KeyboardEvent("keydown", { key, shiftKey, cancelable: true }), true);
  }

  _tick() {
    const seconds = Math.floor((Date.now() - this._deck.began) / 1000);
    const two = (number) => String(number).padStart(2, "0");
    this._elapsed.textContent = `${Math.floor(seconds / 60)}:${two(seconds % 60)}`;
    const now = new Date();
    this._clock.textContent = `${two(now.getHours())}:${two(now.getMinutes())}`;
  }

  update() {
    if (!this._open) return;
    const deck = this._deck;
    const page = this._window.document;
    if (this._theme !== document.body.dataset.jpThemeName) this._dress();
    this._place.textContent = `${deck.at + 1} / ${deck.pages.length}   ${deck.titleOf(deck.at)}`;
    const notes = deck.notes();
    this._notes.replaceChildren(...notes.map((note) => page.adoptNode(note)));
    if (!notes.length) make("p", "ll-presenter-none", this._notes).textContent = "No notes for this page.";
    const more = deck.step + 1 < deck.steps.length;
    const last = !more && deck.at + 1 >= deck.pages.length;
    this._nextTitle.textContent = more ? "Next on this page" : last ? "This is the last page" : `Next: ${deck.titleOf(deck.at + 1)}`;
    const cells = last ? [] : more ? deck.steps[deck.step + 1].map((k) => deck.content.widgets[k]) : deck.cellsOf(deck.at + 1, 0);
    this._next.replaceChildren(...cells.map((cell) => page.adoptNode(this._copy(cell))));
  }

  // A picture of a cell: a copy without life, its canvases drawn again.
  _copy(cell) {
    const copy = cell.node.cloneNode(true);
    copy.classList.remove("ll-deck-away");
    copy.inert = true;
    // Of a living explorable and its static copy, one is enough.
    if (copy.querySelector(".ll-explorable .ll-img[src]")) copy.querySelectorAll(".ll-static").forEach((node) => node.remove());
    const drawn = cell.node.querySelectorAll("canvas");
    copy.querySelectorAll("canvas").forEach((canvas, k) => {
      if (drawn[k].width && drawn[k].height) canvas.getContext("2d").drawImage(drawn[k], 0, 0);
    });
    return copy;
  }
}
