"""nbconvert's HTML exporter with a template of pages: Markdown, pictures and formulas need no network and no script."""

from __future__ import annotations

import html
import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from latex2mathml.converter import convert
from nbconvert.exporters import HTMLExporter
from nbconvert.filters.markdown_mistune import InvalidNotebook, IPythonRenderer, MarkdownWithMath
from nbformat import NotebookNode
from pygments.formatters import HtmlFormatter
from traitlets import default
from traitlets.config import Config

from lecturelib.present.key_table import TABLE, of_file
from lecturelib.present.pages import Page, heading_of, names_of

HERE = Path(__file__).resolve().parent
_COMMANDS = {r"\\arg(?![a-zA-Z])": r"\\operatorname{arg}"}  # what latex2mathml does not know
# A function stands a little apart from its argument, as in TeX, unless that is in parentheses.
_FUNCTION = re.compile(
    r"(?<!<msub>)(?<!<msup>)(?<!<msubsup>)(<m[io]>(?:arg|cos|exp|ln|log|sin|tanh?)</m[io]>)(?=<m(?!o\b))"
)
_LOCAL = re.compile(r"<img\b[^>]*\bsrc=[\"']?(?!data:|https?:|//)", re.IGNORECASE)
_CAPTION = re.compile(r"<(title|desc)\b[^>]*>(.*?)</\1>", re.DOTALL)


def formula(tex: str, block: bool = False) -> str:
    """A TeX formula as MathML, which browsers lay out themselves; as code where it cannot be read.

    >>> formula("x^2").count("<msup>")
    1
    """
    known = tex.strip()
    for pattern, word in _COMMANDS.items():
        known = re.sub(pattern, word, known)
    try:
        made = convert(known, display="block" if block else "inline")
    except Exception:  # the library has a dozen kinds of its own, without a common one
        made = "\\"
    if "\\" in made:  # a command that it does not know comes back as it is
        return f"<code>{html.escape(tex)}</code>"
    made = _FUNCTION.sub(r'\1<mspace width="0.17em" />', made)
    return made.replace("<math ", f'<math alttext="{html.escape(tex.strip(), quote=True)}" ', 1)


class _Renderer(IPythonRenderer):
    """Markdown as Jupyter reads it, with formulas as MathML and pictures inside the page."""

    def block_math(self, body: str) -> str:
        return formula(body, block=True)

    def inline_math(self, body: str) -> str:
        # prices, "5$ or 6$", are no formula
        return f"${self.escape_html(body)}$" if body != body.strip() else formula(body)

    def latex_environment(self, name: str, body: str) -> str:
        return formula(rf"\begin{{{name}}}{body}\end{{{name}}}", block=True)

    def image(self, text: str, url: str, title: str | None = None) -> str:
        try:
            return super().image(text, url if ":" in url else unquote(url), title)
        except InvalidNotebook as error:
            return f"<em>{html.escape(str(error))}</em>"


class DeckExporter(HTMLExporter):
    """A notebook that ran, as pages that show one step after another; `pages` are those of `pages_of`.

    Takes the title from the first page's heading. Local pictures beside the notebook are embedded, every picture has
    an alt text, and controls without a kernel are left out.
    """

    exclude_anchor_links = True  # a formula in a heading would land in its id
    embed_images = True

    @default("template_name")
    def _template_name_default(self):
        return "deck"

    @property
    def extra_template_basedirs(self):
        return [*super()._default_extra_template_basedirs(), str(HERE / "templates")]

    @property
    def default_config(self):
        kinds = [
            "text/html",
            "text/markdown",
            "image/svg+xml",
            "text/latex",
            "image/png",
            "image/jpeg",
            "text/plain",
        ]
        config = Config({"NbConvertBase": {"display_data_priority": kinds}})
        whole = super().default_config.copy()
        whole.merge(config)
        return whole

    def default_filters(self):
        yield from super().default_filters()
        yield "with_local_images", self._with_local_images
        yield "words_for", _words_for
        yield "picture", _picture

    def markdown2html(self, context: Any, source: str) -> str:
        """Markdown of the cell at hand as HTML."""
        renderer = self._renderer(context, context.get("cell", {}).get("attachments", {}))
        return MarkdownWithMath(renderer=renderer).render(source)

    # nbconvert's own way to ask Jinja for the context; the checker knows no attributes of functions
    markdown2html.jinja_pass_arg = HTMLExporter.markdown2html.jinja_pass_arg  # type: ignore[attr-defined]

    def _with_local_images(self, context: Any, source: str) -> str:
        return self._renderer(context).block_html(source) if _LOCAL.search(source) else source

    _with_local_images.jinja_pass_arg = HTMLExporter.markdown2html.jinja_pass_arg  # type: ignore[attr-defined]

    def _renderer(self, context: Any, attachments: dict | None = None) -> _Renderer:
        path = context.get("resources", {}).get("metadata", {}).get("path", "")
        return _Renderer(
            escape=False, attachments=attachments, embed_images=True, path=path, exclude_anchor_links=True
        )

    def deck(self, notebook: NotebookNode, pages: list[Page], name: str, folder: Path) -> str:
        """The whole page of HTML; `name` is its title where no page has a heading."""
        shown = notebook.copy()
        shown.cells = _placed(notebook, pages)
        style, script = _style_and_script()
        colors = HtmlFormatter(style="default").get_style_defs(".highlight")
        title = next((label for page in pages if (label := heading_of(page, notebook.cells))), name)
        resources = {
            "metadata": {"name": name, "path": str(folder)},
            "deck": {"title": title, "style": f"{style}\n{colors}", "script": script},
        }
        return self.from_notebook_node(shown, resources)[0]


