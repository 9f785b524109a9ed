"""The deck on the screen, driven as an instructor drives it: by keys, with eyes on the page number.

stage = lab_stage.start(page)  # a NotebookPage of lab.py
stage.press("PageDown")
assert stage.number == 2 and stage.heading == "Kernels"
"""

from __future__ import annotations

from lecturelib.present.fit_check import measured

NUMBER = ".ll-deck-number"
SHOWN = ".ll-deck-panel .jp-Cell:not(.ll-deck-away):not(.ll-deck-later)"
SCROLLER = ".ll-deck-panel .jp-WindowedPanel-outer"


class Stage:
    """A deck that is started."""

    def __init__(self, notebook_page):
        self.notebook, self.page = notebook_page, notebook_page.page

    @classmethod
    def start(cls, notebook_page) -> Stage:
        """Starts the deck by the button of the toolbar."""
        notebook_page.page.locator(".ll-deck-button:visible").click()
        stage = cls(notebook_page)
        stage.waits()
        return stage

    def waits(self, timeout: float = 30) -> None:
        """Waits until there is a deck."""
        self.page.wait_for_function(
            "() => /\\d/.test(document.querySelector('.ll-deck-number')?.textContent || '')",
            timeout=1000 * timeout,
        )

    def rests(self, timeout: float = 120) -> None:
        """Waits until no cell runs, and says which pages have a cell that failed."""
        self.page.wait_for_timeout(60)
        self.page.wait_for_function(
            "() => !/^(running|restarting)/.test(document.querySelector('.ll-deck-busy').textContent)",
            timeout=1000 * timeout,
        )

    def press(self, *keys: str) -> None:
        """Presses keys, and waits for the page to follow."""
        for key in keys:
            self.page.keyboard.press(key)
            self.settle()

    def settle(self) -> None:
        """Waits until two frames were drawn: the bar follows with the next one."""
        self.page.evaluate(
            "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done())))"
        )

    @property
    def number(self) -> int:
        return int(self.page.inner_text(NUMBER).split("/")[0])

    @property
    def count(self) -> int:
        return int(self.page.inner_text(NUMBER).split("/")[1])

    @property
    def step(self) -> int:
        return int(self.page.get_attribute(NUMBER, "data-step"))

    @property
    def steps(self) -> int:
        return int(self.page.get_attribute(NUMBER, "data-steps"))

    @property
    def status(self) -> str:
        return self.page.inner_text(".ll-deck-busy")

    @property
    def shown(self) -> str:
        """The text of what is on the page."""
        return "\n".join(self.page.locator(SHOWN).all_inner_texts())

    @property
    def heading(self) -> str:
        """The heading that stands on the page: its own, or that of its section."""
        return self.page.evaluate(
            f"""() => document.querySelector('.ll-deck-panel .jp-WindowedPanel-viewport').dataset.llSection
              || [...document.querySelectorAll(
                '{SHOWN} :is(h1, h2, h3, h4)')].map((found) => found.textContent.replace('¶', '')).at(0) || ''"""
        )

    @property
    def height(self) -> int:
        """How high the page is, in pixels."""
        return self.page.evaluate(f"document.querySelector('{SCROLLER}').scrollHeight")

    @property
    def scrolled(self) -> int:
        return self.page.evaluate(f"document.querySelector('{SCROLLER}').scrollTop")

    def go(self, number: int) -> None:
        """Goes to a page by the list of pages, as with the keyboard."""
        self.page.keyboard.press("Escape")
        self.page.keyboard.press("o")
        for digit in str(number):
            self.page.keyboard.press(digit)
        self.page.keyboard.press("Enter")
        self.settle()

    def leave(self) -> None:
        self.page.keyboard.press("Escape")
        self.page.keyboard.press("q")
        self.page.wait_for_selector(NUMBER, state="detached")

    def unfit(self, sizes: tuple[tuple[int, int], ...], tall: int = 0) -> list[str]:
        """Every page that does not fit: too high, too wide, cut, in small type, or under no heading.

        `tall`: pages up to this height may be scrolled, and have code of any length: exercises, which are worked at.
        """
        found = []
        for page in measured(self.page, sizes):
            self.notebook.screenshot(
                f"deck-{self.page.title().split('.')[0][:3]}-{page.number:02}-{page.size[1]}"
            )
            if (page.height > tall or page.wide > 0 or not page.heading) if tall else page.faults:
                found.append(str(page))
        return found
