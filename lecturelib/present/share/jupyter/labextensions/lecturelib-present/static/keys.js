// Whose key is it? One rule: while a control holds the focus, its keys are its own, except PageUp and PageDown, which a
// clicker sends, and Escape, the way back to the deck.

export const KEYS = {
  ArrowRight: "next", ArrowLeft: "previous", PageDown: "onward", PageUp: "back", ArrowDown: "onward", ArrowUp: "back",
  " ": "onward", "Shift+ ": "back", Home: "first", End: "last", o: "overview", c: "code", "+": "larger", "=": "larger",
  "-": "smaller", b: "black", ".": "black", f: "fullScreen", F5: "fullScreen", d: "theme", p: "presenter", q: "leave",
  h: "help", "?": "help", Enter: "edit", r: "run", "Shift+Enter": "run", "Ctrl+Enter": "run", "Meta+Enter": "run",
  "Shift+R": "restart", n: "insert", Escape: "deck",
};

export const HELP = [
  ["→ ←", "next and previous step"],
  ["PageDown Space ↓ · PageUp ↑", "the same, and scrolls through a long page first; a clicker sends these"],
  ["Home End · O", "first and last page · all pages, to choose one"],
  ["Escape", "from a slider, a list or an editor back to the deck"],
  ["Tab", "to the next slider, list or button of the page"],
  ["Enter · Shift+Enter", "edit the code of the page · run it, and back to the deck"],
  ["R · Shift+R", "run the page · restart the kernel, then run up to here"],
  ["N", "a new cell on this page"],
  ["1 … 9 · 0", "the prepared settings of the explorable · back to its start"],
  ["C · + −", "hide and show the code · larger and smaller"],
  ["B or . · D", "black screen · light and dark"],
  ["F or F5 · P", "full screen · the presenter's window: notes, next page, clock"],
  ["Q · H", "leave the deck · this list"],
];

const TEXT = "textarea, [contenteditable='true'], .cm-editor, input:not([type]), " +
  ["text", "number", "search", "email", "url", "password", "date", "time", "datetime-local", "color"]
    .map((type) => `input[type=${type}]`).join(", ");
const MOVED = "select, [role=slider], [role=application], [role=listbox], [role=tab], [role=spinbutton], [role=grid], " +
  ".ll-region, .ll-pad, canvas[tabindex], input[type=radio], input[type=range], audio, video";
const PRESSED = "button, a[href], summary, [role=button], input[type=checkbox], input[type=button], input[type=submit], " +
  "input[type=file]";

// The kind of control that a place in the page belongs to: "text", "moved" by arrows, "pressed", or nothing.
export function controlAt(node) {
  if (!node || !node.closest) return "";
  if (node.closest(TEXT)) return "text";
  if (node.closest(MOVED)) return "moved";
  return node.closest(PRESSED) ? "pressed" : "";
}

export function nameOf(event) {
  const key = event.key.length === 1 && /[a-z]/i.test(event.key)
    ? (event.shiftKey ? event.key.toUpperCase() : event.key.toLowerCase())
    : event.key;
  const shift = event.shiftKey && (key.length > 1 || key === " " || /[A-Z]/.test(key)) ? "Shift+" : "";
  return `${event.ctrlKey ? "Ctrl+" : ""}${event.metaKey ? "Meta+" : ""}${event.altKey ? "Alt+" : ""}${shift}${key}`;
}

// What a key means: the name of an action of the deck, "control" where it belongs to the control with the focus, "lab"
// where it is JupyterLab's or the browser's, "nothing" where the deck swallows it (D, D would delete a cell).
export function meaning(event, node = event.target) {
  const name = nameOf(event);
  const action = KEYS[name];
  const control = controlAt(node);
  if (["PageDown", "PageUp", "F5"].includes(name)) return action;
  if (control === "text" && /^(Shift|Ctrl|Meta)\+Enter$/.test(name) && node.closest(".cm-editor")) return "run";
  if (control && name === "Escape") return "deck";
  if (control === "text" || control === "moved") return "control";
  if (control === "pressed" && ["Enter", " "].includes(name)) return "control";
  if (action) return action;
  if (/^[0-9]$/.test(name)) return "preset";
  if (name === "Tab" || name === "Shift+Tab" || /^F\d+$/.test(name) || event.ctrlKey || event.metaKey || event.altKey) return "lab";
  return "nothing";
}
