// The presenter's window: notes, what comes next, clock. It is fed with copies of what this page shows: it has no kernel
// and runs nothing. Its keys go to the deck.
import { copyOf } from "./copies.js";
import { make } from "./make.js";
import { placeIn, planOf } from "./notes.js";

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
      this._deck.clock.beginAgain();
      this._tick();
    });
    this._plan = make("div", "ll-presenter-plan", root, { role: "status" });
    this._trouble = make("div", "ll-presenter-trouble", root, { role: "alert" });
    const now = make("section", "ll-presenter-now", root, { "aria-label": "This page" });
    make("h2", "", now).textContent = "This page";
    this._now = make("div", "ll-presenter-stage", now);
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
    const seconds = Math.floor(this._deck.clock.elapsed / 1000);
    const two = (number) => String(number).padStart(2, "0");
    const clock = (count) => `${Math.floor(count / 60)}:${two(Math.floor(count % 60))}`;
    const plan = planOf(this._deck);
    this._elapsed.textContent = clock(seconds) + (plan.whole ? ` of ${plan.whole} min` : "");
    const section = this._deck.sections[this._deck.at] || "";
    const place = placeIn(plan, section);
    const spent = `${section}: ${clock(this._deck.clock.spent(section) / 1000)}`;
    const late = place ? Math.round(seconds / 60 - place.end) : 0;
    const early = place ? Math.round(place.begin - seconds / 60) : 0;
    const say = late > 0 ? `${late} min behind the plan` : early > 0 ? `${early} min ahead of the plan` : "within the plan";
    this._plan.textContent = !section ? "" : place ? `${spent} of ${place.minutes} min; planned from ${place.begin} to ${place.end} min: ${say}` : spent;
    this._plan.classList.toggle("ll-presenter-late", late > 0);
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
    this._trouble.textContent = deck.state;
    this._tick();
    this._now.replaceChildren(...deck.cellsOf(deck.at, deck.step).map((cell) => copyOf(cell, page)));
    const cells = last ? [] : more ? deck.steps[deck.step + 1].map((k) => deck.content.widgets[k]) : deck.cellsOf(deck.at + 1, 0);
    this._next.replaceChildren(...cells.map((cell) => copyOf(cell, page)));
  }
}
