"""A claim as a card: what was claimed, what it had to pass, the measurement beside its baselines, the verdict."""

from dataclasses import dataclass
from typing import Any

from lecturelib.lesson.claim_bars import Bars
from lecturelib.lesson.claim_bars_looking import ALL_BARS
from lecturelib.show.text_metrics import escaped

VERDICTS: dict[bool | None, tuple[str, str]] = {
    True: ("✓", "holds"),
    False: ("✗", "does not hold here"),
    None: ("○", "open, both ways reported"),
}


@dataclass(frozen=True)
class ClaimCard:
    """A measured claim (see `result`) and how it was measured; a notebook shows it, `print` writes it as lines.

    `name`: which bars it shows, where one claim was measured in several ways ("C15 on letters"); else the claim's own.

    >>> card = ClaimCard({"claim": "C0", "says": "2 > 1", "holds": True, "numbers": {"two": 2}, "note": ""}, "by hand")
    >>> print(card)
    C0, by hand: holds.
    2 > 1.
      two                              2
    """

    found: dict[str, Any]
    how: str = "a quick check"
    name: str = ""

    def __str__(self) -> str:
        lines = [f"  {key.replace('_', ' '):32} {value}" for key, value in self.found["numbers"].items()]
        head = f"{self.found['claim']}, {self.how}: {VERDICTS[self.found['holds']][1]}."
        return "\n".join([head, f"{self.found['says']}.", *lines])

    def html(self) -> str:
        """The card as HTML: a table with bars, and every number behind a fold."""
        sign, verdict = VERDICTS[self.found["holds"]]
        numbers = self.found["numbers"]
        bars = ALL_BARS.get(self.name or self.found["claim"])
        drawn = "" if bars is None else _table(bars, numbers)
        rows = "".join(
            f"<tr><th scope=row>{escaped(key.replace('_', ' '))}</th><td>{escaped(str(value))}</td></tr>"
            for key, value in numbers.items()
        )
        note = f"<p>{escaped(self.found['note'])}</p>" if self.found["note"] else ""
        return (
            f"<style>{_CSS}</style><section class=ll-claim aria-label='claim {escaped(self.found['claim'])}'>"
            f"<p class=ll-claim-head><b>{escaped(self.found['claim'])}</b> <span class=ll-verdict data-holds="
            f"'{self.found['holds']}'>{sign} {verdict}</span> <small>{escaped(self.how)}</small></p>"
            f"<p class=ll-says>{escaped(_sentence(self.found['says']))}</p>{drawn}"
            f"<details{'' if drawn else ' open'}><summary>all numbers</summary><table class=ll-numbers>{rows}</table>"
            f"{note}</details></section>"
        )

    def show(self) -> None:
        """Show the card in the notebook, also in the middle of a cell."""
        from IPython.display import display

        display(self._repr_mimebundle_(), raw=True)

    def _repr_mimebundle_(self, **kwargs: object) -> dict[str, str]:
        return {"text/html": self.html(), "text/plain": str(self)}


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:] + ("" if text.endswith((".", "?")) else ".")


def _table(bars: Bars, numbers: dict[str, Any]) -> str:
    """A row for each bar whose number is there; nothing where none is (a quick check may lack some)."""
    here = [bar for bar in bars.bars if isinstance(numbers.get(bar.key), int | float)]
    if not here:
        return ""
    values = [float(numbers[bar.key]) for bar in here]
    highest = max([*values, bars.limit or 0.0, 1e-12])
    line = "" if bars.limit is None else f"<i style='left:{100 * bars.limit / highest:.1f}%'></i>"
    rows = "".join(
        f"<tr class=ll-{bar.role}><th scope=row>{escaped(bar.label)}</th><td class=ll-track><span style='width:"
        f"{100 * max(0.0, value) / highest:.1f}%'></span>{line}</td><td>{_shown(value)}</td></tr>"
        for bar, value in zip(here, values, strict=True)
    )
    roles = "solid: measured, striped: baseline" if any(bar.role == "baseline" for bar in here) else ""
    dashed = "" if bars.limit is None else f"dashed line: {_shown(bars.limit)}"
    key = "; ".join(part for part in (roles, dashed) if part)
    measure = escaped(_sentence(bars.measure)) + (f" <small>{key}</small>" if key else "")
    return (
        f"<table class=ll-bars><caption>{measure}</caption>{rows}</table>"
        f"<p class=ll-passes><b>It had to pass:</b> {escaped(bars.passes)}.</p>"
    )


def _shown(value: float) -> str:
    text = f"{value + 0.0:.3g}" if abs(value) < 1000 else f"{value:,.0f}"
    return text.replace("0.", ".", 1) if text.startswith(("0.", "-0.")) else text


_CSS = """
.ll-claim{font-size:15px;line-height:1.4;max-width:900px;border:1px solid var(--jp-border-color1,#bbb);
border-radius:6px;padding:8px 16px;color:var(--jp-content-font-color1,#222)}
.ll-claim p{margin:4px 0}.ll-claim .ll-claim-head{font-size:17px}.ll-claim .ll-claim-head small{opacity:.8}
.ll-claim .ll-verdict{padding:1px 10px;border-radius:10px;border:2px solid #0072b2}
.ll-claim .ll-verdict[data-holds=False]{border-color:#d55e00;border-style:dashed}
.ll-claim .ll-verdict[data-holds=None]{border-color:currentColor;border-style:dotted}
.ll-claim table{color:inherit;font-size:inherit}.ll-claim caption small{opacity:.8;margin-left:8px}
.ll-claim .ll-bars{width:100%;border-collapse:collapse;margin:6px 0;table-layout:auto}
.ll-claim .ll-bars caption{text-align:left;font-size:14px;padding:2px 0;color:inherit}
.ll-claim .ll-bars th,.ll-claim .ll-bars td{text-align:left;font-weight:400;padding:1px 8px 1px 0}
.ll-claim table *{background-color:transparent;border:0}.ll-claim .ll-measured .ll-track span{background:#0072b2}
.ll-claim .ll-bars th{white-space:nowrap;width:1%}.ll-claim .ll-bars td:last-child{text-align:right;width:4em;
font-variant-numeric:tabular-nums}
.ll-claim .ll-track{position:relative;min-width:120px}
.ll-claim .ll-track span{display:block;height:14px;min-width:1px}
.ll-claim table .ll-baseline .ll-track span{
background:repeating-linear-gradient(45deg,#8a8a8a 0 3px,transparent 3px 6px);
border:1px solid #8a8a8a;box-sizing:border-box}
.ll-claim table .ll-track i{position:absolute;top:0;bottom:0;border-left:2px dashed currentColor}
.ll-claim .ll-numbers th{font-weight:400;text-align:left}.ll-claim summary{cursor:pointer;font-size:14px}
""".strip()
