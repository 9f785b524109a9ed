"""Measure the claims of part 4 in full (C6, C7, C26, C31) and write data/claims/part4.json. A few minutes.

    python scripts/claims.py

The tests in tests/claims run small versions of the same functions. CIFAR-10 joins in where scripts/fetch_cifar10.py has
put it and cifar_net is trained.
"""

import importlib.util
import json
import time
from pathlib import Path

from lecturelib import datasets
from lecturelib.parameters.claims_units import c7_codes, c26_units_or_directions, c31_kernels

DATA = Path(__file__).resolve().parent.parent / "data"
TARGET = DATA / "claims" / "part4.json"


def claims() -> dict:
    """The functions that measure each claim, by name."""
    cifar = datasets.cifar10_path().is_file() and (DATA / "cifar_net.safetensors").is_file()
    found = {
        "C7": lambda: c7_codes(cifar=cifar),
        "C26": lambda: c26_units_or_directions(layers=("relu1", "relu2", "relu3"), directions=512),
        "C31": c31_kernels,
    }
    if cifar:
        found["C26 on CIFAR-10"] = lambda: c26_units_or_directions(
            layers=("relu2_2", "relu3_2"), count=2000, data="cifar10"
        )
    if importlib.util.find_spec("lecturelib.parameters.claims"):
        from lecturelib.parameters.claims import c6_occlusion

        found = {"C6": c6_occlusion} | found
    return found


def main() -> None:
    results = {}
    for name, measure in claims().items():
        start = time.perf_counter()
        results[name] = measure()
        print(f"{name}: {time.perf_counter() - start:.0f} s", json.dumps(results[name], indent=2), sep="\n")
    TARGET.parent.mkdir(parents=True, exist_ok=True)
    TARGET.write_text(json.dumps(results, indent=2) + "\n")
    print(f"wrote {TARGET}")


if __name__ == "__main__":
    main()
