"""What the tests of part 6's claims share: a shipped result must have been measured by the function as it is now."""

import inspect
import json

from lecturelib import assets


def shipped(name, measure, **settings):
    """The shipped result of a claim, after checking it against the defaults of `measure`, named as in its numbers."""
    found = json.loads(assets.data_path("claims/part6.json").read_text())[name]
    defaults = {key: value.default for key, value in inspect.signature(measure).parameters.items()}
    assert found["claim"] == name
    for key, parameter in settings.items():
        default = defaults[parameter]
        assert found["numbers"][key] == (len(default) if isinstance(default, tuple | range) else default)
    return found
