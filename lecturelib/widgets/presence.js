// Tells the kernel which views of an explorable are on the page, so that it can free what nobody sees any more.
// Part of front.js's module.

// A custom element hears at once that it leaves the page; a view's own clean-up comes a moment later.
if (!customElements.get("ll-presence")) {
  customElements.define(
    "ll-presence",
    class extends HTMLElement {
      // A copy of an output, as in the presenter's window, carries the element without its view: it says nothing.
      connectedCallback() {
        this.came?.();
      }
      disconnectedCallback() {
        this.went?.();
      }
    },
  );
}

// Where a notebook is closed, its own connection to the kernel is gone before its views: another one has the last word.
function lastWord(kernel, view) {
  if (!kernel || !kernel.clone) return; // not JupyterLab
  const other = kernel.clone({ handleComms: false });
  const code = `from lecturelib.widgets.lifetime import left; left(${JSON.stringify(view)})`;
  other.requestExecute({ code, silent: true, store_history: false }).done.finally(() => other.dispose());
}

// Says that a view is there, and returns the function that says that it is gone.
function announced(model, parent) {
  const view = Math.random().toString(36).slice(2);
  const page = String(performance.timeOrigin); // a page that is loaded anew begins at another time
  const kernel = model.widget_manager && model.widget_manager.kernel;
  const presence = document.createElement("ll-presence");
  let here = false;
  function leave() {
    if (!here) return;
    here = false;
    if (kernel && kernel.isDisposed) lastWord(kernel, view);
    else model.send({ type: "left", view });
  }
  presence.came = () => {
    here = true;
    model.send({ type: "seen", page, view });
  };
  presence.went = () => {
    // Cells go out of the page and come back while one scrolls; a whole notebook goes where it is closed.
    const gone = presence.getRootNode();
    if (gone instanceof Element && !gone.closest(".jp-Cell") && gone.querySelector(".jp-Cell")) leave();
  };
  parent.append(presence);
  if (!presence.isConnected) presence.came(); // drawn before it is put into the page
  return leave;
}

// A kernel that was restarted knows nothing of what stands on the page: it says so, and takes no key and no click.
function whenCutOff(model, el) {
  function cutOff() {
    const root = el.closest(".ll-explorable");
    const row = root && root.querySelector(".ll-row");
    if (!row || root.classList.contains("ll-cut-off")) return;
    root.classList.add("ll-cut-off");
    row.inert = true;
    const notice = document.createElement("p");
    notice.className = "ll-notice";
    notice.setAttribute("role", "status");
    root.insertBefore(notice, row);
    notice.textContent = "Kernel restarted: run the cell.";
  }
  model.on("comm_live_update", cutOff);
  return () => model.off("comm_live_update", cutOff);
}
