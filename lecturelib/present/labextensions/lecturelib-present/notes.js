// What the deck reads out of cells for the instructor: headings, sections, notes.

function headings(cells) {
  return cells
    .filter((cell) => cell.model.type === "markdown")
    .flatMap((cell) => cell.model.sharedModel.getSource().split("\n").filter((line) => /^#{1,4} /.test(line)))
    .map((line) => ({ level: line.indexOf(" "), text: line.replace(/^#+ /, "").replace(/[*_`$]/g, "").trim() }));
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

const LONGEST = 56; // letters of a name that is made of what a page says
const MARK = /^\s*(?:[>|+-]|\*(?!\*)|\d+\.)\s*/; // what begins a line of a list, a table or a quotation

const shorter = (text) => (text.length <= LONGEST ? text : `${text.slice(0, LONGEST).replace(/\s+\S*$/, "")} …`);

// What a page without a heading says first: the words in bold that begin it, its first sentence, the function that it
// defines, its claim, or its first line of code.
function leadOf(cells) {
  for (const cell of cells) {
    const source = cell.model.sharedModel.getSource();
    if (cell.model.type !== "code") {
      const line = source.split("\n").map((one) => one.replace(MARK, "").trim()).find((one) => /^[^<!$#]/.test(one)) || "";
      const bold = /^\*\*(.+?)[.:]?\*\*/.exec(line)?.[1];
      const said = (bold || line.split(/(?<=[.:?!])\s/)[0]).replace(/\[([^\]]*)\]\([^)]*\)/g, "$1").replace(/[*`$]/g, "").trim();
      if (said) return shorter(said);
      continue;
    }
    const claim = /\bclaim\("([^"]+)"\)/.exec(source)?.[1];
    if (claim) return shorter(`Claim ${claim}`);
    if ((cell.model.getMetadata("tags") || []).includes("hide-input")) continue;
    const made = /^(?:def|class) (\w+)/m.exec(source)?.[1];
    if (made) return made;
    const line = source.split("\n").find((one) => /^[a-z_]/i.test(one) && !/^(import|from|torch\.manual_seed)\b/.test(one));
    if (line) return shorter(line.trim());
  }
  return "";
}

// A name for each page within its section: its heading, or else what it says first; several of one name are numbered.
// `lecturelib/present/pages.py` has the same rule, for the deck without a kernel; a test holds the two together.
export function labelsOf(deck) {
  const seen = new Map();
  return deck.pages.map((_, at) => {
    const cells = deck.cellsOf(at);
    const name = headingOf(cells) || leadOf(cells) || `page ${at + 1}`;
    const place = `${deck.sections[at]}\n${name}`;
    seen.set(place, (seen.get(place) || 0) + 1);
    return seen.get(place) > 1 ? `${name} (${seen.get(place)})` : name;
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
