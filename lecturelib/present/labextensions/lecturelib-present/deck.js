// The deck: which page of the notebook is shown, and what the keys do. The cells stay where they are, with their kernel
// and their widgets; those that are not on the page get one CSS class.
import { ShowClock } from "./clock.js";
import { Front } from "./front.js";
import { controlAt, meaning } from "./keys.js";
import { Layout } from "./layout.js";
import { headingOf, labelsOf, notesFor, sectionsOf } from "./notes.js";
import { kindOf, pagesOf } from "./pages.js";
import { callPreset } from "./preset.js";
import { Presenter } from "./presenter.js";
import { Runner, runs } from "./runner.js";
import * as stage from "./stage.js";
import { Theme } from "./theme.js";

const AWAY = "ll-deck-away"; // the one class of a cell that is not on the page
const LATER = "ll-deck-later"; // of one that a later step of the page shows: it has its place already
const HUSHED = "ll-deck-hushed"; // of one tagged `hide-input`, the standard tag: its code shows when asked for
const WAITS = "llWaits"; // what a cell that has not run says of it, on its page
const OPEN = "ll-deck-all-code"; // of the panel, while all code is open
const SIZES = [0.6, 0.7, 0.8, 0.9, 1, 1.1, 1.2, 1.35, 1.5, 1.75, 2];
const LIVING = ".ll-explorable, .ll-static, .jupyter-widgets"; // what needs the kernel to answer
const EXPLORABLE = ".ll-explorable";
const MEMORY = "lecturelib-present:"; // and the notebook's path: where this window was, for a reload

export class Deck {
  constructor(lab, services, panel, left) {
    this._lab = lab;
    this._services = services;
    this._left = left;
    this.panel = panel;
    this.content = panel.content;
    this.pages = [];
    this.at = 0; // the page
    this.step = 0; // its last step that is shown
    this.clock = new ShowClock();
    this._size = SIZES.indexOf(1);
    this._code = false; // whether code is open instead of folded
    this._peeked = new Set(); // ids of cells of this page that are open alone, to be edited
    this._undo = [];
  }

  // Where the deck of a notebook was in this window before a reload; without a path, of any. Null: there was none.
  static remembered(path = null) {
    const key = path === null ? Object.keys(sessionStorage).find((one) => one.startsWith(MEMORY)) : MEMORY + path;
    return key ? JSON.parse(sessionStorage.getItem(key)) : null;
  }

  _remember() {
    const { at, step, _size: size, _all: run } = this;
    sessionStorage.setItem(MEMORY + this.panel.context.path, JSON.stringify({ at, step, size, run }));
  }

  // `resume`: go on where this window was before a reload. `run`: run all cells, in the background.
  async start({ run = false, resume = false } = {}) {
    const { panel, content } = this;
    const documents = this._services.documents;
    const was = { config: content.notebookConfig, mode: content.mode, active: content.activeCellIndex, scroll: stage.scroller(panel).scrollTop };
    content.notebookConfig = { ...was.config, windowingMode: "none", scrollPastEnd: false };
    this._undo.push(() => (content.notebookConfig = was.config));
    if (documents && documents.autosave) {
      documents.autosave = false; // what is tried on stage is written only by who saves it
      this._undo.push(() => (documents.autosave = true));
    }
    this._undo.push(stage.fill(panel));
    this._runner = new Runner(this._lab, panel, () => this.tell(), () => this.cellsOf(this.at));
    this._front = new Front(this);
    this._presenter = new Presenter(this);
    this._layout = new Layout(content.node);
    this._theme = new Theme(this._services.themes);
    this._undo.push(() => this._theme.restore());
    this._listen();
    this._read();
    const kept = resume && Deck.remembered(panel.context.path);
    this._all = run;
    this._size = kept ? kept.size : this._size;
    stage.zoom(panel, SIZES[this._size]);
    if (kept && this.pages[kept.at]) this.go(kept.at, kept.step);
    else this.go(resume ? 0 : this._pageOf(was.active), resume ? 0 : Infinity);
    this._undo.push(() => {
      content.activeCellIndex = was.active;
      content.mode = was.mode;
      stage.scroller(panel).scrollTop = was.scroll;
    });
    this._relay();
    if (run) this._told(await this._runner.runAll(content.widgets.slice()));
  }

