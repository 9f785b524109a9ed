"""The playground: a small network in the plane, live.

`toy_data` draws the points, `state` says what may be set, `engine` trains (no widget, no picture), `scene` makes bytes,
words and a still picture of it, `player` trains in a thread, `playground` holds it together, and `playground_widget`
with `page_*.js` and `playground.css` brings it into the page.
"""

from lecturelib.training.playground.engine import Diverged, Engine
from lecturelib.training.playground.playground import Playground
from lecturelib.training.playground.presets import PRESETS

__all__ = ["PRESETS", "Diverged", "Engine", "Playground"]
