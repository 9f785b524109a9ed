// Pages, steps and frames of the deck without a kernel. Without this script the file is one long page.
(() => {
  const pages = [...document.querySelectorAll(".page")];
  const steps = (page) => [...page.querySelectorAll(":scope > .step")];
  let at = Math.max(0, pages.findIndex((page) => page.id === location.hash.slice(1)));
  let step = 0;

  function show() {
    pages.forEach((page, k) => {
      page.classList.toggle("shown", k === at);
      steps(page).forEach((one, s) => one.classList.toggle("seen", k !== at || s <= step));
    });
    document.getElementById("place").textContent = `${at + 1} / ${pages.length}`;
    history.replaceState(null, "", `#${at + 1}`);
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
  function back() {
    if (step > 0) {
      step -= 1;
      show();
    } else if (at > 0) go(at - 1, true);
  }
  // A long page scrolls before it turns.
  function scrolls(direction) {
    const left = direction > 0 ? document.documentElement.scrollHeight - innerHeight - scrollY : scrollY;
    if (left < 8) return false;
    scrollBy(0, direction * Math.min(left, 0.8 * innerHeight));
    return true;
  }
  const keys = {
    ArrowRight: next, ArrowLeft: back, Home: () => go(0), End: () => go(pages.length - 1),
    PageDown: () => scrolls(1) || next(), PageUp: () => scrolls(-1) || back(),
    ArrowDown: () => scrolls(1) || next(), ArrowUp: () => scrolls(-1) || back(), " ": () => scrolls(1) || next(),
    f: () => (document.fullscreenElement ? document.exitFullscreen() : document.documentElement.requestFullscreen()),
  };
  addEventListener("keydown", (event) => {
    const own = event.target.closest("input, button, summary") && !["PageDown", "PageUp"].includes(event.key);
    if (own && ["Enter", " ", "ArrowUp", "ArrowDown"].includes(event.key)) return;
    if (event.ctrlKey || event.metaKey || event.altKey || !keys[event.key]) return;
    event.preventDefault();
    keys[event.key]();
  });
  document.getElementById("on").addEventListener("click", next);
  document.getElementById("back").addEventListener("click", back);
  for (const frames of document.querySelectorAll(".frames")) {
    const buttons = [...frames.querySelectorAll(".frame-choice button")];
    const pictures = [...frames.querySelectorAll(".frame")];
    buttons.forEach((button, k) => button.addEventListener("click", () => {
      buttons.forEach((other, n) => other.setAttribute("aria-pressed", n === k));
      pictures.forEach((picture, n) => (picture.hidden = n !== k));
    }));
  }
  const fit = () => document.body.style.setProperty("--zoom", Math.max(0.5, Math.min(innerWidth / 1280, innerHeight / 720)).toFixed(3));
  addEventListener("resize", fit);
  document.body.classList.add("live");
  fit();
  show();
})();