  leave() {
    if (!this._runner) return;
    this._presenter.close();
    this._front.dispose();
    this._runner.dispose();
    this._runner = null;
    this._layout.dispose();
    for (const cell of this.content.widgets) {
      [AWAY, LATER, HUSHED].forEach((name) => cell.removeClass(name));
      delete cell.node.dataset[WAITS];
    }
    this.panel.removeClass(OPEN);
    stage.unzoom(this.panel);
    stage.head(this.panel, "");
    if (document.fullscreenElement) document.exitFullscreen();
    for (const undo of this._undo) undo();
    sessionStorage.removeItem(MEMORY + this.panel.context.path);
    this._relay();
    this.content.activate();
    this._left();
  }

  // --- pages -------------------------------------------------------------------------------------------------

  get steps() {
    return this.pages[this.at]?.steps || [];
  }

  cellsOf(at, upTo = Infinity) {
    return (this.pages[at]?.steps || []).slice(0, upTo + 1).flat().map((k) => this.content.widgets[k]).filter(Boolean);
  }

  titleOf(at) {
    const section = headingOf(this.cellsOf(at)) ? "" : this.sections[at];
    return section ? `${section}: ${this.labelOf(at)}` : this.labelOf(at);
  }

  // Its name among the pages of its section.
  labelOf(at) {
    return this._labels[at];
  }

  notes(at = this.at) {
    return notesFor(this, at);
  }

  // Reads the pages again, after the notebook changed, and stays with the cell that was shown.
  _read() {
    const kept = this.cellsOf(this.at)[0]?.model.id;
    const kinds = this.content.widgets.map((cell) => {
      const said = cell.model.getMetadata("slideshow");
      const tags = cell.model.getMetadata("tags") || [];
      cell.toggleClass(HUSHED, tags.includes("hide-input"));
      return kindOf(said && said.slide_type, tags);
    });
    this.pages = pagesOf(kinds);
    this.sections = sectionsOf(this);
    this._labels = labelsOf(this);
    const found = kept ? this.pages.findIndex((_, at) => this.cellsOf(at).some((cell) => cell.model.id === kept)) : -1;
    this.at = Math.min(found >= 0 ? found : this.at, Math.max(0, this.pages.length - 1));
    this.step = Math.min(this.step, this.steps.length - 1);
  }

  _pageOf(cell) {
    const at = this.pages.findIndex(({ steps }) => steps.flat().some((k) => k >= cell));
    return at < 0 ? 0 : at;
  }

  go(at, step = 0) {
    this.at = Math.max(0, Math.min(at, this.pages.length - 1));
    this.step = Math.max(0, Math.min(step, this.steps.length - 1));
    this.clock.turn(this.sections[this.at] || "");
    this._peeked.clear();
    this._show();
    stage.scroller(this.panel).scrollTop = 0;
    this.focus();
  }

  _show() {
    const page = this.cellsOf(this.at);
    const [here, shown] = [new Set(page), new Set(this.cellsOf(this.at, this.step))];
    for (const cell of this.content.widgets) {
      cell.toggleClass(AWAY, !here.has(cell));
      cell.toggleClass(LATER, here.has(cell) && !shown.has(cell));
    }
    stage.head(this.panel, headingOf(page) ? "" : this.sections[this.at]);
    this._arrange();
    this._remember();
    this.tell();
  }

  _arrange() {
    this._layout.arrange(this.cellsOf(this.at), (cell) => this._code || this._peeked.has(cell.model.id));
  }

  _reveal(step) {
    this.step = step;
    this._show();
    this.focus();
    const first = this.content.widgets[this.steps[step][0]];
    const box = stage.scroller(this.panel).getBoundingClientRect();
    if (first && first.node.getBoundingClientRect().bottom > box.bottom) first.node.scrollIntoView({ block: "start" });
  }

  next() {
    if (this.step + 1 < this.steps.length) this._reveal(this.step + 1);
    else if (this.at + 1 < this.pages.length) this.go(this.at + 1);
  }

  previous() {
    if (this.step > 0) {
      this.step -= 1;
      this._show();
      this.focus();
    } else if (this.at > 0) this.go(this.at - 1, Infinity);
  }

  // Tells the bar and the presenter's window that something changed.
  tell() {
    if (!this._front || this._telling) return;
    this._telling = true;
    requestAnimationFrame(() => {
      this._telling = false;
      if (!this._runner) return;
      for (const cell of this.cellsOf(this.at)) this._mark(cell);
      this._front.update();
      this._presenter.update();
    });
  }

