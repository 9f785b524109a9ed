"""Claims of the lecture as experiments: the form of a result, when a difference counts, and what was measured."""

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING

from lecturelib import assets
from lecturelib.checks import UnknownName, complaint
from lecturelib.lesson.claim_card import ClaimCard

if TYPE_CHECKING:
    from torch import Tensor


def result(name: str, says: str, holds: bool | None, numbers: dict, note: str = "") -> dict:
    """A measured claim as it is kept in data/claims: numbers rounded to four places.

    >>> result("C0", "an average lies between the extremes", True, {"mean": 0.123456})["numbers"]
    {'mean': 0.1235}
    """
    rounded = {key: round(value, 4) if isinstance(value, float) else value for key, value in numbers.items()}
    return {"claim": name, "says": says, "holds": holds, "numbers": rounded, "note": note}


def margin(differences: "Sequence[float] | Tensor") -> float:
    """Mean of paired differences minus twice its standard error; for a single pair the difference itself.

    >>> margin([0.5])
    0.5
    """
    import torch

    values = torch.as_tensor(differences, dtype=torch.double)
    error = values.std().item() / len(values) ** 0.5 if len(values) > 1 else 0.0
    return values.mean().item() - 2 * error


def claim(name: str) -> ClaimCard:
    """The card of a claim as it was measured in full (`make claims`): what it says, whether it holds, the numbers.

    Raises `UnknownName` (a `KeyError`) for a claim that was not measured.

    >>> str(claim("C31")).splitlines()[0]
    'C31, measured in full: holds.'
    """
    return ClaimCard(_measured(name), "measured in full", name)


def numbers(name: str) -> dict[str, float]:
    """The numbers of a claim as it was measured in full, to be drawn; raises as `claim` does.

    >>> sorted(numbers("C15"))[-1:]
    ['sentences']
    """
    return dict(_measured(name)["numbers"])


def _measured(name: str) -> dict:
    measured: dict[str, dict] = {}
    for file in sorted(assets.data_path("claims").glob("*.json")):
        whole = assets.data_path(f"claims/{file.name}")  # its sha256 is checked
        measured |= json.loads(whole.read_text(encoding="utf-8"))
    if name not in measured:
        raise UnknownName(
            complaint("name", "a claim that was measured", repr(name), f"known: {', '.join(measured)}")
        )
    return measured[name]


def report(found: dict, how: str = "a quick check") -> ClaimCard:
    """The card of a result: the verdict, the claim, what it had to pass, the numbers beside their baselines.

    >>> print(report(result("C0", "an average lies between the extremes", True, {"mean": 0.5}), "by hand"))
    C0, by hand: holds.
    an average lies between the extremes.
      mean                             0.5
    """
    return ClaimCard(found, how)
