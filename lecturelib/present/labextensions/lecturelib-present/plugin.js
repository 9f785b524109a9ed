// What JupyterLab is told: a command, a button in each notebook's toolbar, and the start by `?present` in the address.
import { Deck } from "./deck.js";

const COMMAND = "lecturelib:present";

export function plugins(lab) {
  return [{
    id: "lecturelib-present:deck",
    description: "Presents the open notebook as slides, with living widgets.",
    autoStart: true,
    requires: [lab.notebook.INotebookTracker],
    optional: [lab.apputils.ICommandPalette, lab.docmanager.IDocumentManager, lab.apputils.IThemeManager],
    activate: (app, tracker, palette, documents, themes) => activate(lab, { app, tracker, palette, documents, themes }),
  }];
}

function activate(lab, services) {
  const { app, tracker, palette } = services;
  const decks = new WeakMap(); // panel -> its deck, while there is one
  let running = null;

  for (const href of lab.styles) {
    const link = document.createElement("link");
    Object.assign(link, { rel: "stylesheet", href });
    document.head.appendChild(link);
  }

  async function start(panel, options) {
    if (running) running.leave();
    running = new Deck(lab, services, panel, () => (running = null));
    decks.set(panel, running);
    await running.start(options);
  }

  app.commands.addCommand(COMMAND, {
    label: () => (running ? "Leave the slides" : "Present as slides"),
    caption: "Present this notebook as slides, widgets and kernel included",
    isEnabled: () => tracker.currentWidget !== null,
    describedBy: { args: {} },
    execute: async () => {
      if (running) running.leave();
      else if (tracker.currentWidget) await start(tracker.currentWidget, {});
    },
  });
  if (palette) palette.addItem({ command: COMMAND, category: "Notebook Operations" });

  function button(panel) {
    const widget = new lab.widgets.Widget();
    const made = document.createElement("button");
    Object.assign(made, { type: "button", className: "ll-deck-button", title: "Present as slides", textContent: "Present" });
    made.addEventListener("click", () => {
      app.shell.activateById(panel.id);
      start(panel, {});
    });
    widget.node.appendChild(made);
    widget.addClass("jp-ToolbarButton");
    panel.toolbar.insertItem(10, "lecturelib-present", widget);
  }
  tracker.forEach(button);
  tracker.widgetAdded.connect((_, panel) => button(panel));

  // Answers of a quiz are kept by the kernel of their notebook, silently: the cell that shows it stays as it is.
  document.addEventListener("lecturelib-quiz", (event) => {
    const panel = tracker.find((one) => one.node.contains(event.target));
    const kernel = panel?.sessionContext.session?.kernel;
    if (!kernel) return;
    const { title, number, total, right } = event.detail;
    const told = JSON.stringify(JSON.stringify([String(title), Number(number), Number(total), Boolean(right)]));
    kernel.requestExecute({
      code: `__import__("lecturelib.lesson.record", fromlist=["x"]).record_answer(*__import__("json").loads(${told}))`,
      silent: true,
      store_history: false,
    });
  });

  // JupyterLab takes the question out of its address, so after a reload the deck's own memory says that it ran.
  const asked = wanted();
  if (asked || Deck.remembered()) {
    app.restored.then(async () => {
      const panel = tracker.currentWidget || (await new Promise((found) => {
        const once = (_, panel) => {
          tracker.currentChanged.disconnect(once);
          found(panel);
        };
        tracker.currentChanged.connect(once);
      }));
      await panel.context.ready;
      await panel.revealed;
      const again = Deck.remembered(panel.context.path);
      if (!asked && !again) return;
      await start(panel, { run: again ? again.run : asked !== "no-run", resume: true });
    });
  }
}

// "run" or "no-run" where the address asks for slides (?present=...), or the command that started the server does: that
// one once in each tab, so that the printed address, which ends with a token, opens the slides as well.
function wanted() {
  const address = new URLSearchParams(window.location.search);
  if (address.has("present")) return address.get("present") || "run";
  const settings = document.getElementById("jupyter-config-data");
  const started = settings ? JSON.parse(settings.textContent).lecturelibPresent : undefined;
  if (!started || !window.location.pathname.endsWith(started.notebook)) return null;
  if (window.sessionStorage.getItem("lecturelib-presented")) return null;
  window.sessionStorage.setItem("lecturelib-presented", "1");
  return started.run ? "run" : "no-run";
}
