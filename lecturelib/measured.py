"""What all claims share: the form of a result, and when a difference counts."""

from collections.abc import Sequence

import torch


def claim(name: str, says: str, holds: bool | None, numbers: dict, note: str = "") -> dict:
    """A claim as it is kept in data/claims: numbers rounded to four places."""
    rounded = {key: round(value, 4) if isinstance(value, float) else value for key, value in numbers.items()}
    return {"claim": name, "says": says, "holds": holds, "numbers": rounded, "note": note}


def margin(differences: Sequence[float]) -> float:
    """Mean of paired differences minus twice its standard error; for a single pair the difference itself."""
    values = torch.as_tensor(differences, dtype=torch.double)
    error = values.std().item() / len(values) ** 0.5 if len(values) > 1 else 0.0
    return values.mean().item() - 2 * error
