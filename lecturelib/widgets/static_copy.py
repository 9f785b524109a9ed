"""The copy of an explorable that a saved notebook shows where no kernel runs."""

from lecturelib.show import Picture
from lecturelib.show.text_metrics import escaped


def static_copy(shown: Picture, title: str, settings: str, ident: str) -> str:
    """HTML: the title, the picture, and the settings it was drawn at."""
    # JupyterLab says "model not found" where a saved notebook is opened without its kernel.
    hush = (
        "<style>.jp-OutputArea:has(.ll-static) .jp-OutputArea-output.jupyter-widgets:not(:has(*))"
        "{display:none}</style>"
    )
    line = 'style="margin:4px 0;font-size:15px;max-width:70ch"'
    return (
        f'{hush}<section id="{ident}" class="ll-static"><p {line}><b>{escaped(title)}</b></p>'
        f"{shown.html()}<p {line}>Shown at {escaped(settings)}. "
        "The controls come alive when the notebook runs.</p></section>"
    )
