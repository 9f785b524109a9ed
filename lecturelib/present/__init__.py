"""A notebook as slides: live in JupyterLab, or as one file of HTML that needs nothing.

`labextensions/` holds the JupyterLab extension, plain JavaScript without a build: `keys.json` is the table of keys,
`entry.js` its way in, `deck.js` the deck. `live_slides.py` opens a part on stage, `pages.py` says which cells make a
page, `cell_needs.py` which cells another needs. `html_deck.py` runs a part and writes the file of HTML by
`deck_exporter.py`, with `explorable_frames.py` in place of explorables. The settings that an instructor prepares are
`lecturelib.widgets.prepared`'s.
"""

from lecturelib.present.pages import Page, pages_of
from lecturelib.widgets.prepared import explorable, prepare

__all__ = ["Page", "explorable", "pages_of", "prepare"]
