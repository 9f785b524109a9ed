// Cells to pages, by the standard slideshow metadata. `lecturelib/present/pages.py` is the same rule in Python, for the
// deck without a kernel and for the tests, which hold the two together.

// What a cell is on the stage; a cell for the instructor is a note, whatever its slide type.
export function kindOf(slideType, tags) {
  if ((tags || []).includes("instructor")) return "notes";
  return ["slide", "subslide", "fragment", "skip", "notes"].includes(slideType) ? slideType : "-";
}

// Pages from the kinds of all cells, in order. Each page has `steps`, lists of cell numbers that appear one step after
// another, and `notes`. A cell without a type joins the step before it.
export function pagesOf(kinds) {
  const pages = [];
  const early = []; // notes before the first page
  kinds.forEach((kind, k) => {
    const page = pages[pages.length - 1];
    if (kind === "skip") return;
    if (kind === "notes") (page ? page.notes : early).push(k);
    else if (!page || kind === "slide" || kind === "subslide") pages.push({ steps: [[k]], notes: [] });
    else if (kind === "fragment") page.steps.push([k]);
    else page.steps[page.steps.length - 1].push(k);
  });
  if (pages.length) pages[0].notes.unshift(...early);
  return pages;
}