  // A cell whose result is not alive says so.
  _mark(cell) {
    const said = runs(cell) && !this._runner.ran(cell) ? this._runner.waiting(cell, cell.node.querySelector(LIVING)) : "";
    if (said) cell.node.dataset[WAITS] = said;
    else delete cell.node.dataset[WAITS];
  }

  // What the bar and the presenter's window say about running and failing cells.
  get state() {
    return this._front ? this._front.state : "";
  }

  get busy() {
    return this._runner ? this._runner.busy : null;
  }

  waitingOn(at) {
    return this.cellsOf(at).some((cell) => runs(cell) && !this._runner.ran(cell));
  }

  failedOn(at) {
    return this.cellsOf(at).some((cell) => this._runner.failed.has(cell.model.id));
  }

  // --- focus and keys ----------------------------------------------------------------------------------------

  // The deck has the focus when the notebook has it, in command mode, on a cell of the page.
  focus() {
    const shown = this.cellsOf(this.at, this.step);
    if (shown.length && !shown.includes(this.content.activeCell)) {
      this.content.activeCellIndex = this.content.widgets.indexOf(shown[0]);
    }
    this.content.mode = "command";
    this.content.deselectAll();
    if (controlAt(document.activeElement)) document.activeElement.blur();
    this.content.activate();
  }

  _listen() {
    const on = (target, event, handler, options) => {
      target.addEventListener(event, handler, options);
      this._undo.push(() => target.removeEventListener(event, handler, options));
    };
    on(window, "keydown", (event) => this.key(event), true); // before JupyterLab, where D, D deletes a cell
    on(window, "resize", () => {
      stage.zoom(this.panel, SIZES[this._size]);
      this._arrange();
    });
    on(this.content.node, "focusin", (event) => this._peek(event.target));
    on(window, "pagehide", () => this._presenter.close());
    const changed = () => {
      this._read();
      this._show();
    };
    // The notebook's widgets follow its model, so they are read a moment later.
    const later = () => queueMicrotask(() => this._runner && changed());
    const cells = this.content.model.cells;
    cells.changed.connect(later);
    this._undo.push(() => cells.changed.disconnect(later));
    const gone = () => this._runner && this.leave();
    this.panel.disposed.connect(gone);
    this._undo.push(() => this.panel.disposed.disconnect(gone));
  }

  // One key, from this window or the presenter's.
  key(event) {
    if (this._front.key(event)) return;
    // A dialog of JupyterLab, its palette, a menu or the completer's list has the keys to itself.
    if (document.querySelector(".jp-Dialog, .jp-ModalCommandPalette:not(.lm-mod-hidden), .lm-Menu")) return;
    const completing = document.querySelector(".jp-Completer:not(.lm-mod-hidden)");
    if (completing && !["PageUp", "PageDown"].includes(event.key)) return;
    const what = meaning(event);
    if (what === "lab") return;
    if (what === "control") {
      if (event.target.closest("[role=slider]") && event.key.length === 1 && event.key !== " ") this._swallow(event);
      return;
    }
    this._swallow(event);
    if (what !== "nothing") this.act(what, event);
  }

  _swallow(event) {
    event.preventDefault();
    event.stopImmediatePropagation();
  }

  act(what, event = null) {
    const actions = {
      next: () => this.next(),
      previous: () => this.previous(),
      onward: () => stage.scroll(this.panel, 1) || this.next(),
      back: () => {
        if (stage.scroll(this.panel, -1)) return;
        const page = this.at;
        this.previous();
        if (this.at !== page) stage.scroller(this.panel).scrollTop = 1e9; // as it was left
      },
      first: () => this.go(0),
      last: () => this.go(this.pages.length - 1),
      deck: () => this.focus(),
      code: () => this._showCode(!this._code),
      larger: () => this._resize(1),
      smaller: () => this._resize(-1),
      fullScreen: () => (document.fullscreenElement ? document.exitFullscreen() : document.documentElement.requestFullscreen()),
      theme: () => this._theme.turn().then(() => this.tell()),
      presenter: () => this._presenter.open(),
      leave: () => this.leave(),
      edit: () => this._edit(),
      run: () => this._run(event),
      interrupt: () => this._interrupt(),
      restart: () => this._restart(),
      insert: () => this._insert(),
      preset: () => this._preset(Number(event.key)),
    };
    if (actions[what]) actions[what]();
    else this._front.act(what); // overview, zoom, black, help
    this.tell();
  }

