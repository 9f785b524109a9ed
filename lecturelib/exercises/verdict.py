"""The verdict of a check, as HTML (light and dark, by keyboard, for screen readers) and as plain text."""

from __future__ import annotations

from dataclasses import dataclass

from lecturelib.exercises.marking import CaseMark, Mark
from lecturelib.show.text_metrics import escaped, prepared_text

_SIGNS = {
    "ok": ("✓", "Right"),
    "partial": ("◐", "Partly right"),
    "wrong": ("✗", "Not yet"),
    "malformed": ("✗", "Not yet"),
    "missing": ("○", "Not there"),
    "not attempted": ("○", "Not attempted"),
    "error": ("!", "Error in your code"),
    "timeout": ("!", "Stopped"),
    "memory": ("!", "Out of memory"),
    "ungraded": ("!", "Not checked"),
}
NOT_ASKED = "not asked any more"
_TONES = {"ok": "good", "partial": "part", "not attempted": "open", "missing": "open"}


@dataclass(frozen=True)
class Verdict:
    """What a check found: `status`, `points`, and the sentences; shown when it is made, its repr is the text.

    >>> from lecturelib.exercises.marking import Mark
    >>> print(Verdict("A toy", Mark("toy", "ok", 1.0, 1.0)))
    ✓ Right: A toy, 1 of 1 point.
    """

    title: str
    mark: Mark
    hidden: float = 0.0
    code: str = ""
    printed: str = ""
    notes: tuple[str, ...] = ()

    @property
    def status(self) -> str:
        """ok, partial, wrong, not attempted, error, timeout, malformed, missing, memory or ungraded."""
        return self.mark.status

    @property
    def points(self) -> float:
        """Points of the public cases."""
        return self.mark.points

    @property
    def headline(self) -> str:
        """The first line: the verdict in words, and the points."""
        sign, word = _SIGNS.get(self.status, ("✗", self.status.capitalize()))
        if self.status == "error" and self.mark.line:
            word = f"{word}, line {self.mark.line}"
        points = "" if self.status in ("not attempted", "missing", "ungraded") else f", {self._score()}"
        return f"{sign} {word}: {self.title}{points}."

    def _score(self) -> str:
        out_of = f"{self.mark.out_of:g}"
        return f"{round(self.mark.points, 2):g} of {out_of} point{'' if out_of == '1' else 's'}"

    def lines(self) -> list[str]:
        """What is said below the first line, apart from the cases."""
        said = [self.mark.message] if self.mark.message and not self._told() else []
        if self.code:
            said.append(f"The line: {self.code}")
        if self.hidden and self.status == "ok":
            said.append(
                f"Grading asks more: {self.hidden:g} of the points are for inputs that are not shown here."
            )
        return said

    def _told(self) -> bool:
        """Whether the cases say the message anyway."""
        return any(each.message == self.mark.message for each, _ in self.told_cases())

    def told_cases(self) -> list[tuple[CaseMark, str]]:
        """The cases, where there are several, each with its message; one that came before is not said again."""
        cases = [each for each in self.mark.cases if each.message != NOT_ASKED]
        alike = len({(each.status, each.message) for each in cases}) == 1 and self.status != "ok"
        if len(cases) < 2 or alike:
            return []
        told: dict[str, str] = {}
        found = []
        for each in cases:
            before = told.get(each.message)
            found.append((each, f"as for {before!r}" if before and each.message else each.message))
            told.setdefault(each.message, each.name)
        return found

    def text(self) -> str:
        """The verdict as plain text."""
        parts = [self.headline, *self.lines()]
        for case, message in self.told_cases():
            sign, word = _SIGNS.get(case.status, ("✗", case.status))
            parts.append(f"  {sign} {case.name}: {message or word.lower()}")
        parts += self.notes
        if self.printed:
            parts += [
                "Your code printed:",
                *(f"  | {line}" for line in self.printed.rstrip("\n").split("\n")),
            ]
        return "\n".join(parts)

    def html(self) -> str:
        """The verdict as one piece of HTML with its style; no script."""
        lines = "".join(f"<p>{_shown(line)}</p>" for line in self.lines())
        rows = ""
        for case, message in self.told_cases():
            sign, word = _SIGNS.get(case.status, ("✗", case.status))
            rows += (
                f'<li class="ll-case"><span aria-hidden="true">{sign}</span> <b>{escaped(case.name)}</b>: '
                f"{_shown(message) if message else escaped(word.lower())}</li>"
            )
        if rows:
            lines += f'<ul class="ll-cases" aria-label="The cases, one by one">{rows}</ul>'
        lines += "".join(f"<p>{_shown(note)}</p>" for note in self.notes)
        if self.printed:
            lines += (
                "<details><summary>Your code printed (this counts for nothing)</summary>"
                f'<pre tabindex="0">{_shown(self.printed.rstrip())}</pre></details>'
            )
        tone = _TONES.get(self.status, "bad")
        return (
            f'<style>{_CSS}</style><section class="ll-verdict ll-{tone}" role="status" '
            f'data-status="{escaped(self.status)}" aria-label="{_shown(self.headline)}">'
            f'<p class="ll-head">{_shown(self.headline)}</p>{lines}</section>'
        )

    def __repr__(self) -> str:
        return self.text()

    def _ipython_display_(self) -> None:
        """Nothing: `check` has shown it already."""


def _shown(text: str) -> str:
    return escaped(prepared_text(text))


_CSS = """
.ll-verdict{font-size:16px;line-height:1.5;max-width:76ch;margin:6px 0;padding:8px 16px;border-left:6px solid #767676;
color:var(--jp-ui-font-color1,inherit);background:rgba(128,128,128,.08);border-radius:0 6px 6px 0}
.ll-verdict p{margin:3px 0}.ll-verdict .ll-head{font-weight:600;font-size:17px}
.ll-verdict .ll-cases{margin:6px 0!important;padding:0!important;list-style:none!important}.ll-verdict li{margin:3px 0}
.ll-verdict pre{max-height:260px;overflow:auto;margin:8px 0!important;padding:6px 10px!important;font-size:14px;
color:inherit;background:rgba(128,128,128,.12);white-space:pre-wrap}
.ll-verdict summary{cursor:pointer;padding:2px 4px}
.ll-good{border-left-color:#009e73;background:rgba(0,158,115,.12)}
.ll-part{border-left-color:#0072b2;border-left-style:double;background:rgba(0,114,178,.10)}
.ll-bad{border-left-color:#d55e00;border-left-style:dashed;background:rgba(213,94,0,.10)}
.ll-verdict :focus-visible{outline:3px solid var(--jp-brand-color1,#0072b2);outline-offset:2px}
""".strip()
