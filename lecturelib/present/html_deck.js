// Pages, steps and frames of the deck without a kernel, laid out as on the stage. Without this script the file is one long
// page. KEYS and Layout stand above, put there by deck_exporter.py.
const pages = [...document.querySelectorAll(".page")];
const steps = (page) => [...page.querySelectorAll(":scope > .step")];
const layout = new Layout(document.querySelector("main"), () => document.querySelector(".page.shown"));
let at = Math.max(0, pages.findIndex((page) => page.id === location.hash.slice(1)));
let step = 0;
let open = false; // whether code stands open
let all = false; // whether all pages are shown at once
let typed = ""; // the number of a page, while it is typed
const ROW = 5; // pages in a row, as the style says

// A cell as layout.js asks for it.
const cells = new Map(pages.map((page) => [page, [...page.querySelectorAll(".jp-Cell")].map((node, k) => ({
  node,
  model: {
    id: `${page.id}.${k}`,
    type: node.dataset.kind,
    getMetadata: () => ("open" in node.dataset ? ["definition"] : []),
    sharedModel: { getSource: () => node.querySelector(".code")?.textContent || "" },
  },
}))]));

function show() {
  pages.forEach((page, k) => {
    page.classList.toggle("shown", k === at);
    steps(page).forEach((one, s) => one.classList.toggle("ll-deck-later", k === at && s > step));
  });
  document.getElementById("place").textContent = `${at + 1} / ${pages.length}`;
  history.replaceState(null, "", `#${at + 1}`);
  layout.arrange(cells.get(pages[at]), () => open);
}
function go(to, last = false) {
  at = Math.max(0, Math.min(pages.length - 1, to));
  step = last ? steps(pages[at]).length - 1 : 0;
  show();
  scrollTo(0, last ? document.body.scrollHeight : 0);
}
function next() {
  if (step + 1 < steps(pages[at]).length) {
    step += 1;
    show();
    const box = steps(pages[at])[step].getBoundingClientRect();
    if (box.bottom > innerHeight) scrollBy(0, Math.min(box.top - 20, box.bottom - innerHeight + 60));
  } else if (at + 1 < pages.length) go(at + 1);
}
function previous() {
  if (step > 0) {
    step -= 1;
    show();
  } else if (at > 0) go(at - 1, true);
}
// All pages at once, small and without life, where they stand; the one with the focus is chosen.
function overview(on) {
  all = on;
  layout.clear();
  document.body.classList.toggle("overview", on);
  for (const page of pages) {
    page.tabIndex = on ? 0 : -1;
    for (const part of page.children) part.inert = on;
    if (on) steps(page).forEach((one) => one.classList.remove("ll-deck-later"));
  }
  if (on) mark(at);
  else show();
}
function mark(to) {
  const page = pages[Math.max(0, Math.min(pages.length - 1, to))];
  page.focus({ preventScroll: true });
  page.scrollIntoView({ block: "nearest" });
}
function choose(page) {
  overview(false);
  go(page);
}
function keyOfAll(key) {
  const now = Math.max(0, pages.indexOf(document.activeElement));
  const moves = { ArrowRight: now + 1, ArrowLeft: now - 1, PageDown: now + 1, PageUp: now - 1, ArrowDown: now + ROW, ArrowUp: now - ROW, Home: 0, End: pages.length };
  if (/^[0-9]$/.test(key)) {
    typed = (typed + key).slice(-3);
    mark(Number(typed) - 1);
  } else if (key in moves) {
    typed = "";
    mark(moves[key]);
  } else if (key === "Enter" || key === " ") choose(now);
  else if (key === "Escape" || key.toLowerCase() === "o") overview(false);
  else return false;
  return true;
}
pages.forEach((page, k) => page.addEventListener("click", () => all && choose(k)));
// A page that is too long scrolls before it turns.
function scrolls(direction) {
  const left = direction > 0 ? document.documentElement.scrollHeight - innerHeight - scrollY : scrollY;
  if (left < 8) return false;
  scrollBy(0, direction * Math.min(left, 0.8 * innerHeight));
  return true;
}
const actions = {
  next: () => next(),
  previous: () => previous(),
  onward: () => scrolls(1) || next(),
  back: () => scrolls(-1) || previous(),
  first: () => go(0),
  last: () => go(pages.length - 1),
  deck: () => document.activeElement?.blur(),
  code: () => {
    open = !open;
    show();
  },
  fullScreen: () => (document.fullscreenElement ? document.exitFullscreen() : document.documentElement.requestFullscreen()),
  overview: () => {
    typed = "";
    overview(true);
  },
  black: () => document.body.classList.toggle("black"),
};
addEventListener("keydown", (event) => {
  const black = document.body.classList.contains("black");
  if (all && !black && !(event.ctrlKey || event.metaKey || event.altKey) && keyOfAll(event.key)) {
    event.preventDefault();
    return;
  }
  const own = event.target.closest?.("input, button, summary") && !["PageDown", "PageUp"].includes(event.key);
  if (own && !black && ["Enter", " ", "ArrowUp", "ArrowDown"].includes(event.key)) return;
  const key = event.shiftKey && event.key === " " ? "Shift+ " : event.key;
  const action = KEYS[key] || KEYS[key.toLowerCase()];
  if (event.ctrlKey || event.metaKey || event.altKey || !(action || black)) return;
  event.preventDefault();
  actions[black ? "black" : action]();
});
document.getElementById("on").addEventListener("click", () => (all ? overview(false) : next()));
document.getElementById("back").addEventListener("click", () => (all ? overview(false) : previous()));
for (const frames of document.querySelectorAll(".frames")) {
  const buttons = [...frames.querySelectorAll(".frame-choice button")];
  const pictures = [...frames.querySelectorAll(".frame")];
  buttons.forEach((button, k) => button.addEventListener("click", () => {
    buttons.forEach((other, n) => other.setAttribute("aria-pressed", n === k));
    pictures.forEach((picture, n) => (picture.hidden = n !== k));
  }));
}
const fit = () => {
  document.body.style.setProperty("--zoom", Math.max(0.5, Math.min(innerWidth / 1280, innerHeight / 720)).toFixed(3));
  if (!all) show();
};
addEventListener("resize", fit);
document.body.classList.add("live");
fit();
