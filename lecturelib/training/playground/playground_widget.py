"""The playground in the page: one anywidget; frames go out as bytes, what the student does comes back as messages."""

from __future__ import annotations

import json
import threading
import time
from pathlib import Path

try:
    import anywidget
    import traitlets
except ImportError as error:
    raise ImportError(
        "the playground needs anywidget in the notebook's environment: pip install anywidget; "
        ".picture() and .step() work without it"
    ) from error

from lecturelib.show.palettes import CATEGORIES, palette
from lecturelib.training.playground import scene
from lecturelib.training.playground.engine import Engine
from lecturelib.training.playground.player import Player
from lecturelib.training.playground.presets import PRESETS
from lecturelib.training.playground.state import CONTROLS, MOST_LAYERS, MOST_UNITS, checked
from lecturelib.training.playground.toy_data import FEATURES
from lecturelib.widgets import lifetime
from lecturelib.widgets.controls import Slider
from lecturelib.widgets.lifetime import Lifetime

_HERE = Path(__file__).parent
# One module in several files: each uses what those before it define.
PRESENCE = Path(lifetime.__file__).with_name("presence.js")  # says when a view comes and goes
PAGE = ("page_base.js", "page_controls.js", "page_network.js", "page_painting.js", "page_main.js")
UNDERWAY = 2  # frames that the page has not drawn yet, at most
PATIENCE = 0.5  # seconds until a frame goes out to a page that does not answer (a hidden tab, a busy kernel)


class PlaygroundWidget(anywidget.AnyWidget):
    """What the page knows; only the kernel writes these."""

    _esm = "\n".join(
        file.read_text(encoding="utf-8") for file in (PRESENCE, *(_HERE / name for name in PAGE))
    )
    _css = (_HERE / "playground.css").read_text(encoding="utf-8")

    about = traitlets.Dict().tag(sync=True)  # never changes: controls, presets, palette
    settings = traitlets.Dict().tag(sync=True)
    scene = traitlets.Dict().tag(sync=True)
    frame = traitlets.Dict().tag(sync=True)
    playing = traitlets.Bool(False).tag(sync=True)
    preset = traitlets.Unicode().tag(sync=True)  # whose settings these are, or nothing
    says = traitlets.Unicode().tag(sync=True)
    error = traitlets.Unicode().tag(sync=True)
    twins: traitlets.List = traitlets.List().tag(sync=True)


class PlaygroundView:
    """The widget of one playground, and the messages to and from it."""

    def __init__(self, playground, player: Player, life: Lifetime):
        self._playground, self._player, self._lifetime = playground, player, life
        self._serial = self._acknowledged = self._scene = 0
        self._engine: Engine | None = None  # whose scene the page has
        self._news = threading.Condition()
        self.widget = PlaygroundWidget(about=_about())
        self.widget.on_msg(self._message)
        player.drawn, player.failed, player.wait = self._draw, self._fail, self._wait
        player.change(lambda engine: None)

    def close(self) -> None:
        """Takes the widget off the page, and lets the player draw for nobody."""
        self._player.draw_for_nobody()
        layout = self.widget.layout
        self.widget.close()
        layout.close()  # a widget of its own, which stays otherwise

    def add_twin(self, ident: str) -> None:
        """Names a static copy that the page hides while this one lives."""
        self.widget.twins = [*self.widget.twins, ident]

    # --- to the page; the player calls these with its engine at rest ------------------------------------------------

    def _draw(self, engine: Engine) -> None:
        widget = self.widget
        if engine is not self._engine:
            self._engine, self._scene = engine, self._scene + 1
            widget.scene = {**scene.scene(engine), "serial": self._scene}
        settings = engine.state()
        if widget.settings != settings:
            widget.settings = settings
        preset = self._playground.preset
        widget.says = PRESETS[preset][1] if preset else ""
        widget.preset = preset if preset and settings == checked(PRESETS[preset][0]) else ""
        if widget.error:
            widget.error = ""
        self._serial += 1
        widget.frame = {**scene.frame(engine), "serial": self._serial, "scene": self._scene}
        if widget.playing != self._player.playing:
            widget.playing = self._player.playing

    def _fail(self, error: Exception) -> None:
        said = str(error.args[0]) if error.args else type(error).__name__
        self.widget.error = said if " " in said else f"{type(error).__name__}: {said}"

    def _wait(self, pause: threading.Event) -> None:
        """Until the page has drawn enough of what was sent: else frames would queue up and Pause come too late."""
        end = time.perf_counter() + PATIENCE
        with self._news:
            while self._serial - self._acknowledged > UNDERWAY and not pause.is_set():
                left = end - time.perf_counter()
                if left <= 0:
                    return
                self._news.wait(min(left, 0.05))

    # --- from the page -----------------------------------------------------------------------------------------------

    def _message(self, _, content: dict, buffers) -> None:
        if content.get("type") == "ack":
            with self._news:
                self._acknowledged = max(self._acknowledged, int(content["n"]))
                self._news.notify_all()
            return
        if content.get("type") == "seen":
            self._lifetime.seen(content["page"], content["view"])
            return
        if content.get("type") == "left":
            self._lifetime.left(content["view"])
            return
        try:
            self._act(content)
        # The student reads it; a widget's callback would write it into a hidden log.
        except Exception as error:
            self._fail(error)

    def _act(self, content: dict) -> None:
        playground, kind = self._playground, content.get("type")
        if kind in ("play", "pause", "reset"):
            getattr(playground, kind)()
            if kind == "play":
                self.widget.playing = playground.playing
        elif kind == "step":
            playground.pause()
            playground.step(playground.state["speed"] if content.get("many") else 1)
        elif kind == "set":
            playground.state = content["given"]
        elif kind == "weight":
            playground.set_weight(*(content[name] for name in ("layer", "unit", "source", "value")))
        elif kind == "preset":
            playground.pause()
            playground.load(content["name"])
        elif kind == "share":
            state = playground.state_with_weights if content.get("weights") else playground.state
            self.widget.send({"type": "shared", "text": json.dumps(state)})
        elif kind == "load":
            playground.pause()
            playground.state = _read(content["text"])


def _read(text: str) -> dict:
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise ValueError(f"this is no state: {error}. Paste what 'Write it here' wrote.") from error


def _about() -> dict:
    fields = []
    for control in CONTROLS.values():
        field: dict = {"name": control.name, "label": control.words}
        if isinstance(control, Slider):
            field |= {"low": control.low, "high": control.high, "step": control.step}
        else:
            field |= {"options": list(control.options), "labels": list(control.shown)}
        fields.append(field)
    return {
        "fields": fields,
        "features": [[name, scene.NAMES[name]] for name in FEATURES],
        "most_layers": MOST_LAYERS,
        "most_units": MOST_UNITS,
        "presets": [[name, says] for name, (_, says) in PRESETS.items()],
        "palette": palette("blue_orange").tobytes(),
        "classes": list(CATEGORIES[:3]),
    }
