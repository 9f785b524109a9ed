"""The playground: a small network in the plane, live.

`data.py` draws the points, `state.py` says what may be set, `engine.py` trains (no widget, no picture), `drawing.py`
makes bytes, words and a still picture of it, `player.py` trains in a thread, `playground.py` holds it together, and
`live.py` with `playground.js` and `playground.css` brings it into the page.
"""

from lecturelib.training.playground.engine import Diverged, Engine
from lecturelib.training.playground.playground import Playground
from lecturelib.training.playground.presets import PRESETS

__all__ = ["PRESETS", "Diverged", "Engine", "Playground"]
