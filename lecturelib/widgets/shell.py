"""The live shell in the notebook: ipywidgets for the controls, one anywidget for the picture's area.

Two threads meet here. The kernel's main thread handles the controls; the explorable's worker writes frames and
progress into the picture's area. What the page says about the area comes back as messages, never as traits, so
the page and the worker never write to one trait at a time.
"""

from __future__ import annotations

import traceback
from pathlib import Path

try:
    import anywidget
    import ipywidgets
    import traitlets
except ImportError as error:
    raise ImportError(
        "explorables need ipywidgets and anywidget in the notebook's environment: "
        "pip install ipywidgets anywidget; .picture() works without them"
    ) from error

from lecturelib.show import Picture
from lecturelib.show.text_metrics import escaped
from lecturelib.show.zooming import zoom_script
from lecturelib.widgets.controls import Choice, Control, Pointer, Slider, Toggle, Upload
from lecturelib.widgets.pointer_pad import PointerPad
from lecturelib.widgets.region_picker import RegionPicker
from lecturelib.widgets.text_box import TextBox

_HERE = Path(__file__).parent
_OWN = "own settings"
# one module: what is written into the page has no address from which it could import another
_MODULE = ("presence.js", "pointer_pad.js", "front.js")


class PictureArea(anywidget.AnyWidget):
    """The picture with its caption, progress and errors; reports where the student points, and what he draws."""

    _esm = "\n".join([zoom_script(), *((_HERE / name).read_text(encoding="utf-8") for name in _MODULE)])
    _css = (_HERE / "front.css").read_text(encoding="utf-8")

    title = traitlets.Unicode().tag(sync=True)
    frame = traitlets.Dict().tag(sync=True)
    busy = traitlets.Bool(False).tag(sync=True)
    progress = traitlets.Dict().tag(sync=True)
    error = traitlets.Dict().tag(sync=True)
    pointer = traitlets.Dict().tag(sync=True)
    regions = traitlets.Unicode().tag(sync=True)
    hover = traitlets.Bool(False).tag(sync=True)
    drawing = traitlets.Dict().tag(sync=True)
    twins: traitlets.List = traitlets.List().tag(sync=True)


class UploadButton(anywidget.AnyWidget):
    """A button for a file; `value` holds its bytes, in the kernel only."""

    _esm = (_HERE / "upload.js").read_text(encoding="utf-8")

    words = traitlets.Unicode().tag(sync=True)
    accept = traitlets.Unicode().tag(sync=True)
    name = traitlets.Unicode().tag(sync=True)
    value = traitlets.Any(None, allow_none=True)

    def __init__(self, **traits):
        super().__init__(**traits)
        self.on_msg(self._message)

    def _message(self, _, content: dict, buffers) -> None:
        if content.get("type") == "file":
            self.name = content["name"]
            self.value = bytes(buffers[0])


