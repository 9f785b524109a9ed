// What the deck reads out of cells for the instructor: headings, sections, notes.

const HEADING = "h1, h2, h3, h4";

function textOf(node) {
  const copy = node.cloneNode(true);
  for (const link of copy.querySelectorAll(".jp-InternalAnchorLink, .jp-mod-mathjax-assistive, mjx-assistive-mml")) link.remove();
  return copy.textContent.replace(/¶/g, "").trim();
}

function headings(cells) {
  return cells
    .filter((cell) => cell.model.type === "markdown")
    .flatMap((cell) => cell.model.sharedModel.getSource().split("\n").filter((line) => /^#{1,4} /.test(line)))
    .map((line) => ({ level: line.indexOf(" "), text: line.replace(/^#+ /, "").replace(/[*_`]/g, "").trim() }));
}

// The first heading of some cells, or nothing.
export function headingOf(cells) {
  return headings(cells)[0]?.text || "";
}

// For each page the last heading of the first or second level up to it.
export function sectionsOf(deck) {
  let current = "";
  return deck.pages.map((_, at) => {
    const found = headings(deck.cellsOf(at)).find(({ level }) => level <= 2);
    if (found) current = found.text;
    return current;
  });
}

// A name for each page: its heading, or that of its section; several of one name are numbered.
export function titlesOf(deck) {
  const seen = new Map();
  return deck.pages.map((_, at) => {
    const name = headingOf(deck.cellsOf(at)) || deck.sections[at];
    seen.set(name, (seen.get(name) || 0) + 1);
    return name && seen.get(name) > 1 ? `${name} (${seen.get(name)})` : name;
  });
}

// What a title and a note have in common: the number of the section, or else all its words.
const plain = (text) => /^\d+(?= ·)/.exec(text)?.[0] ?? text.toLowerCase().replace(/[^\p{L}\p{N}]+/gu, " ").trim();

// The notes of a page, as copies of what the notes cells show: its own notes cells whole, and from cells for the
// instructor the paragraphs that begin, in bold, with the title of its section or with its number. What names no section is for all.
export function notesFor(deck, at) {
  const found = [];
  const titles = new Set(deck.sections.map(plain));
  deck.pages.forEach((page, owner) => {
    for (const k of page.notes) {
      const cell = deck.content.widgets[k];
      const shown = cell.node.querySelector(".jp-RenderedMarkdown");
      if (!shown) continue;
      const forAll = (cell.model.getMetadata("tags") || []).includes("instructor");
      const blocks = [...shown.children].flatMap((block) => (/^[OU]L$/.test(block.tagName) ? [...block.children] : [block]));
      for (const block of blocks) {
        const named = plain(block.querySelector(":scope > strong, :scope > p > strong")?.textContent || "");
        const belongs = titles.has(named) ? named === plain(deck.sections[at]) : owner === at || (forAll && at === 0);
        if (belongs && (forAll || owner === at)) found.push(block.cloneNode(true));
      }
    }
  });
  return found;
}

// The minutes that the instructor's notes plan: of the whole, and of each section by its number or words, in order.
export function planOf(deck) {
  const minutes = (text) => Number(/\b(\d+) minutes?\b/.exec(text)?.[1] || 0);
  const sections = new Map();
  let whole = 0;
  for (const { notes } of deck.pages) {
    for (const k of notes) {
      const cell = deck.content.widgets[k];
      const shown = (cell.model.getMetadata("tags") || []).includes("instructor") && cell.node.querySelector(".jp-RenderedMarkdown");
      for (const block of shown ? shown.querySelectorAll("p, li") : []) {
        const name = block.querySelector(":scope > strong, :scope > p > strong")?.textContent;
        const after = name && block.textContent.slice(name.length, name.length + 40); // "**3 · Occlusion**, 20 minutes."
        if (!name || !minutes(after)) continue;
        if (deck.sections.some((section) => plain(section) === plain(name))) sections.set(plain(name), minutes(after));
        else whole ||= minutes(after);
      }
    }
  }
  return { whole: whole || [...sections.values()].reduce((sum, one) => sum + one, 0), sections };
}

// Where the deck is in that plan: minutes of its section, and those after which the section should begin and end.
export function placeIn(plan, section) {
  const named = plain(section);
  let begin = 0;
  for (const [name, minutes] of plan.sections) {
    if (name === named) return { minutes, begin, end: begin + minutes };
    begin += minutes;
  }
  return null;
}

export { HEADING, textOf };
