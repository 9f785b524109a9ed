"""The explorable: controls and a pure `render(state)`; everything that works without a notebook."""

from __future__ import annotations

import inspect
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from lecturelib.checks import UnknownName, complaint, described
from lecturelib.show import Picture
from lecturelib.show.text_metrics import one_line
from lecturelib.widgets import prepared
from lecturelib.widgets.controls import Control, Pointer, Upload
from lecturelib.widgets.emerging import Progress
from lecturelib.widgets.lifetime import Lifetime, current_cell
from lecturelib.widgets.pointer_pad import PointerPad
from lecturelib.widgets.static_copy import static_copy
from lecturelib.widgets.worker import LatestWins

if TYPE_CHECKING:
    from lecturelib.widgets.shell import Shell

PATIENCE = 5.0  # seconds a cell waits for a picture to sharpen before the static copy is taken
_PASSES = 5  # how often one control may limit another in a chain


class Explorable:
    """Controls around a picture: what a student sees follows what he sets.

    `render(state) -> Picture` is pure, or a generator function that yields Pictures which sharpen, with
    `Progress` in between. `controls`: Slider, Choice, Toggle, TextBox, Upload, Pointer, PointerPad, RegionPicker.
    `presets`: states by name, also incomplete ones. `refresh(state) -> {name: Control}` gives the controls that others
    limit (quick: it runs at every change); values outside the new limits are clipped. `resets`: controls that begin
    anew where others change, by name, such as the class with the picture. `follow(before, after) -> {name: value}`:
    what keeps its meaning then, such as a picked word. `alt_prefix` begins every alt text. Raises ValueError, TypeError
    or KeyError for controls or presets that contradict each other.

    >>> import numpy as np
    >>> from lecturelib.show import picture
    >>> from lecturelib.widgets import Slider
    >>> shade = lambda state: picture(np.full((4, 4), state["k"] / 9), alt=f"shade {state['k']}")
    >>> Explorable(shade, [Slider("k", 0, 9)], "Shades").picture({"k": 3}).alt
    'shade 3'
    """

    def __init__(
        self,
        render: Callable,
        controls: Iterable[Control],
        title: str,
        presets: Mapping[str, dict] | None = None,
        refresh: Callable[[dict], dict[str, Control]] | None = None,
        alt_prefix: str = "",
        resets: Mapping[str, Sequence[str]] | None = None,
        follow: Callable[[dict, dict], dict] | None = None,
    ):
        if not callable(render):
            raise TypeError(complaint("render", "a function of the state", described(render)))
        if not isinstance(title, str) or not title.strip():
            raise ValueError(complaint("title", "a text that names the explorable", described(title)))
        self.title, self._alt_prefix = one_line(title).strip(), alt_prefix
        self._render, self._refresh, self._follow = render, refresh, follow
        self._resets = {name: tuple(others) for name, others in (resets or {}).items()}
        self._base: dict[str, Control] = {}
        for control in controls:
            if not isinstance(control, Control):
                raise TypeError(complaint("controls", "Slider, Choice, ...", described(control)))
            self._base[control.name] = control
            taken = [name for other in self._base.values() for name in other.names]
            if len(set(taken)) < len(taken):
                raise ValueError(complaint("controls", "a name of its own for each", ", ".join(taken)))
        if sum(isinstance(control, (Pointer, PointerPad)) for control in self._base.values()) > 1:
            raise ValueError(complaint("controls", "at most one Pointer or PointerPad", "two"))
        self._limited: set[str] = set()
        start = {}
        for control in self._base.values():
            start.update(control.as_state(control.value))
        if refresh is not None:
            self._limited = set(self._fresh(start))
        self.controls, self._start = self._settle(start, {})
        self._state = dict(self._start)
        self.presets: dict[str, dict] = {}
        self._live: Shell | None = None
        self._shown: Picture | None = None
        self._error: Exception | None = None
        self._worker: LatestWins | None = None
        self._lifetime: Lifetime | None = None
        self.prepare({**(presets or {}), **prepared.settings(title)})

    def __repr__(self) -> str:
        return f"<Explorable {self.title!r}: {self._settings()}>"

    # --- state -----------------------------------------------------------------------------------------------

    @property
    def state(self) -> dict:
        """The settings as a plain dict that fits into JSON (an uploaded file stays out).

        Setting it changes the named controls and leaves the others; KeyError for an unknown name, ValueError
        or TypeError for a value, each with what is allowed.
        """
        return self._public(self._state)

    @state.setter
    def state(self, given: dict) -> None:
        self._adopt(*self._settle(self._state, given))

    def reset(self) -> None:
        """Back to the start values, without an uploaded file."""
        self._adopt(*self._settle(self._start, {}))

    def prepare(self, settings: dict[str, dict]) -> None:
        """Adds prepared settings, states by name; the one named "start" becomes the start, and is gone to at once.

        Raises KeyError, TypeError or ValueError for a state that does not fit, with nothing changed.
        """
        found = {name: self._complete(name, state) for name, state in settings.items()}
        begin = found.pop(prepared.START, None)
        self.presets.update(found)
        if self._live is not None:
            self._live.offer(self.presets)
        if begin is not None:
            self._start = self._settle(self._start, begin)[1]
            self.reset()

    def every_state(self) -> Iterator[dict]:
        """Every control at its minimum, middle and maximum, the others at their start: what tests drive.

        Where a control limits others, those are also driven to their new maximum.
        """
        seen = []
        for name in self._base:
            for value in self.controls_at({})[name].values():
                given = self.controls_at({})[name].as_state(value)
                state, corner = self._settle(self._start, given)[1], dict(given)
                for limited in (each for each in self._base if each in self._limited - {name}):
                    # one that is limited may limit the next, or the value that was driven: that one is clipped
                    control = self._settle(self._start, corner, strict=False)[0][limited]
                    corner.update(control.as_state(control.values()[-1]))
                for candidate in (state, self._settle(self._start, corner, strict=False)[1]):
                    if candidate not in seen:
                        seen.append(candidate)
                        yield dict(candidate)

    def controls_at(self, state: dict) -> dict[str, Control]:
        """The controls by name, with the limits they have at a state (laid over the start values)."""
        return self._settle(self._start, state)[0]

    # --- pictures --------------------------------------------------------------------------------------------

    def picture(self, state: dict | None = None) -> Picture:
        """The final picture, without any widget; whatever `render` raises comes through.

        `state`: laid over the start values; None: the state as it is now.
        """
        *_, last = self.pictures(state)
        return last

    def pictures(self, state: dict | None = None) -> Iterator[Picture]:
        """All pictures of a rendering that sharpens, in order; one for a plain function."""
        whole = self._state if state is None else self._settle(self._start, state)[1]
        for step in self._steps(whole):
            if isinstance(step, Picture):
                yield step

    def _steps(self, state: dict) -> Iterator[Picture | Progress]:
        result = self._render(dict(state))
        if not inspect.isgenerator(result):
            yield self._checked(result, Picture)
            return
        found = False
        with closing(result):  # also when who asked goes away between two steps
            for step in result:
                found = found or isinstance(step, Picture)
                yield self._checked(step, (Picture, Progress))
        if not found:
            raise ValueError(complaint(f"render of {self.title!r}", "at least one Picture", "none"))

    def _checked(self, step, kinds):
        if not isinstance(step, kinds):
            hint = "lecturelib.show.picture(x, alt='...') makes one"
            raise TypeError(complaint(f"render of {self.title!r}", "a Picture", type(step).__name__, hint))
        if self._alt_prefix and isinstance(step, Picture):
            step = replace(step, alt=f"{self._alt_prefix} {step.alt}")
        return step

    # --- in the notebook -------------------------------------------------------------------------------------

    def show(self) -> None:
        """Shows the live controls and picture, and a static copy that stays where no kernel runs.

        Waits for the first picture, and up to five seconds for it to sharpen, so that errors of the first
        rendering are the cell's own errors. When the output is deleted, the cell runs again or the notebook is
        closed, the explorable closes itself. ImportError where ipywidgets or anywidget are missing.
        """
        from IPython.display import display

        if self._lifetime is None:
            self._lifetime = Lifetime(self._release)
        self._lifetime.shown(current_cell())  # what this cell showed before goes before this is made
        live, worker = self._live, self._worker
        if live is None or worker is None:
            from lecturelib.widgets.shell import Shell

            self._live = live = Shell(self)
            self._worker = worker = LatestWins(self._work, name=f"explorable {self.title}")
        prepared.remember(self)
        ident = f"ll-{uuid.uuid4().hex[:12]}"
        live.add_twin(ident)
        display(live.root)
        self._shown = self._error = None
        worker.submit(dict(self._state))
        try:
            worker.wait(lambda: self._shown is not None)
            worker.wait(timeout=PATIENCE)
        except KeyboardInterrupt:
            worker.stop()
            raise
        if self._error is not None:
            raise self._error
        if self._shown is not None:  # None: stopped by its own button
            page = static_copy(self._shown, self.title, self._settings(), ident)
            display({"text/html": page, "text/plain": self._plain(self._shown)}, raw=True)

    def _ipython_display_(self) -> None:
        self.show()

    def close(self) -> None:
        """Ends the thread and the widgets; `.picture()` still gives pictures, and `.show()` begins anew."""
        if self._lifetime is not None:
            self._lifetime.end()

    def _release(self) -> None:
        live, worker = self._live, self._worker
        self._live = self._worker = self._lifetime = self._shown = None
        if worker is not None:
            worker.close()
        if live is not None:
            live.close()
        prepared.forget(self)

    def _work(self, state: dict, superseded: Callable[[], bool]) -> None:
        """Renders one state in the worker's thread, the only one that writes to the picture's area."""
        live, worker = self._live, self._worker
        if live is None or worker is None:  # closed a moment ago
            return
        live.busy(True)
        try:
            rendering: Any = self._steps(state)  # a generator
            with closing(rendering) as steps:
                for step in steps:
                    if isinstance(step, Progress):
                        live.progress(step)
                    else:
                        live.frame(step)
                        self._shown = step
                        worker.tell()
                    if superseded():
                        break
        except Exception as error:  # shown to the student, and raised by show() and picture()
            self._error = error
            live.fail(error)
        live.busy(False)

    # --- inside ----------------------------------------------------------------------------------------------

    def _adopt(self, controls: dict[str, Control], state: dict) -> None:
        self.controls, self._state = controls, state
        live, worker = self._live, self._worker
        if live is not None and worker is not None:
            live.sync(controls, state)
            self._error = None
            worker.submit(dict(state))

    def _from_front(self, given: dict) -> None:
        """A change by hand; a value that just fell out of its limits is clipped, not refused."""
        self._adopt(*self._settle(self._state, given, strict=False))

    def _settle(self, base: dict, given: dict, strict: bool = True) -> tuple[dict[str, Control], dict]:
        """Controls and full state when `given` lies over `base`, with every limit respected."""
        if not isinstance(given, dict):
            raise TypeError(complaint("state", f"a dict such as {self._public(base)}", described(given)))
        unknown = [name for name in given if name not in base]
        if unknown:
            known = f"known: {', '.join(base)}"
            raise UnknownName(complaint("state", f"controls of {self.title!r}", repr(unknown[0]), known))
        state = {**base, **given}
        kept = self._follow(base, dict(state)) if self._follow is not None else {}
        state.update({name: value for name, value in kept.items() if name not in given})
        # what means something else now, such as a class of another network, takes its control's own start
        begun = {
            name
            for name, others in self._resets.items()
            if name not in given and any(state[each] != base[each] for each in others if each in base)
        }

        def respect(control: Control) -> None:
            value = control.value if control.name in begun else control.from_state(state)
            asked = strict and any(name in given for name in control.names)
            state.update(control.as_state(control.check(value) if asked else control.clip(value)))

        for control in self._base.values():
            if control.name not in self._limited:
                respect(control)
        controls = dict(self._base)
        for _ in range(_PASSES if self._refresh is not None else 0):
            before = dict(state)
            for name, control in self._fresh(dict(state)).items():
                controls[name] = control
                respect(control)
            if state == before:
                break
        return controls, state

    def _fresh(self, state: dict) -> dict[str, Control]:
        fresh = self._refresh(state) if self._refresh is not None else {}
        for name, control in fresh.items():
            if name not in self._base:
                known = f"known: {', '.join(self._base)}"
                raise UnknownName(
                    complaint(f"refresh of {self.title!r}", "controls by name", repr(name), known)
                )
            old = self._base[name]
            if type(control) is not type(old) or control.names != old.names:
                expected = f"{name!r} as a {type(old).__name__} of that name"
                raise TypeError(complaint(f"refresh of {self.title!r}", expected, described(control)))
        return fresh

    def _complete(self, name: str, preset: dict) -> dict:
        try:
            return self._public(self._settle(self._start, preset)[1])
        except (KeyError, TypeError, ValueError) as error:
            raise type(error)(f"preset {name!r} of {self.title!r}: {error.args[0]}") from error

    def _public(self, state: dict) -> dict:
        hidden = {
            name for control in self._base.values() if isinstance(control, Upload) for name in control.names
        }
        return {name: value for name, value in state.items() if name not in hidden}

    def _settings(self) -> str:
        said = (f"{c.words}: {c.says(c.from_state(self._state))}" for c in self.controls.values())
        return "; ".join(said)

    def _plain(self, shown: Picture) -> str:
        return f"{self.title}. {shown.alt} {shown.caption} [{self._settings()}]"