class Shell:
    """The widgets of one explorable."""

    def __init__(self, explorable):
        self._explorable, self._lifetime = explorable, explorable._lifetime
        self._quiet = False
        self._serial = 0
        self._widgets = {control.name: _widget(control) for control in explorable.controls.values()}
        self._pointer = next((c for c in explorable.controls.values() if isinstance(c, Pointer)), None)
        self._drawing = next((c for c in explorable.controls.values() if isinstance(c, PointerPad)), None)
        self._regions = next((c for c in explorable.controls.values() if isinstance(c, RegionPicker)), None)
        self.area = PictureArea(
            title=explorable.title,
            regions=self._regions.words if self._regions else "",
            hover=self._regions is not None and self._regions.hover,
        )
        self.area.add_class("ll-area")
        self.area.on_msg(self._message)
        self._presets = ipywidgets.Dropdown(options=[_OWN], description="prepared settings")
        self._presets.add_class("ll-presets")
        self._presets.observe(self._preset, "value")
        column = []
        for control in explorable.controls.values():
            widget = self._widgets[control.name]
            if widget is not None:
                widget.observe(lambda change, name=control.name: self._changed(name), "value")
                column.append(widget)
        if column:
            button = ipywidgets.Button(description="Reset", tooltip="all controls back to their start")
            button.add_class("ll-reset")
            button.on_click(lambda _: self._guarded(explorable.reset))
            column = [self._presets, *column, button]
        self.column = ipywidgets.VBox(column)
        self.column.add_class("ll-controls")
        heading = f'<div class="ll-title" role="heading" aria-level="4">{escaped(explorable.title)}</div>'
        row = ipywidgets.Box([self.column, self.area] if column else [self.area])
        row.add_class("ll-row")
        self.root = ipywidgets.VBox([ipywidgets.HTML(heading), row])
        self.root.add_class("ll-explorable")
        self.offer(explorable.presets)
        self.sync(explorable.controls, explorable._state)

    # --- the main thread: controls -----------------------------------------------------------------------------

    def sync(self, controls: dict[str, Control], state: dict) -> None:
        """Puts limits and values of a state into the widgets without starting another rendering."""
        self._quiet = True
        try:
            for name, widget in self._widgets.items():
                if widget is not None:
                    _fill(widget, controls[name], controls[name].from_state(state))
            public = self._explorable._public(state)
            names = [n for n, preset in self._explorable.presets.items() if preset == public]
            self._presets.value = names[0] if names else _OWN
        finally:
            self._quiet = False
        if self._pointer is not None:
            x, y = self._pointer.from_state(state)
            self.area.pointer = {
                "x": x,
                "y": y,
                "step": self._pointer.step,
                "panel": self._pointer.panel,
                "hover": self._pointer.hover,
                "label": self._pointer.words,
            }
        if self._drawing is not None:
            self.area.drawing = {
                "pixels": [number for row in self._drawing.from_state(state) for number in row],
                "side": self._drawing.side,
                "panel": self._drawing.panel,
                "guide": self._drawing.guide,
                "label": self._drawing.words,
            }

    def offer(self, presets: dict[str, dict]) -> None:
        """Lists the prepared settings; without any, there is no list."""
        self._quiet = True
        try:
            self._presets.options = [_OWN, *presets]
        finally:
            self._quiet = False
        self._presets.layout.display = None if presets else "none"

    def _changed(self, name: str) -> None:
        if self._quiet:
            return
        control = self._explorable.controls[name]
        given = control.as_state(self._widgets[name].value)
        self._guarded(lambda: self._explorable._from_front(given))

    def _preset(self, change: dict) -> None:
        if not self._quiet and change["new"] != _OWN:
            state = self._explorable.presets[change["new"]]
            self._guarded(lambda: setattr(self._explorable, "state", state))

    def _message(self, _, content: dict, buffers) -> None:
        if content.get("type") == "pointer":
            # Acknowledged before it is rendered: the page then sends its newest place, and no queue grows.
            self.area.send({"type": "ack", "n": content["n"]})
            place = [min(1.0, max(0.0, float(content[axis]))) for axis in "xy"]
            self._guarded(lambda: self._explorable._from_front(self._pointer.as_state(place)))
        elif content.get("type") == "drawing":
            self.area.send({"type": "ack", "n": content["n"]})
            side, pixels = self._drawing.side, content["pixels"]
            rows = [pixels[top : top + side] for top in range(0, len(pixels), side)]
            self._guarded(lambda: self._explorable._from_front(self._drawing.as_state(rows)))
        elif content.get("type") == "region":
            controls, state = self._explorable.controls, self._explorable._state
            given = self._regions.pressed(content["key"], content["toggle"], controls, state)
            self._guarded(lambda: self._explorable._from_front(given))
        elif content.get("type") == "stop":
            self._explorable._worker.stop()
        elif content.get("type") == "seen":
            self._lifetime.seen(content["page"], content["view"])
        elif content.get("type") == "left":
            self._lifetime.left(content["view"])

    def _guarded(self, act) -> None:
        """ipywidgets writes errors of callbacks into a log that nobody sees; here the student reads them."""
        try:
            act()
        except Exception as error:
            self._explorable._error = error
            self.fail(error)

    # --- the worker's thread: the picture ----------------------------------------------------------------------

    def frame(self, picture: Picture) -> None:
        """Shows a picture."""
        self._serial += 1
        if self.area.error:
            self.area.error = {}
        self.area.frame = {
            "serial": self._serial, "data": picture.data(), "mime": picture.mime, "alt": picture.alt,
            "caption": picture.caption, "width": picture.display_width or 0, "ratio": picture.ratio,
            "pixelated": picture.pixelated, "panels": [list(panel) for panel in picture.panels], "zoom": picture.zoom,
            "regions": [region.plain() for region in picture.regions],
        }  # fmt: skip

    def busy(self, is_busy: bool) -> None:
        """Says that a rendering begins or ends; the page shows it only where it takes more than 150 ms."""
        if self.area.progress and is_busy:
            self.area.progress = {}
        self.area.busy = is_busy

    def progress(self, progress) -> None:
        """Shows how far it has come."""
        self.area.progress = {"fraction": progress.fraction, "text": progress.text}

    def fail(self, error: Exception) -> None:
        """Shows an error as a sentence, with its traceback folded away."""
        self.area.error = {
            "message": sentence(error),
            "detail": "".join(traceback.format_exception(error)),
        }

    def add_twin(self, ident: str) -> None:
        """Names a static copy that the page hides while this one lives."""
        self.area.twins = [*self.area.twins, ident]

    def close(self) -> None:
        """Removes the widgets: ipywidgets keeps every one until it is closed, layouts and styles too."""
        heading, row = self.root.children
        for widget in (*self.column.children, self.column, self.area, heading, row, self.root):
            for own in (getattr(widget, "style", None), getattr(widget, "layout", None), widget):
                if isinstance(own, ipywidgets.Widget):
                    own.close()


