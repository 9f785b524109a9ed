// Runs cells of the notebook on stage, by JupyterLab's own actions. A cell that fails shows its error on its page, and
// the next one runs all the same.

const NO_KERNEL = 20000; // ms after which a session without a kernel is taken for one that gets none

export class Runner {
  constructor(lab, panel, changed) {
    this._actions = lab.notebook.NotebookActions;
    this._dialogs = new lab.apputils.SessionContextDialogs();
    this._panel = panel;
    this._changed = changed;
    this._ran = new Set(); // ids of cells that ran in this kernel, since its start
    this._stopped = 0;
    this.busy = null; // how far a longer run is: {done, total}, or {restarting}
    this.failed = new Set(); // ids of cells whose last run failed
    this._executed = (_, { notebook, cell, success }) => {
      if (notebook !== panel.content) return;
      const id = cell.model.id;
      this._ran.add(id);
      if (success) this.failed.delete(id);
      else this.failed.add(id);
      changed();
    };
    this._status = (_, status) => (status === "restarting" || status === "autorestarting") && this._forget();
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

  _forget() {
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
  async run(cells) {
    const code = cells.filter((cell) => cell.model.type === "code" && cell.model.sharedModel.getSource().trim());
    const ticket = this._stopped;
    this.busy = { done: 0, total: code.length };
    this._changed();
    try {
      if (code.length && !(await this.ready())) return false;
      for (const cell of code) {
        if (this._stopped !== ticket || cell.isDisposed) break;
        await this._actions.runCells(this._panel.content, [cell], this._panel.sessionContext, this._dialogs);
        this.busy.done += 1;
        this._changed();
      }
    } finally {
      if (this._stopped === ticket) {
        this.busy = null;
        this._changed();
      }
    }
    return true;
  }

  // Runs cells, and before them those above that have not run in this kernel.
  async runWithNeeds(cells, all) {
    const first = all.indexOf(cells[0]);
    const needed = all.slice(0, Math.max(0, first)).filter((cell) => !this._ran.has(cell.model.id));
    return this.run([...needed, ...cells]);
  }

  // Restarts the kernel after asking; true where it was restarted.
  async restart() {
    this._stopped += 1;
    this.busy = { restarting: true };
    this._changed();
    try {
      return await this._dialogs.restart(this._panel.sessionContext);
    } finally {
      this.busy = null;
      this._changed();
    }
  }
}
