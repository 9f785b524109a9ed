"""Words and numbers in columns: an HTML table in the notebook, aligned text elsewhere."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from lecturelib.checks import complaint
from lecturelib.show.text_metrics import escaped, one_line


@dataclass(frozen=True)
class TextTable:
    """A table with a header; columns of numbers are aligned at their right end. See `table`."""

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numeric: tuple[bool, ...]
    caption: str = ""

    def __str__(self) -> str:
        lines = [self.header, *self.rows]
        widths = [max(len(row[k]) for row in lines) for k in range(len(self.header))]
        text = [
            "  ".join(
                cell.rjust(width) if right else cell.ljust(width)
                for cell, width, right in zip(row, widths, self.numeric, strict=True)
            ).rstrip()
            for row in lines
        ]
        return "\n".join([*([self.caption] if self.caption else []), *text])

    def html(self) -> str:
        """The table as HTML."""

        def cells(row: Sequence[str], kind: str) -> str:
            return "".join(
                f"<{kind}{' class=ll-number' if right else ''}{' scope=col' if kind == 'th' else ''}>{escaped(cell)}"
                f"</{kind}>"
                for cell, right in zip(row, self.numeric, strict=True)
            )

        caption = f"<caption>{escaped(self.caption)}</caption>" if self.caption else ""
        body = "".join(f"<tr>{cells(row, 'td')}</tr>" for row in self.rows)
        return (
            f"<style>{_CSS}</style><table class=ll-table>{caption}<thead><tr>{cells(self.header, 'th')}</tr></thead>"
            f"<tbody>{body}</tbody></table>"
        )

    def show(self) -> None:
        """Show the table in the notebook, also in the middle of a cell."""
        from IPython.display import display

        display(self._repr_mimebundle_(), raw=True)

    def _repr_mimebundle_(self, **kwargs: object) -> dict[str, str]:
        return {"text/html": self.html(), "text/plain": str(self)}


def table(rows: Iterable[Sequence[object]], header: Sequence[str], caption: str = "") -> TextTable:
    """A table of texts and numbers; the cells are written with `str`, so format numbers beforehand.

    rows: sequences as long as the header. Raises `ValueError` for no rows or one of another length.

    >>> print(table([("occlusion", 12), ("gradient", 3.5)], ["method", "passes"]))
    method     passes
    occlusion      12
    gradient      3.5
    """
    names = tuple(one_line(str(name)) for name in header)
    given = [tuple(one_line(str(cell)) for cell in row) for row in rows]
    if not given:
        raise ValueError(complaint("rows", "at least one row", "none"))
    for k, row in enumerate(given):
        if len(row) != len(names):
            raise ValueError(complaint(f"row {k}", f"{len(names)} cells, one for each column", len(row)))
    numeric = tuple(all(_is_number(row[k]) for row in given) for k in range(len(names)))
    return TextTable(names, tuple(given), numeric, one_line(caption))


def _is_number(cell: str) -> bool:
    text = cell.strip().removesuffix("%").replace(",", "").replace("\N{MINUS SIGN}", "-").strip()
    try:
        float(text or "0")
    except ValueError:
        return False
    return True


# JupyterLab aligns the cells of every table at the right end, with more weight than a class has.
_CSS = """
table.ll-table{border-collapse:collapse;font-size:15px;line-height:1.4;color:inherit;margin:6px 0;max-width:1000px}
table.ll-table caption{text-align:left;padding:2px 0;color:inherit}
table.ll-table th,table.ll-table td{text-align:left!important;vertical-align:top;padding:3px 14px 3px 0;
white-space:normal;overflow-wrap:break-word;border-bottom:1px solid var(--jp-border-color2,#ccc)}
table.ll-table .ll-number{text-align:right!important;font-variant-numeric:tabular-nums;white-space:nowrap}
""".strip()