def sentence(error: Exception) -> str:
    """What a student reads: the message alone where it was written for him, else with the kind of error."""
    # str() of a KeyError would put the sentence in quotes.
    message = str(error.args[0]) if isinstance(error, KeyError) and error.args else str(error)
    if isinstance(error, (ValueError, TypeError, KeyError)) and " " in message:
        return message
    return f"{type(error).__name__}: {message}" if message else type(error).__name__


def _widget(control: Control):
    words = control.words
    if isinstance(control, Slider):
        words = f"{words} ({control.unit})" if control.unit else words
        kind = ipywidgets.IntSlider if control.whole else ipywidgets.FloatSlider
        more = {} if control.whole else {"readout_format": f".{_decimals(control.step)}f"}
        return kind(
            value=control.value, min=control.low, max=control.at(control.count - 1), step=control.step,
            description=words, **more,
        )  # fmt: skip
    if isinstance(control, Choice):
        kind = ipywidgets.SelectionSlider if control.slider else ipywidgets.Dropdown
        return kind(options=_pairs(control), value=control.value, description=words)
    if isinstance(control, Toggle):
        return ipywidgets.Checkbox(value=control.value, description=words, indent=False)
    if isinstance(control, TextBox):
        return ipywidgets.Textarea(value=control.value, description=words, rows=3)
    if isinstance(control, Upload):
        return UploadButton(accept=control.accept, words=words)
    return None  # a Pointer or a PointerPad is the picture itself


def _fill(widget, control: Control, value) -> None:
    if isinstance(control, Slider):
        last = control.at(control.count - 1)
        if (widget.min, widget.max, widget.step) != (control.low, last, control.step):
            with widget.hold_trait_notifications():  # else a new minimum above the old maximum is refused
                widget.min, widget.max, widget.step, widget.value = control.low, last, control.step, value
        widget.disabled = control.count == 1
    if isinstance(control, Choice) and widget.options != _pairs(control):
        widget.options = _pairs(control)
    if isinstance(control, Upload) and value is None:
        widget.name = ""
    if widget.value != value:
        widget.value = value


def _pairs(control: Choice) -> tuple[tuple[str, object], ...]:
    return tuple(zip(control.shown, control.options, strict=True))


def _decimals(step: float) -> int:
    return next((k for k in range(1, 7) if round(step, k) == step), 6)
