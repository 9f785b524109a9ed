// The prepared settings of explorables, called by a key.

// Chooses a setting of the explorable nearest to the middle of the window, 0 its start; says what was done, "" for nothing.
export function callPreset(boxes, number) {
  const middle = window.innerHeight / 2;
  const off = (box) => Math.abs(box.getBoundingClientRect().top + box.offsetHeight / 2 - middle);
  const box = [...boxes].sort((a, b) => off(a) - off(b))[0];
  if (!box) return "";
  if (number === 0) {
    box.querySelector(".ll-reset")?.click();
    return "";
  }
  const list = box.querySelector(".ll-presets select");
  if (!list) return "No prepared settings here.";
  if (list.options.length <= number) return `There are ${list.options.length - 1} prepared settings here.`;
  list.selectedIndex = number;
  list.dispatchEvent(new Event("change", { bubbles: true }));
  return list.options[number].textContent;
}