  _showCode(open) {
    this._code = open;
    this._peeked.clear();
    this.panel.toggleClass(OPEN, open);
    this._arrange();
  }

  // Code that gets the cursor is opened, on its page only.
  _peek(node) {
    const inside = node.closest?.(".cm-editor") && node.closest(".jp-Cell");
    const cell = inside && this.content.widgets.find((one) => one.node === inside);
    if (!cell || this._peeked.has(cell.model.id)) return;
    this._peeked.add(cell.model.id);
    this._arrange();
  }

  _resize(by) {
    this._size = Math.max(0, Math.min(SIZES.length - 1, this._size + by));
    stage.zoom(this.panel, SIZES[this._size]);
    this._show();
  }

  // --- cells -------------------------------------------------------------------------------------------------

  _edit() {
    const shown = this.cellsOf(this.at, this.step);
    const wanted = shown.includes(this.content.activeCell) && this.content.activeCell.model.type === "code"
      ? this.content.activeCell
      : shown.find((cell) => cell.model.type === "code");
    if (!wanted) return;
    if (wanted.hasClass(HUSHED)) this._showCode(true);
    this.content.activeCellIndex = this.content.widgets.indexOf(wanted);
    this.content.mode = "edit";
    this.content.activate();
  }

  async _run(event) {
    const node = event && event.target.closest && event.target.closest(".jp-Cell");
    const edited = node && controlAt(event.target) === "text" && this.content.widgets.find((cell) => cell.node === node);
    const cells = edited ? [edited] : this.cellsOf(this.at, this.step);
    this.focus();
    const waits = cells.filter((cell) => runs(cell) && !this._runner.ran(cell));
    if (edited && edited.model.type !== "code") edited.rendered = true;
    else if (!edited && waits.length && waits.every((cell) => this._runner.awaits(cell))) this._front.say("This page comes next.");
    else this._told(await this._runner.runWithNeeds(cells, this.content.widgets));
  }

  _told(ran) {
    if (!ran && this._runner) this._front.say("There is no kernel: code does not run, and the pictures stand as they were saved.");
  }

  async _interrupt() {
    if (await this._runner.interrupt()) this._front.say("Interrupted. Where that does not help, Shift+R restarts the kernel.");
    else this._front.say("No cell is running.");
  }

  // After the restart, what had run runs again, in the background, this page first; without a cell that hung.
  async _restart() {
    const cells = this.content.widgets;
    const had = new Set(cells.filter((cell) => this._all || this._runner.ran(cell)));
    const done = await this._runner.restart();
    this.focus();
    if (!done) return;
    const end = cells.indexOf(this.cellsOf(this.at, this.step).at(-1)); // up to here in any case
    await this._runner.runAll(cells.filter((cell, k) => k <= end || had.has(cell)));
  }

  // What the page has to say about its own cells: nothing where all is well.
  get trouble() {
    const runner = this._runner;
    const code = this.cellsOf(this.at).filter(runs);
    if (code.some((cell) => runner.hung.has(cell.model.id))) return "a cell of this page did not end and is left out: R tries it again";
    if (runner.died) return "the kernel ended: Shift+R runs all again, without the cell that ended it";
    if (code.some((cell) => !runner.ran(cell))) return runner.busy ? "this page has not run yet" : "this page has not run: R runs it";
    return "";
  }

  // A new code cell after what is shown, ready to be typed into.
  _insert() {
    const last = this.steps.slice(0, this.step + 1).flat().at(-1);
    this.content.activeCellIndex = last;
    this._lab.notebook.NotebookActions.insertBelow(this.content);
    this._read();
    this._show();
    this.content.activeCellIndex = last + 1;
    this.content.mode = "edit";
    this.content.activate();
    this.content.activeCell.node.scrollIntoView({ block: "nearest" });
  }

  // Key 1 calls the first prepared setting of the explorable in sight, and so on; 0 takes it back to its start.
  _preset(number) {
    const said = callPreset(this.cellsOf(this.at, this.step).flatMap((cell) => [...cell.node.querySelectorAll(EXPLORABLE)]), number);
    if (said) this._front.say(said);
  }

  // Tells Lumino that the panel has another size now, so that the notebook and its widgets follow.
  _relay() {
    const { MessageLoop } = this._lab.messaging;
    MessageLoop.sendMessage(this.panel, this._lab.widgets.Widget.ResizeMessage.UnknownSize);
  }
}
