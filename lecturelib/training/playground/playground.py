"""The playground as a student and an instructor hold it: shown live, driven from a cell, shared as a dict."""

from __future__ import annotations

import html
import uuid
from typing import TYPE_CHECKING

from lecturelib.checks import check_name, check_whole
from lecturelib.show import Picture
from lecturelib.training.playground import scene
from lecturelib.training.playground.engine import Engine
from lecturelib.training.playground.player import Player
from lecturelib.training.playground.presets import PRESETS
from lecturelib.training.playground.state import a_dict
from lecturelib.widgets.lifetime import Lifetime, current_cell

if TYPE_CHECKING:
    from lecturelib.training.playground.playground_widget import PlaygroundView

TITLE = "Playground: a small network in the plane"
MEASURED = 100  # points of a loss curve that one call of `step` adds at most, about


class Playground:
    """An interactive fully connected network that learns points in the plane.

    `preset`: a name out of `PRESETS`; `state`: settings laid over it, as `state.checked` takes them. As a cell's last
    line it is shown live; without a notebook it is driven by its methods. Raises `KeyError` for an unknown preset,
    and what `state.checked` raises. After the TensorFlow playground (Smilkov, Carter et al., 2016).

    >>> from lecturelib.training import Playground
    >>> playground = Playground("xor without a hidden layer", state={"seed": 3})
    >>> playground.step(100)
    >>> playground.state["dataset"], playground.engine.step_number
    ('xor', 100)
    """

    def __init__(self, preset: str | None = None, state: dict | None = None):
        self.preset = preset  # the last one begun: its sentence stays while the student follows it
        self._player = Player(Engine({**(_preset(preset) if preset else {}), **a_dict(state)}))
        self._live: PlaygroundView | None = None
        self._lifetime: Lifetime | None = None

    def __repr__(self) -> str:
        return f"<Playground: {scene.words(self.engine)}>"

    # --- state -----------------------------------------------------------------------------------------------------

    @property
    def engine(self) -> Engine:
        """The network behind it, as it is now."""
        return self._player.engine

    @property
    def playing(self) -> bool:
        """Whether it learns by itself."""
        return self._player.playing

    @property
    def state(self) -> dict:
        """The settings as a dict that fits into JSON. Setting some changes these and keeps the others.

        The network goes on where only those of `state.GOES_ON` change, and begins anew otherwise.
        """
        return self.engine.state()

    @state.setter
    def state(self, given: dict) -> None:
        self._player.change(lambda engine: engine.changed(given))

    @property
    def state_with_weights(self) -> dict:
        """Settings, weights and step: `Playground(state=...)` goes on with exactly these numbers."""
        return self.engine.state(weights=True)

    def load(self, preset: str) -> None:
        """Begins a preset; settings that it does not name go back to their start."""
        state = _preset(preset)
        self.preset = preset
        self._player.change(lambda engine: Engine(state))

    # --- training --------------------------------------------------------------------------------------------------

    def step(self, many: int = 1) -> None:
        """That many steps; raises `engine.Diverged` where the weights grow without bounds."""
        check_whole("many", many, 1)

        def steps(engine):
            every = max(1, many // MEASURED)
            for done in range(0, many, every):
                engine.step(min(every, many - done))  # each call adds a point to the loss curves

        self._player.change(steps)

    def play(self) -> None:
        """Steps follow one another in a thread; this returns at once."""
        self._player.play()

    def pause(self) -> None:
        """Ends playing; when this returns, no step is under way."""
        self._player.pause()

    def reset(self) -> None:
        """Pauses, and goes back to the first weights of the seed."""
        self._player.pause()
        self._player.change(lambda engine: engine.reset())

    def set_weight(self, layer: int, unit: int, source: int | None, value: float) -> None:
        """Sets the weight from `source` into `unit` of `layer` (1 is the first after the inputs); None: its bias."""
        self._player.change(lambda engine: engine.set_weight(layer, unit, source, value))

    # --- pictures --------------------------------------------------------------------------------------------------

    def picture(self) -> Picture:
        """The playground as it is now, as a still picture."""
        return scene.picture(self.engine)

    def show(self) -> None:
        """Shows it live, and a static copy that stays where no kernel runs. ImportError without anywidget.

        When the output is deleted, the cell runs again or the notebook is closed, the playground closes itself.
        """
        from IPython.display import display

        if self._lifetime is None:
            self._lifetime = Lifetime(self._release)
        self._lifetime.shown(current_cell())  # what this cell showed before goes before this is made
        live = self._live
        if live is None:
            from lecturelib.training.playground.playground_widget import PlaygroundView

            self._live = live = PlaygroundView(self, self._player, self._lifetime)
        ident = f"ll-{uuid.uuid4().hex[:12]}"
        live.add_twin(ident)
        display(live.widget)
        shown = self.picture()
        display({"text/html": self._static(shown, ident), "text/plain": f"{TITLE}. {shown.alt}"}, raw=True)

    def _ipython_display_(self) -> None:
        self.show()

    def close(self) -> None:
        """Ends playing and removes the widget; `.show()` begins anew."""
        if self._lifetime is not None:
            self._lifetime.end()
        self._player.pause()

    def _release(self) -> None:
        live, self._live, self._lifetime = self._live, None, None
        self._player.pause()
        if live is not None:
            live.close()

    def _static(self, shown: Picture, ident: str) -> str:
        # JupyterLab says "model not found" where a saved notebook is opened without its kernel.
        hush = (
            "<style>.jp-OutputArea:has(.ll-static) .jp-OutputArea-output.jupyter-widgets:not(:has(*))"
            "{display:none}</style>"
        )
        line = 'style="margin:4px 0;font-size:15px;max-width:70ch"'
        said = f"<p {line}>{html.escape(PRESETS[self.preset][1])}</p>" if self.preset else ""
        return (
            f'{hush}<section id="{ident}" class="ll-static"><p {line}><b>{html.escape(TITLE)}</b></p>{said}'
            f"{shown.html()}<p {line}>It comes alive when the notebook runs.</p></section>"
        )


def _preset(name: str) -> dict:
    return PRESETS[check_name("preset", name, PRESETS, "preset")][0]
