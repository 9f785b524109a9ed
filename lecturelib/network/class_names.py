"""Classes of a network by index or by name."""

from collections.abc import Sequence

from torch import nn

from lecturelib.checks import UnknownName, complaint, described, nearest
from lecturelib.network.layer_names import title_of


def class_index(model: nn.Module, name: int | str) -> int:
    """Find the index of a class, given its index or its name ("tabby"), in any case of letters.

    Raises `UnknownName` (with the nearest names), or `IndexError` for an index outside the network's classes.

    >>> class_index(nn.Identity(), 3)
    3
    """
    classes: Sequence[str] = getattr(model, "classes", ())
    title = title_of(model)
    if not isinstance(name, str):
        if isinstance(name, bool) or not isinstance(name, int):
            raise TypeError(complaint("class", "an index or a name", described(name)))
        if classes and not 0 <= name < len(classes):
            raise IndexError(
                complaint("class", f"0 to {len(classes) - 1} ({title} has {len(classes)} classes)", name)
            )
        return name
    if not classes:
        hint = f"{title} does not name its classes"
        raise UnknownName(complaint("class", "an index", repr(name), hint))
    lower = [known.lower() for known in classes]
    exact = [k for k, known in enumerate(classes) if known == name]
    found = exact or [k for k, known in enumerate(lower) if known == name.lower()]
    if len(found) == 1:
        return found[0]
    if found:
        which = " and ".join(f"{k} ({classes[k]})" for k in found)
        raise UnknownName(
            complaint("class", f"one class of {title}", f"{name!r}, the name of several", f"give {which}")
        )
    near = nearest(name.lower(), lower)
    near += [known for known in lower if name.lower() in known and known not in near][:4]
    hint = f"nearest: {', '.join(near)}" if near else f"they are: {', '.join(classes[:10])} ..."
    raise UnknownName(complaint("class", f"a class of {title}", repr(name), hint))
