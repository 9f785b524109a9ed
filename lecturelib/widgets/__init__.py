"""Explorables: controls, a pure `render(state)`, and a thin live shell around them.

`controls.py`, `text_box.py`, `pointer_pad.py` and `region_picker.py` hold the controls as plain data, `explorable.py`
the state and the rendering (no ipywidgets), `worker.py` the thread in which the latest state wins, `lifetime.py` when
it is freed, `shell.py` what appears in the notebook, with the JavaScript and CSS of the picture's own area: `front`,
`pointer_pad`, `presence`, `upload`.
"""

from lecturelib.widgets.controls import Choice, Control, Pointer, Slider, Toggle, Upload
from lecturelib.widgets.emerging import Progress
from lecturelib.widgets.explorable import Explorable
from lecturelib.widgets.pointer_pad import PointerPad
from lecturelib.widgets.region_picker import Kept, RegionPicker
from lecturelib.widgets.running import running
from lecturelib.widgets.text_box import TextBox

__all__ = [
    "Choice",
    "Control",
    "PointerPad",
    "Explorable",
    "Kept",
    "RegionPicker",
    "Pointer",
    "Progress",
    "Slider",
    "TextBox",
    "Toggle",
    "Upload",
    "running",
]
