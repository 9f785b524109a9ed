"""A network as a table: one row for each step, with what it costs."""

from __future__ import annotations

import html
from dataclasses import dataclass
from typing import Any

from torch import nn

from lecturelib.architecture.diagrams.box_text import shape_text
from lecturelib.architecture.graph.graph import Graph, Node
from lecturelib.architecture.graph.mismatch import said_shape
from lecturelib.architecture.graph.trace import as_graph

COLUMNS = ("name", "kind", "hyperparameters", "output", "parameters", "multiply-adds", "memory (KiB)")


@dataclass(frozen=True)
class Row:
    """One step: names as in the code, the output's shape, and numbers for the batch that ran.

    `memory` in bytes. `shared`: its parameters were counted in an earlier row.
    """

    key: str
    kind: str
    detail: str
    output: str
    parameters: int
    multiply_adds: int
    memory: int
    shared: bool = False

    @property
    def cells(self) -> tuple[str, ...]:
        """The row as text, in the order of `COLUMNS`."""
        parameters = "(again)" if self.shared else f"{self.parameters:,}"
        costs = (parameters, f"{self.multiply_adds:,}", f"{self.memory / 1024:,.0f}")
        return (self.key, self.kind, self.detail, self.output, *costs)


class Table(list):
    """A list of `Row` with a title, a last line of sums and a note below; prints as text, shows as HTML."""

    def __init__(self, rows: list[Row], title: str, total: Row, note: str = ""):
        super().__init__(rows)
        self.title, self.total, self.note = title, total, note

    def __str__(self) -> str:
        lines = [COLUMNS, *(row.cells for row in self), self.total.cells]
        widths = [max(len(line[k]) for line in lines) for k in range(len(COLUMNS))]
        texts = []
        for line in lines:
            cells = [
                c.ljust(w) if k < 4 else c.rjust(w) for k, (c, w) in enumerate(zip(line, widths, strict=True))
            ]
            texts.append("  ".join(cells).rstrip())
        return "\n".join([self.title, *texts, *filter(None, [self.note])])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        def cells(values, tag="td") -> str:
            return "".join(
                f'<{tag} style="text-align:{"left" if k < 4 else "right"};padding:2px 10px"'
                f"{' scope=col' if tag == 'th' else ''}>{html.escape(value)}</{tag}>"
                for k, value in enumerate(values)
            )

        rows = "".join(f"<tr>{cells(row.cells)}</tr>" for row in self)
        return (
            f'<table style="border-collapse:collapse;font-size:15px"><caption>{html.escape(self.title)}</caption>'
            f"<thead><tr>{cells(COLUMNS, 'th')}</tr></thead><tbody>{rows}</tbody>"
            f'<tfoot><tr style="font-weight:bold">{cells(self.total.cells)}</tr></tfoot></table>{self._below()}'
        )

    def _below(self) -> str:
        style = "font-size:15px;max-width:80ch;border-left:5px solid #B3261E;padding-left:10px"
        return f'<p style="{style}">{html.escape(self.note)}</p>' if self.note else ""


def summary_table(model_or_graph: nn.Module | Graph, *inputs: Any) -> Table:
    """Summary table of a network: one `Row` for each step, in the order of running; `.total` holds the sums.

    Multiply-adds are those of convolutions and matrix products (see `costs`), memory the bytes of new activations, all
    for the batch that ran. Where the forward pass fails, the last row is the step that failed, with what arrived there
    in place of its output, and `.note` says why. `inputs`: as for `trace`; raises what `trace_until_error` raises.

    >>> from torch import nn
    >>> table = summary_table(nn.Sequential(nn.Linear(4, 2), nn.ReLU()), (1, 4))
    >>> [(row.kind, row.output, row.parameters) for row in table], table.total.multiply_adds
    ([('Linear', '2', 10), ('ReLU', '2', 0)], 8)
    """
    graph = as_graph(model_or_graph, inputs, partly=True)
    rows = [
        Row(
            node.key, node.kind, node.detail, _output(node, graph), node.parameters, node.multiply_adds,
            node.memory, node.shared,
        )
        for node in graph.nodes
        if node.kind not in ("input", "output")
    ]  # fmt: skip
    total = Row("in all", "", "", "", graph.parameters, graph.multiply_adds, graph.memory)
    note = " ".join([graph.failure.sentence, *graph.notes]) if graph.failure is not None else ""
    return Table(rows, graph.title, total, note)


def _output(node: Node, graph: Graph) -> str:
    if node.role == "failed" and graph.failure is not None:
        return "fails: " + ", ".join(f"{name}: {said_shape(shape)}" for name, shape in graph.failure.met)
    return shape_text(node.output, graph)
