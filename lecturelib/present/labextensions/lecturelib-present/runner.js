// Runs cells of the notebook on stage, by JupyterLab's own actions. A cell that fails shows its error on its page, and
// the next one runs all the same.

const NO_KERNEL = 20000; // ms after which a session without a kernel is taken for one that gets none

export class Runner {
  // `sight`: gives the cells of the page that is shown.
  constructor(lab, panel, changed, sight) {
    this._actions = lab.notebook.NotebookActions;
    this._dialogs = new lab.apputils.SessionContextDialogs();
    this._panel = panel;
    this._changed = changed;
    this._ran = new Set(); // ids of cells that ran in this kernel, since its start
    this._stopped = 0;
    this._sight = sight;
    this._left = []; // cells of a run in the background that are still to come
    this._needs = null; // of each cell, by its id, the ids of those that have to run before it
    this.busy = null; // how far a longer run is: {done, total}, or {restarting}
    this.failed = new Set(); // ids of cells whose last run failed
    this.hung = new Set(); // ids of cells that ran when the kernel was restarted or died: no longer run is made to wait for them
    this.current = null; // the cell that runs
    this._executed = (_, { notebook, cell, success }) => {
      if (notebook !== panel.content) return;
      const id = cell.model.id;
      this._ran.add(id);
      if (success) this.hung.delete(id);
      if (success) this.failed.delete(id);
      else this.failed.add(id);
      changed();
    };
    this._status = (_, status) => {
      if (status === "autorestarting" || status === "dead") this._died();
      if (status === "restarting" || status === "autorestarting") this._forget();
    };
    this._kernel = () => this._forget();
    this._actions.executed.connect(this._executed);
    panel.sessionContext.statusChanged.connect(this._status);
    panel.sessionContext.kernelChanged.connect(this._kernel);
  }

  dispose() {
    this._stopped += 1;
    this._actions.executed.disconnect(this._executed);
    this._panel.sessionContext.statusChanged.disconnect(this._status);
    this._panel.sessionContext.kernelChanged.disconnect(this._kernel);
  }

  // Whether a cell ran in this kernel; what ran before the slides began is known from its number.
  ran(cell) {
    return this._ran.has(cell.model.id) || (!this._forgot && cell.model.type === "code" && cell.model.executionCount !== null);
  }

  // No answer came: waits a moment for the news that the kernel ended.
  async _lost() {
    const ticket = this._stopped;
    for (let k = 0; k < 20 && this._stopped === ticket; k += 1) await new Promise((done) => setTimeout(done, 100));
  }

  // The cell that was running took the kernel with it: the run ends, and that cell is left out from now on.
  _died() {
    this._stopped += 1;
    if (this.current) this.hung.add(this.current.model.id);
    this.current = null;
    this.busy = null;
    this.died = true;
    this._changed();
  }

  _forget() {
    this._forgot = true;
    this._ran.clear();
    this.failed.clear();
    this._changed();
  }

  // Waits until what a cell displays can arrive. The page says "idle" before it has a session, and the widget manager
  // starts to listen for new widgets only when the session is ready: widgets of cells that ran before are lost. So wait
  // for the session, then for one answer of the kernel, which comes after what the manager asked. False: no kernel.
  async ready() {
    const context = this._panel.sessionContext;
    await Promise.race([context.ready, new Promise((done) => setTimeout(done, NO_KERNEL))]);
    const kernel = context.session?.kernel;
    if (!kernel) return false;
    await kernel.info;
    await kernel.requestCommInfo({ target_name: "jupyter.widget" });
    return true;
  }

  // Runs cells one after another; a failure stops none of those after it. `false` where there is no kernel.
  // `sight`: the page that is shown comes first, wherever the run has come to, with what it needs.
  async run(cells, sight = false) {
    const left = cells.filter(runs);
    const ticket = this._stopped;
    this.died = false;
    this.busy = { done: 0, total: left.length };
    if (sight) this._left = left;
    this._changed();
    try {
      if (left.length && !(await this.ready())) return false;
      if (sight) await this._readNeeds();
      while (left.length) {
        const cell = (sight && this._wanted(left)) || left[0];
        left.splice(left.indexOf(cell), 1);
        if (this._stopped !== ticket) break;
        if (cell.isDisposed) continue;
        this.current = cell;
        this._changed();
        await this._actions.runCells(this._panel.content, [cell], this._panel.sessionContext, this._dialogs);
        await this._asking; // whether to restart the kernel
        if (cell.model.executionCount === null && this._stopped === ticket) await this._lost();
        if (this._stopped !== ticket) break;
        this.busy.done += 1;
        this._changed();
      }
    } finally {
      if (sight && this._left === left) this._left = [];
      if (this._stopped === ticket) {
        this.busy = this.current = null;
        this._changed();
      }
    }
    return true;
  }

