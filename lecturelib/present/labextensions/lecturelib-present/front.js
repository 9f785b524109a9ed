// What lies over the stage: the bar with the page number, the list of pages, the list of keys, the black screen.
import { Closeup, PICTURES } from "./closeup.js";
import { HELP } from "./keys.js";
import { make } from "./make.js";
import { Overview } from "./overview.js";

const BAR = 4000; // ms without the mouse after which the bar fades

export class Front {
  constructor(deck) {
    this._deck = deck;
    this.node = make("div", "ll-deck-front", document.body);
    this._progress = make("div", "ll-deck-progress", this.node, { "aria-hidden": "true" });
    this._said = make("div", "ll-deck-said", this.node, { role: "status" });
    const bar = make("nav", "ll-deck-bar", this.node, { "aria-label": "Slides" });
    this._busy = make("span", "ll-deck-busy", bar);
    this._button(bar, "‹", "previous", "Previous (PageUp)");
    this._number = make("button", "ll-deck-number", bar, { type: "button", title: "All pages (O)" });
    this._number.addEventListener("click", () => deck.act("overview"));
    this._button(bar, "›", "next", "Next (PageDown)");
    this._button(bar, "?", "help", "Keys (H)");
    this._button(bar, "✕", "leave", "Leave the slides (Q)");
    this._wake = () => {
      clearTimeout(this._sleep);
      this.node.classList.add("ll-deck-awake");
      this._sleep = setTimeout(() => this.node.classList.remove("ll-deck-awake"), BAR);
    };
    window.addEventListener("mousemove", this._wake);
    this._wake();
    this.state = ""; // what is said of running and failing cells
    this._over = null; // "overview", "help" or "black", and its node
  }

  dispose() {
    window.removeEventListener("mousemove", this._wake);
    clearTimeout(this._sleep);
    this._pages?.dispose();
    this.node.remove();
  }

  _button(bar, text, action, title) {
    const button = make("button", "", bar, { type: "button", title, "aria-label": title });
    button.textContent = text;
    button.addEventListener("mousedown", (event) => event.preventDefault()); // the focus stays with the deck
    button.addEventListener("click", () => this._deck.act(action));
  }

  update() {
    const { at, pages, step, steps, busy } = this._deck;
    this._number.textContent = `${Math.min(at + 1, pages.length)} / ${pages.length}`;
    this._number.dataset.step = step;
    this._number.dataset.steps = steps.length;
    this._progress.style.width = `${(100 * (at + 1)) / Math.max(1, pages.length)}%`;
    const failed = pages.map((_, k) => k + 1).filter((k) => this._deck.failedOn(k - 1));
    const running = !busy ? "" : busy.restarting ? "restarting the kernel"
      : busy.total ? `running ${Math.min(busy.done + 1, busy.total)} of ${busy.total}` : "";
    const wrong = failed.length ? `a cell failed on page ${failed.join(", ")}` : "";
    this.state = [running || wrong, this._deck.trouble].filter(Boolean).join("; ");
    this._busy.textContent = this.state;
    this._busy.classList.toggle("ll-deck-failed", !busy && failed.length > 0);
  }

  // A word that fades, for what a key did.
  say(words) {
    clearTimeout(this._timer);
    this._said.textContent = words;
    this._said.classList.add("ll-deck-shown");
    this._timer = setTimeout(() => this._said.classList.remove("ll-deck-shown"), 2500);
  }

  act(what) {
    const open = this._over?.what;
    this._close();
    if (open === what) return;
    if (what === "overview") this._overview();
    if (what === "help") this._help();
    if (what === "zoom") this._closeup();
    if (what === "black") this._open("black", "ll-deck-black", { "aria-label": "Black screen: any key goes on" });
  }

  _open(what, css, attributes = {}) {
    const node = make("div", `ll-deck-over ${css}`, this.node, { role: "dialog", "aria-modal": "true", tabindex: "-1", ...attributes });
    this._over = { what, node };
    node.focus();
    return node;
  }

  _close() {
    if (!this._over) return;
    this._pages?.dispose();
    this._pages = null;
    this._over.node.remove();
    this._over = null;
    this._deck.focus();
  }

  _overview() {
    const node = this._open("overview", "ll-deck-overview", { "aria-label": "All pages" });
    this._pages = new Overview(this._deck, node, (page) => {
      this._close();
      this._deck.go(page);
    });
  }

  _closeup() {
    const cells = this._deck.cellsOf(this._deck.at, this._deck.step);
    const images = cells.flatMap((cell) => [...cell.node.querySelectorAll(PICTURES)]).filter((one) => one.getClientRects().length);
    if (!images.length) return this.say("No picture on this page.");
    this.say("Z: until its text can be read, and back; arrow keys move it; Escape closes");
    this._picture = new Closeup(images, this._open("zoom", "ll-deck-closeup", { "aria-label": "The picture of the page" }));
    return undefined;
  }

  _help() {
    const node = this._open("help", "ll-deck-help", { "aria-label": "Keys" });
    make("h2", "", node).textContent = "Keys";
    const list = make("dl", "", node);
    for (const [keys, words] of HELP) {
      make("dt", "", list).textContent = keys;
      make("dd", "", list).textContent = words;
    }
    make("p", "", node).textContent =
      "While a slider, a list or an editor holds the focus, keys are its own, except PageUp, PageDown and Escape.";
  }

  // A key while something lies over the stage; true where it was used here.
  key(event) {
    if (!this._over) return false;
    if (["Shift", "Control", "Alt", "Meta"].includes(event.key)) return true;
    event.preventDefault();
    event.stopImmediatePropagation();
    const { what, node } = this._over;
    const key = event.key;
    if (what === "overview" && key !== "Escape" && key.toLowerCase() !== "o") {
      this._pages.key(event);
      return true;
    }
    if (what === "zoom" && this._picture.key(event)) return true;
    if (what === "help" && ["ArrowDown", "ArrowUp"].includes(key)) node.scrollBy(0, key === "ArrowDown" ? 80 : -80);
    else this._close();
    return true;
  }
}