def _placed(notebook: NotebookNode, pages: list[Page]) -> list[NotebookNode]:
    """The cells that are shown, in order, each with its place among pages and steps."""
    placed, section = [], ""
    names = names_of(pages, notebook.cells)
    for number, page in enumerate(pages, 1):
        own = heading_of(page, notebook.cells)
        found = (
            re.search(r"^#{1,2} +(.+)$", notebook.cells[k].source, re.MULTILINE)
            for k in page.cells
            if notebook.cells[k].cell_type == "markdown"
        )
        section = next((match[1].strip() for match in found if match), section)
        for step in page.steps:
            for k in step:
                cell = NotebookNode(notebook.cells[k])
                begins, ends = k == step[0], k == step[-1]
                cell.metadata = NotebookNode(cell.metadata)
                cell.metadata["deck"] = {
                    "page": number if k == page.cells[0] else 0,
                    "label": names[number - 1],
                    "section": "" if own else section,
                    "begins": begins,
                    "ends": ends,
                    "last": k == page.cells[-1],
                    "open": "definition" in cell.metadata.get("tags", ()),
                    "quiet": "hide-input" in cell.metadata.get("tags", ()),
                }
                if cell.cell_type == "code":
                    cell.outputs = [output for output in cell.outputs if not _is_control(output)]
                placed.append(cell)
    return placed


def _style_and_script() -> tuple[str, str]:
    """The style and the script of the page: its own, the layout of the stage, and the keys that both decks share."""
    own = {kind: (HERE / f"html_deck.{kind}").read_text(encoding="utf-8") for kind in ("css", "js")}
    shared = {kind: (TABLE.parent / f"layout.{kind}").read_text(encoding="utf-8") for kind in ("css", "js")}
    module = re.sub(
        r"^import .*$", "", shared["js"], flags=re.MULTILINE
    )  # the page has no address to import from
    layout = re.sub(r"^export (?=class|function|const)", "", module, flags=re.MULTILINE)
    keys = f"const KEYS = {json.dumps(of_file())};\nconst VIEWPORT = '.page.shown';"
    return f"{own['css']}\n{shared['css']}", f"(() => {{\n{keys}\n{layout}\n{own['js']}\n}})();"


def _is_control(output: NotebookNode) -> bool:
    """Whether an output is a widget, which is nothing without a kernel."""
    data = output.get("data", {})
    return "application/vnd.jupyter.widget-view+json" in data and "text/html" not in data


def _words_for(output: NotebookNode, mime: str) -> str:
    """The alt text of a picture that a cell put out: its own, an SVG's title, or its plain text."""
    own = output.get("metadata", {}).get(mime, {})
    alt = own.get("alt") if isinstance(own, dict) else None
    inside = _CAPTION.search(output.data[mime]) if mime == "image/svg+xml" else None
    said = alt or (html.unescape(inside[2]).strip() if inside else "") or output.data.get("text/plain", "")
    return said if said and not re.fullmatch(r"<.*>", said, re.DOTALL) else "picture without a description"


def _picture(output: NotebookNode, mime: str) -> str:
    own = output.get("metadata", {}).get(mime, {})
    size = "".join(
        f' {side}="{int(own[side])}"' for side in ("width", "height") if str(own.get(side, "")).isdigit()
    )
    alt = html.escape(_words_for(output, mime), quote=True)
    image = f'<img alt="{alt}" src="data:{mime};base64,{output.data[mime].strip()}"{size}>'
    return f'<div class="output jp-OutputArea-output">{image}</div>'