  // The cell that is next for the page that is shown: what that page needs, then its own; nothing where it has run.
  _wanted(left) {
    const page = this._sight().filter((cell) => left.includes(cell));
    if (!page.length || !this._needs || !page.every((cell) => this._needs.has(cell.model.id))) return null;
    const wanted = new Set(page.flatMap((cell) => [...this._needs.get(cell.model.id), cell.model.id]));
    return left.find((cell) => wanted.has(cell.model.id));
  }

  // Asks the kernel which cells a cell needs, which it reads from the code (cell_needs.py). A notebook without this
  // library, or in another language, runs in order.
  async _readNeeds() {
    const cells = this._panel.content.widgets.filter(runs);
    const sources = cells.map((cell) => cell.model.sharedModel.getSource());
    const key = sources.join("\0");
    if (key === this._needsOf) return;
    this._needs = null;
    if (!/\blecturelib\b/.test(key)) return;
    const asked = `__import__("lecturelib.present.cell_needs", fromlist=["x"]).cell_needs(__import__("json").loads(${JSON.stringify(JSON.stringify(sources))}))`;
    const kernel = this._panel.sessionContext.session.kernel;
    const future = kernel.requestExecute({ code: "", silent: true, store_history: false, user_expressions: { needs: asked } });
    const answer = await future.done.catch(() => null); // a restart meanwhile
    const said = answer?.content.user_expressions?.needs?.data?.["text/plain"];
    if (!said) return;
    const ids = cells.map((cell) => cell.model.id);
    this._needs = new Map(JSON.parse(said).map((needed, k) => [ids[k], needed.map((j) => ids[j])]));
    this._needsOf = key;
  }

  // Whether a cell is still to come in a run in the background.
  awaits(cell) {
    return this._left.includes(cell) || (this.current === cell && this.busy !== null);
  }

  // What is to be said of a cell that has not run in this kernel; `alive`: whether it shows what would answer.
  waiting(cell, alive) {
    if (this.hung.has(cell.model.id)) return "This cell did not end and is left out: R tries it again.";
    if (this.current === cell) return "This cell is running.";
    if (this.busy?.restarting) return alive ? "The kernel restarts, and this cell runs again." : "";
    if (this._left.includes(cell)) return `This cell has not run yet: ${this._needs?.has(cell.model.id) ? "it comes next" : "its turn comes"}.`;
    return alive ? "This cell has not run: R makes it answer." : "";
  }

  // Runs cells, and before them those above that have not run in this kernel, without those that hung.
  async runWithNeeds(cells, all) {
    const first = all.indexOf(cells[0]);
    const needed = all.slice(0, Math.max(0, first)).filter((cell) => !this._ran.has(cell.model.id) && !this.hung.has(cell.model.id));
    return this.run([...needed, ...cells]);
  }

  // Runs cells in the background that have not run in this kernel, without those that hung, the page that is shown first.
  async runAll(cells) {
    return this.run(cells.filter((cell) => !this._ran.has(cell.model.id) && !this.hung.has(cell.model.id)), true);
  }

  // Stops the cell that runs, as the kernel's own interrupt does; the cells after it go on. False: nothing ran.
  async interrupt() {
    const kernel = this._panel.sessionContext.session?.kernel;
    if (!kernel || (!this.current && kernel.status !== "busy")) return false;
    await kernel.interrupt();
    return true;
  }

  // Restarts the kernel after asking; true where it was restarted. The cell that runs is left out from now on.
  async restart() {
    const going = this.busy;
    this.busy = { restarting: true };
    this._changed();
    this._asking = this._dialogs.restart(this._panel.sessionContext).then((done) => {
      if (!done) return false;
      this._stopped += 1;
      if (this.current && this.current.model.executionCount === null) this.hung.add(this.current.model.id);
      this.current = null;
      return true;
    });
    try {
      return await this._asking;
    } finally {
      this._asking = null;
      this.busy = this.current ? going : null;
      this._changed();
    }
  }
}

export function runs(cell) {
  return cell.model.type === "code" && cell.model.sharedModel.getSource().trim() !== "";
}
