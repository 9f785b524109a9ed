// Whose key is it? One rule: while a control holds the focus, its keys are its own, except PageUp and PageDown, which a
// clicker sends, and Escape, the way back to the deck.

// keys.json is the one table: this file, the deck without a kernel, the list of keys on stage, README and docs/presenting.md
// are made of it.
const TABLE = await (await fetch(new URL("keys.json", import.meta.url))).json();

export const KEYS = Object.assign({}, ...TABLE.map(({ keys }) => keys));
export const HELP = TABLE.map(({ shown, words }) => [shown, words]);

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
  if (name === "Tab" || name === "Shift+Tab" || /^F\d+$/.test(name) || event.ctrlKey || event.metaKey || event.altKey) return "lab";
  return "nothing";
}
